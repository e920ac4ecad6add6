/* The head of a commit as a row of numbers. */
#ifndef LEAKGUARD_COMMIT_H
#define LEAKGUARD_COMMIT_H

#include "oid_table.h"

Problem commit_append_row(Span commit, int64_t number, const OidTable *objects, Grow *rows, int *complete);

#endif
