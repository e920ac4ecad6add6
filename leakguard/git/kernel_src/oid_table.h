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
    int repeats; /* an id is there twice */
} OidTable;

static inline const uint8_t *
oid_at(const OidTable *table, size_t position)
{
    return table->oids.at + position * table->hash_len;
}

/* Ids have 20 or 32 bytes: the last eight are compared twice or overlap, and there is nothing to call. */
static inline int
oid_same(const uint8_t *one, const uint8_t *other, size_t hash_len)
{
    uint64_t mine, its, differ = 0;
    size_t at;

    for (at = 0; at + 8 <= hash_len; at += 8) {
        memcpy(&mine, one + at, 8);
        memcpy(&its, other + at, 8);
        differ |= mine ^ its;
    }
    memcpy(&mine, one + hash_len - 8, 8);
    memcpy(&its, other + hash_len - 8, 8);
    return (differ | (mine ^ its)) == 0;
}

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
        if (oid_same(oid_at(table, (size_t)position), oid, table->hash_len)) {
            return position;
        }
    }
    return -1;
}

/* The position of the first id that is the same as that at a position, -1 where there is none. */
static inline int32_t
oid_first(const OidTable *table, int64_t position)
{
    if (position < 0 || (uint64_t)position >= table->count) {
        return -1;
    }
    return table->repeats ? oid_find(table, oid_at(table, (size_t)position)) : (int32_t)position;
}

#endif
