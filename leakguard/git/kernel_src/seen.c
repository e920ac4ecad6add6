/* A bounded memory of texts: buckets of a few ways, the oldest of which makes room. */
#include "seen.h"
#include "words.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define ONES_8 255, 255, 255, 255, 255, 255, 255, 255
#define ONES_64 ONES_8, ONES_8, ONES_8, ONES_8, ONES_8, ONES_8, ONES_8, ONES_8

/* The lower half of a product; *high becomes the other one. */
static inline uint64_t
multiply(uint64_t one, uint64_t other, uint64_t *high)
{
#if defined(__SIZEOF_INT128__)
    __extension__ typedef unsigned __int128 Wide;
    Wide product = (Wide)one * other;
    *high = (uint64_t)(product >> 64);
    return (uint64_t)product;
#elif defined(_MSC_VER) && defined(_M_X64)
    return _umul128(one, other, high);
#else
    uint64_t a = one >> 32, b = one & 0xffffffffu, c = other >> 32, d = other & 0xffffffffu;
    uint64_t low = b * d, middle = a * d + (low >> 32), cross = b * c + (middle & 0xffffffffu);
    *high = a * c + (middle >> 32) + (cross >> 32);
    return cross << 32 | (low & 0xffffffffu);
#endif
}

/* The two halves of a product, folded. */
static inline uint64_t
fold(uint64_t one, uint64_t other)
{
    uint64_t high, low = multiply(one, other, &high);

    return low ^ high;
}

/* Draws the keys from the system's randomness. */
int
seen_draw_keys(Seen *seen)
{
    PyObject *os = PyImport_ImportModule("os"), *bytes = NULL;
    int drawn;

    if (os != NULL) {
        bytes = PyObject_CallMethod(os, "urandom", "i", (int)sizeof seen->keys);
    }
    drawn = bytes != NULL && PyBytes_CheckExact(bytes) && PyBytes_GET_SIZE(bytes) == sizeof seen->keys;
    if (drawn) {
        memcpy(seen->keys, PyBytes_AS_STRING(bytes), sizeof seen->keys);
    }
    Py_XDECREF(bytes);
    Py_XDECREF(os);
    return drawn ? 0 : -1;
}

/* Where in a block the first newline is; its length where there is none. */
static inline size_t
find_newline(const uint8_t *at)
{
#ifdef __SSE2__
    const __m128i newline = _mm_set1_epi8('\n');
    uint64_t found = 0;
    unsigned quarter;

    for (quarter = 0; quarter < SEEN_BLOCK / 16; quarter++) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(at + 16 * quarter));
        found |= (uint64_t)(unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, newline)) << 16 * quarter;
    }
    return found != 0 ? (size_t)lowest_bit(found) : SEEN_BLOCK;
#else
    const uint8_t *newline = memchr(at, '\n', SEEN_BLOCK);

    return newline != NULL ? (size_t)(newline - at) : SEEN_BLOCK;
#endif
}

/* A sum of products, of 128 bits. Of two texts the sums are the same in one of 2^64 drawings of the keys: NH in J. Black
 * and others, UMAC (1999). */
typedef struct {
    uint64_t low;
    uint64_t high;
} Sum;

/* Adds the first `count` bytes of a block. All of it is read, whatever that is: to guess how much is to be takes longer. */
static inline void
add_block(Sum *sum, const uint64_t *keys, const uint8_t *at, size_t count)
{
    static const uint8_t masks[2 * SEEN_BLOCK] = {ONES_64};
    const uint8_t *mask = masks + SEEN_BLOCK - count;
    unsigned word;

    for (word = 0; word < SEEN_BLOCK / 8; word += 2) {
        uint64_t one = load64(at + 8 * word) & load64(mask + 8 * word);
        uint64_t other = load64(at + 8 * word + 8) & load64(mask + 8 * word + 8);
        uint64_t high, low = multiply(one + keys[word], other + keys[word + 1], &high);
        sum->low += low;
        sum->high += high + (sum->low < low);
    }
}

static inline Mark128
end_mark(const uint64_t *keys, Sum sum, size_t len)
{
    Mark128 mark;

    sum.low += len;
    mark.place = fold(sum.low ^ keys[0], sum.high ^ keys[1]);
    mark.tag = fold(sum.low ^ keys[2], sum.high ^ keys[3]);
    mark.tag += mark.tag == 0;
    return mark;
}

/* Marks the line that begins at `at`; where it ends, at a newline or at `end`. What follows that up to `beyond` is read as
 * well. */
const uint8_t *
seen_mark_line(const Seen *seen, const uint8_t *at, const uint8_t *end, const uint8_t *beyond, Mark128 *mark)
{
    const uint64_t *last = seen->keys + SEEN_BLOCK / 8;
    const uint8_t *start = at;
    uint8_t rest[SEEN_BLOCK];
    Sum sum = {0, 0};
    size_t count;

    for (;;) {
        const uint8_t *block = at;
        if (beyond - at < SEEN_BLOCK) {
            memset(rest, 0, sizeof rest);
            memcpy(rest, at, (size_t)(end - at));
            block = rest;
        }
        count = find_newline(block);
        count = count < (size_t)(end - at) ? count : (size_t)(end - at);
        add_block(&sum, seen->keys, block, count);
        at += count;
        if (count < SEEN_BLOCK) {
            *mark = end_mark(last, sum, (size_t)(at - start));
            return at;
        }
        sum.low = fold(sum.low ^ last[0], sum.high ^ last[1]);
        sum.high = 0;
    }
}

Problem
seen_add(Seen *seen, Mark128 mark)
{
    uint64_t *bucket;
    unsigned way;

    if (seen->tags == NULL) {
        seen->tags = kernel_table(SEEN_SIZE);
        if (seen->tags == NULL) {
            return kernel_no_memory;
        }
    }
    bucket = seen_bucket(seen, mark);
    for (way = SEEN_WAYS - 1; way > 0; way--) {
        bucket[way] = bucket[way - 1];
    }
    bucket[0] = mark.tag;
    return NULL;
}

void
seen_free(Seen *seen)
{
    kernel_table_free(seen->tags, SEEN_SIZE);
    seen->tags = NULL;
}
