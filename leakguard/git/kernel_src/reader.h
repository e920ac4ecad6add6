/* What a walk hands the objects to that it comes to. */
#ifndef LEAKGUARD_READER_H
#define LEAKGUARD_READER_H

#include "chain.h"
#include "oid_table.h"

#define KIND_BIT(kind) (1u << (kind))
enum { OBJECT_COMMIT = 1, OBJECT_TREE = 2, OBJECT_BLOB = 3, OBJECT_TAG = 4 };

/* How a reader of either type is used. `take` reads the chain's last object, and says by *tell whether whoever walks has
 * to look at it as well; a problem other than kernel_no_memory and kernel_raised is told, too. The chain is entered. */
typedef struct {
    PyObject *object;
    Chain *chain;
    unsigned kinds; /* a KIND_BIT each */
    Problem (*take)(PyObject *reader, int64_t number, unsigned kind, int *tell);
} Reader;

Reader text_reader_open(PyObject *object);
Reader tree_reader_open(PyObject *object);

#endif
