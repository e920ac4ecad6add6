/* The contents from the root of a delta tree down to where a walk stands. */
#ifndef LEAKGUARD_CHAIN_H
#define LEAKGUARD_CHAIN_H

#include "lines.h"

/* One object of the chain. Its bytes are a Python object's, or its own. */
typedef struct {
    PyObject *object;
    uint8_t *own;
    PyObject *kept;    /* what keep() was given for it, or NULL */
    Span content;      /* .at is NULL where nothing is held */
    uint64_t serial;   /* tells this object from all others that the chain has held; 0 where nothing is held */
} Link;

typedef struct {
    PyObject_HEAD
    Link *links;
    size_t room;
    size_t used;         /* links at and beyond this depth hold nothing */
    size_t limit;
    int64_t margin;
    uint64_t serials;
    int busy;            /* a method of it is running, perhaps without the GIL */
    /* Of the last object: */
    size_t depth;
    uint64_t base_serial; /* what it was made of; 0 for a root */
    size_t base_len;
    PyObject *base_kept; /* what was kept for the base, or NULL */
    int whole;           /* it was had; if not, what lies at `depth` is an older one */
    int found;           /* what is new of it was looked for */
    Grow copies;
    Grow clean;
    Grow touched;        /* a Window each, seen before or not */
    Grow windows;        /* what is left of them without the lines that were seen before */
    Grow lines;          /* a NewLine each of those, until it is known whether anything is found */
    Seen seen;
    Py_ssize_t size;
    Py_ssize_t dirty_size;
    char unusual;
} Chain;

static inline int
chain_holds(const Chain *chain, size_t depth)
{
    return depth < chain->used && chain->links[depth].serial != 0;
}

/* For the types that read what a chain holds. The caller holds the GIL and has entered. */
int chain_enter(Chain *chain);
Problem chain_begin(Chain *chain, PyObject *content);
Problem chain_apply(Chain *chain, size_t depth, Span delta, int last);
Problem chain_find_new(Chain *chain);
PyObject *chain_gather(Chain *chain);
int chain_remember(Chain *chain, PyObject *hits);

#endif
