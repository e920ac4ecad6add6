/* Eight bytes at a time. */
#ifndef LEAKGUARD_WORDS_H
#define LEAKGUARD_WORDS_H

#include "kernel.h"

#if defined(_MSC_VER) && defined(_WIN64)
#include <intrin.h>
#endif

/* The first byte is the lowest. */
static inline uint64_t
load64(const uint8_t *at)
{
    uint64_t value = 0;
#if PY_LITTLE_ENDIAN
    memcpy(&value, at, sizeof value);
#else
    unsigned byte;

    for (byte = 0; byte < 8; byte++) {
        value |= (uint64_t)at[byte] << 8 * byte;
    }
#endif
    return value;
}

/* Where the lowest bit is of those that are set; there is one. */
static inline int
lowest_bit(uint64_t value)
{
#if defined(__GNUC__) || defined(__clang__)
    return __builtin_ctzll(value);
#elif defined(_MSC_VER) && defined(_WIN64)
    unsigned long bit;

    _BitScanForward64(&bit, value);
    return (int)bit;
#else
    int bit = 0;

    while (!(value >> bit & 1)) {
        bit++;
    }
    return bit;
#endif
}

#endif
