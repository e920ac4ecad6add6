/* What a pack delta makes of its base, and which bytes of that are not simply the base's. */
#ifndef LEAKGUARD_DELTA_H
#define LEAKGUARD_DELTA_H

#include "kernel.h"

#define MOST_MARGIN (1 << 20)

/* [start, end) of the child is the base's [start - shift, end - shift). */
typedef struct {
    int64_t start;
    int64_t end;
    int64_t shift;
} Copy;

/* Where a scan of a dirty window has to look, and which ends of anchors it decides about. */
typedef struct {
    int64_t gather_start;
    int64_t gather_end;
    int64_t start;
    int64_t accept_lo;
    int64_t accept_hi;
} Window;

/* The ends of anchors [lo, hi] that a copy hands down from the base. */
typedef struct {
    int64_t lo;
    int64_t hi;
    int64_t shift;
    int64_t start;
    int64_t end;
} Clean;

Problem delta_result_len(Span delta, size_t base_len, size_t limit, size_t *len);
Problem delta_apply(Span base, Span delta, uint8_t *out, size_t out_len, Grow *copies);
Problem delta_cut(Span child, size_t base_len, int64_t margin, const Grow *copies, Grow *clean, Grow *windows,
                  size_t *gathered);
Problem delta_whole(Span content, Grow *windows);
void delta_gather(Span child, const Grow *windows, uint8_t *out);

#endif
