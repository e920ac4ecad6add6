/* Sets of findings, each once, by a number: their class. */
#ifndef LEAKGUARD_SETS_H
#define LEAKGUARD_SETS_H

#include "kernel.h"

/* A set is a bit a finding: the bit of finding k is bit k % 8 of byte k / 8. The class of a set is its row. A row has
 * `room` bytes, of which those beyond `width` are zero, so that none lies across two lines of the cache unless it is
 * longer: one that many trees lead to, and that lay across two pages, doubled the time that all of them take. */
typedef struct {
    void *block; /* what the rows lie in */
    uint8_t *rows;
    size_t width; /* a multiple of eight */
    size_t room;
    size_t count;
    size_t most; /* rows that there is memory for */
    uint32_t *slots; /* classes + 1, 0 where free */
    size_t slot_mask;
} Sets;

Problem sets_open(Sets *sets, size_t width);
void sets_free(Sets *sets);
Problem sets_class(Sets *sets, const uint8_t *set, int32_t *class);
PyObject *sets_to_bytes(const Sets *sets);
uint8_t *sets_allocate(size_t len, void **block);

static inline const uint8_t *
sets_row(const Sets *sets, int32_t class)
{
    return sets->rows + (size_t)class * sets->room;
}

/* Bits are where they are whatever the byte order, so eight bytes can be taken at a time. */
static inline void
set_add(uint8_t *set, const uint8_t *other, size_t width)
{
    for (size_t at = 0; at < width; at += 8) {
        uint64_t mine, more;
        memcpy(&mine, set + at, 8);
        memcpy(&more, other + at, 8);
        mine |= more;
        memcpy(set + at, &mine, 8);
    }
}

static inline int
has_bit(const uint8_t *bits, size_t number)
{
    return bits[number >> 3] >> (number & 7) & 1;
}

static inline void
set_bit(uint8_t *bits, size_t number)
{
    bits[number >> 3] |= (uint8_t)(1u << (number & 7));
}

#endif
