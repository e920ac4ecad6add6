/* The checksum of RFC 1950: the sum of the bytes and one, and that of all such sums on the way, modulo 65521. */
#ifndef LEAKGUARD_ADLER_H
#define LEAKGUARD_ADLER_H

#include "kernel.h"

#ifdef __AVX2__
#include <immintrin.h>
#endif

/* Bytes that are summed up together, and so many times before the sums are divided. They stay under 2 ** 32: the second is
 * at most 128 * 32 * (65521 + 128 * 32 * 255 / 2) and a hundredth more. */
#define ADLER_BLOCK 32
#define ADLER_BLOCKS ((size_t)128)

typedef struct {
    uint32_t low;
    uint32_t high;
} Adler;

#ifdef __AVX2__

static inline uint32_t
adler_total(__m256i eight)
{
    uint32_t numbers[8], total = 0;
    unsigned at;

    _mm256_storeu_si256((__m256i *)(void *)numbers, eight);
    for (at = 0; at < 8; at++) {
        total += numbers[at];
    }
    return total;
}

/* Adds whole blocks, ADLER_BLOCKS at most. */
static inline void
adler_add(Adler *adler, const uint8_t *at, size_t blocks)
{
    const __m256i weights = _mm256_set_epi8(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22,
                                            23, 24, 25, 26, 27, 28, 29, 30, 31, 32);
    const __m256i zero = _mm256_setzero_si256(), ones = _mm256_set1_epi16(1);
    __m256i sum = zero, before = zero, weighted = zero; /* `before` sums up what `sum` was before each block */
    const uint8_t *end = at + blocks * ADLER_BLOCK;

    for (; at < end; at += ADLER_BLOCK) {
        __m256i bytes = _mm256_loadu_si256((const __m256i *)(const void *)at);
        before = _mm256_add_epi32(before, sum);
        sum = _mm256_add_epi32(sum, _mm256_sad_epu8(bytes, zero));
        weighted = _mm256_add_epi32(weighted, _mm256_madd_epi16(_mm256_maddubs_epi16(bytes, weights), ones));
    }
    adler->high += ADLER_BLOCK * (adler->low * (uint32_t)blocks + adler_total(before)) + adler_total(weighted);
    adler->low += adler_total(sum);
}

#else

/* Adds whole blocks, ADLER_BLOCKS at most. */
static inline void
adler_add(Adler *adler, const uint8_t *at, size_t blocks)
{
    for (; blocks > 0; blocks--, at += ADLER_BLOCK) {
        uint32_t sum = 0, weighted = 0;
        unsigned number;
        for (number = 0; number < ADLER_BLOCK; number++) {
            sum += at[number];
            weighted += (uint32_t)(uint16_t)((ADLER_BLOCK - number) * at[number]);
        }
        adler->high += ADLER_BLOCK * adler->low + weighted;
        adler->low += sum;
    }
}

#endif

static inline uint32_t
adler32(const uint8_t *at, size_t size)
{
    Adler adler = {1, 0};

    while (size >= ADLER_BLOCK) {
        size_t blocks = size / ADLER_BLOCK < ADLER_BLOCKS ? size / ADLER_BLOCK : ADLER_BLOCKS;
        adler_add(&adler, at, blocks);
        at += blocks * ADLER_BLOCK;
        size -= blocks * ADLER_BLOCK;
        adler.low %= 65521;
        adler.high %= 65521;
    }
    for (; size > 0; size--) {
        adler.low += *at++;
        adler.high += adler.low;
    }
    return adler.high % 65521 << 16 | adler.low % 65521;
}

#endif
