/* Which trees have which subtrees, in few bytes.
 *
 * A row a tree, of numbers of seven bits a byte, the lowest first, the eighth bit set where more come: how many bytes
 * before this row the one begins that does without those before it (0: this one), the tree, how many subtrees it begins
 * with that the row before begins with, how many it ends with that the row before ends with, how many lie between, and
 * these. Most trees have one subtree that the tree before does not have.
 */
#ifndef LEAKGUARD_EDGES_H
#define LEAKGUARD_EDGES_H

#include "kernel.h"

/* All zero is a writer that wrote nothing. */
typedef struct {
    Grow rows;
    Grow last;   /* int32_t: the subtrees of the tree before */
    size_t whole; /* where the last row begins that does without those before it */
    unsigned count; /* rows since then, and it */
} EdgeWriter;

Problem edges_add(EdgeWriter *writer, int32_t tree, const int32_t *subtrees, size_t count);
void edges_restart(EdgeWriter *writer);
void edges_free(EdgeWriter *writer);

/* What a reader has unfolded: the subtrees of the tree whose row lies at [begin, end). */
typedef struct {
    Span rows;
    size_t begin;
    size_t end;
    size_t whole;
    int32_t tree;
    size_t head;  /* so many subtrees are the row's before, */
    size_t fresh; /* and so many after them are not */
    Grow subtrees; /* int32_t */
} EdgeReader;

int edges_next(EdgeReader *reader, Problem *problem);
Problem edges_seek(EdgeReader *reader, size_t begin);

static inline const int32_t *
edges_first(const EdgeReader *reader)
{
    return (const int32_t *)(const void *)reader->subtrees.at;
}

static inline size_t
edges_count(const EdgeReader *reader)
{
    return reader->subtrees.used / sizeof(int32_t);
}

#endif
