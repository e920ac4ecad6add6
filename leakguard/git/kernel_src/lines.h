/* Which lines of an object have to be scanned: those of its windows that were not scanned before. */
#ifndef LEAKGUARD_LINES_H
#define LEAKGUARD_LINES_H

#include "delta.h"
#include "seen.h"

/* A line that is to be scanned, and where it ends in what is gathered. */
typedef struct {
    Mark128 mark;
    int64_t end;
} NewLine;

Problem lines_find_new(const Seen *seen, Span content, const Grow *whole, Grow *windows, Grow *lines);
void lines_drop(Grow *lines, int64_t end);
Problem lines_remember(Seen *seen, Grow *lines);

#endif
