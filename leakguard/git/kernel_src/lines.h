/* Names, each gathered once, a line each. */
#ifndef LEAKGUARD_LINES_H
#define LEAKGUARD_LINES_H

#include "kernel.h"

/* All zero but for the seed is an empty one. */
typedef struct {
    Grow lines; /* what was gathered and not taken */
    /* The names that were gathered and are remembered: each a byte with its length and its own; where each begins + 1. */
    Grow names;
    uint32_t *slots;
    size_t count;
    uint64_t seed;
} Lines;

Problem lines_add(Lines *lines, const uint8_t *name, size_t len);
void lines_cut(Lines *lines, size_t used);
void lines_free(Lines *lines);

#endif
