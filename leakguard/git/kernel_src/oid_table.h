/* From object id to position: a bit map that turns most misses away, then open addressing. */
#ifndef LEAKGUARD_OID_TABLE_H
#define LEAKGUARD_OID_TABLE_H

#include "kernel.h"

typedef struct {
    PyObject_HEAD
    Py_buffer view; /* keeps the ids alive; view.obj is NULL until it is open */
    Span oids;
    size_t hash_len;
    size_t count;
    uint8_t *bits;
    uint32_t bit_mask;
    int32_t *slots; /* positions, -1 where free */
    size_t slot_mask;
    uint64_t seed;
} OidTable;

static inline uint64_t
oid_mix(uint64_t value)
{
    value ^= value >> 32;
    value *= UINT64_C(0xd6e8feb86659fd93);
    value ^= value >> 32;
    return value;
}

/* Ids in a hostile index need not be hashes of anything. The seed keeps them from being chosen to collide. */
static inline size_t
oid_slot(const OidTable *table, const uint8_t *oid)
{
    uint64_t hash = table->seed, word;
    size_t at;

    for (at = 0; at + 8 <= table->hash_len; at += 8) {
        memcpy(&word, oid + at, 8);
        hash = oid_mix(hash ^ word);
    }
    memcpy(&word, oid + table->hash_len - 8, 8);
    return (size_t)oid_mix(hash ^ word) & table->slot_mask;
}

/* An honest id is a hash already, so its first bytes choose the bit. */
static inline uint32_t
oid_bit(const OidTable *table, const uint8_t *oid)
{
    uint32_t word;
    memcpy(&word, oid, 4);
    return word & table->bit_mask;
}

/* The position of an id of hash_len bytes, or -1. */
static inline int32_t
oid_find(const OidTable *table, const uint8_t *oid)
{
    uint32_t bit = oid_bit(table, oid);
    size_t slot;
    int32_t position;

    if (!(table->bits[bit >> 3] >> (bit & 7) & 1)) {
        return -1;
    }
    for (slot = oid_slot(table, oid); (position = table->slots[slot]) >= 0; slot = (slot + 1) & table->slot_mask) {
        if (memcmp(table->oids.at + (size_t)position * table->hash_len, oid, table->hash_len) == 0) {
            return position;
        }
    }
    return -1;
}

#endif
