/* Texts that were scanned before and in which nothing was found. */
#ifndef LEAKGUARD_SEEN_H
#define LEAKGUARD_SEEN_H

#include "kernel.h"

/* A text is known by 128 bits of a hash whose keys are drawn anew for each table, so that nobody can write two texts
 * that are taken for one: the odds are under 2^-60 a look. It holds the latest half a million or so. */
typedef struct {
    uint64_t keys[4];
    uint64_t *tags; /* WAYS to a bucket; NULL until something is added */
} Seen;

typedef struct {
    uint64_t place;
    uint64_t tag; /* never 0, which marks a free way */
} Mark128;

int seen_draw_keys(Seen *seen);
Mark128 seen_mark(const Seen *seen, Span text);
void seen_expect(const Seen *seen, Mark128 mark);
int seen_has(const Seen *seen, Mark128 mark);
Problem seen_add(Seen *seen, Mark128 mark);
void seen_free(Seen *seen);

#endif
