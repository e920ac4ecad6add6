/* A bounded memory of texts: buckets of a few ways, the oldest of which makes room. */
#include "seen.h"

#if defined(_MSC_VER) && defined(_M_X64)
#include <intrin.h>
#endif

#define BUCKETS ((size_t)1 << 17)
#define WAYS 4

/* The two halves of a product, folded. */
static inline uint64_t
fold(uint64_t one, uint64_t other)
{
#if defined(__SIZEOF_INT128__)
    __extension__ typedef unsigned __int128 Wide;
    Wide product = (Wide)one * other;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
#elif defined(_MSC_VER) && defined(_M_X64)
    uint64_t high, low = _umul128(one, other, &high);
    return low ^ high;
#else
    uint64_t a = one >> 32, b = one & 0xffffffffu, c = other >> 32, d = other & 0xffffffffu;
    uint64_t low = b * d, middle = a * d + (low >> 32), cross = b * c + (middle & 0xffffffffu);
    return (cross << 32 | (low & 0xffffffffu)) ^ (a * c + (middle >> 32) + (cross >> 32));
#endif
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

Mark128
seen_mark(const Seen *seen, Span text)
{
    uint64_t place = seen->keys[0] ^ text.len, tag = seen->keys[1] + text.len, words[2];
    const uint8_t *at = text.at;
    size_t left = text.len;
    Mark128 mark;

    for (;; at += sizeof words, left -= sizeof words) {
        if (left < sizeof words) {
            memset(words, 0, sizeof words);
        }
        memcpy(words, at, left < sizeof words ? left : sizeof words);
        place = fold(place ^ words[0], words[1] ^ seen->keys[2]);
        tag = fold(tag ^ words[1], words[0] ^ seen->keys[3]);
        if (left <= sizeof words) {
            break;
        }
    }
    mark.place = fold(place ^ seen->keys[1], tag ^ seen->keys[2]);
    mark.tag = fold(tag ^ seen->keys[0], place ^ seen->keys[3]);
    mark.tag += mark.tag == 0;
    return mark;
}

/* Tells the processor that a mark will be looked for. */
void
seen_expect(const Seen *seen, Mark128 mark)
{
#if defined(__GNUC__)
    if (seen->tags != NULL) {
        __builtin_prefetch(seen->tags + (mark.place & (BUCKETS - 1)) * WAYS);
    }
#else
    (void)seen;
    (void)mark;
#endif
}

int
seen_has(const Seen *seen, Mark128 mark)
{
    const uint64_t *bucket;

    if (seen->tags == NULL) {
        return 0;
    }
    bucket = seen->tags + (mark.place & (BUCKETS - 1)) * WAYS;
    return bucket[0] == mark.tag || bucket[1] == mark.tag || bucket[2] == mark.tag || bucket[3] == mark.tag;
}

Problem
seen_add(Seen *seen, Mark128 mark)
{
    uint64_t *bucket;

    if (seen->tags == NULL) {
        seen->tags = PyMem_RawCalloc(BUCKETS * WAYS, sizeof *seen->tags);
        if (seen->tags == NULL) {
            return kernel_no_memory;
        }
    }
    bucket = seen->tags + (mark.place & (BUCKETS - 1)) * WAYS;
    memmove(bucket + 1, bucket, (WAYS - 1) * sizeof *bucket);
    bucket[0] = mark.tag;
    return NULL;
}

void
seen_free(Seen *seen)
{
    PyMem_RawFree(seen->tags);
    seen->tags = NULL;
}
