/* Names, each gathered once, a line each. */
#ifndef LEAKGUARD_NAME_LINES_H
#define LEAKGUARD_NAME_LINES_H

#include "kernel.h"

/* All zero but for the seed is an empty one. */
typedef struct {
    Grow lines; /* what was gathered and not taken */
    /* The names that were gathered and are remembered: each a byte with its length and its own; where each begins + 1. */
    Grow known;
    uint32_t *slots;
    size_t count;
    uint64_t seed;
} NameLines;

Problem name_lines_add(NameLines *names, const uint8_t *name, size_t len);
void name_lines_cut(NameLines *names, size_t used);
void name_lines_free(NameLines *names);

#endif
