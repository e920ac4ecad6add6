/* The entries of tree objects: "<octal mode> <name>\0<oid>", one after the other. */
#ifndef LEAKGUARD_TREE_H
#define LEAKGUARD_TREE_H

#include "kernel.h"

#define KIND_MASK 0170000u /* S_IFMT, by which git itself tells trees from the rest */
#define KIND_TREE 0040000u
#define KIND_COMMIT 0160000u

typedef struct {
    const uint8_t *name;
    size_t name_len;
    const uint8_t *oid;
    unsigned mode;
} Entry;

Problem tree_entry(const uint8_t **at, const uint8_t *end, size_t hash_len, Entry *entry);

#endif
