/* A bounded memory of texts: buckets of a few ways, the oldest of which makes room. */
#include "seen.h"

#if defined(_MSC_VER) && defined(_M_X64)
#include <intrin.h>
#endif

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

/* The first eight of at least eight bytes. */
static inline uint64_t
eight(const uint8_t *at)
{
    uint64_t word;

    memcpy(&word, at, sizeof word);
    return word;
}

/* Up to fifteen bytes in two words; with their number they are all that there is to know. */
static void
short_words(Span text, uint64_t words[2])
{
    uint32_t low, high;

    if (text.len >= 8) {
        words[0] = eight(text.at);
        words[1] = eight(text.at + text.len - 8);
    }
    else if (text.len >= 4) {
        memcpy(&low, text.at, sizeof low);
        memcpy(&high, text.at + text.len - 4, sizeof high);
        words[0] = low;
        words[1] = high;
    }
    else {
        words[0] = text.len > 0 ? (uint64_t)text.at[0] << 16 | (uint64_t)text.at[text.len / 2] << 8 | text.at[text.len - 1] : 0;
        words[1] = 0;
    }
}

Mark128
seen_mark(const Seen *seen, Span text)
{
    uint64_t place = seen->keys[0] ^ text.len, tag = seen->keys[1] + text.len, words[2];
    const uint8_t *at = text.at, *last = text.at + text.len - sizeof words;
    Mark128 mark;

    if (text.len < sizeof words) {
        short_words(text, words);
    }
    else {
        for (; at < last; at += sizeof words) {
            words[0] = eight(at);
            words[1] = eight(at + 8);
            place = fold(place ^ words[0], words[1] ^ seen->keys[2]);
            tag = fold(tag ^ words[1], words[0] ^ seen->keys[3]);
        }
        words[0] = eight(last);
        words[1] = eight(last + 8);
    }
    place = fold(place ^ words[0], words[1] ^ seen->keys[2]);
    tag = fold(tag ^ words[1], words[0] ^ seen->keys[3]);
    mark.place = fold(place ^ seen->keys[1], tag ^ seen->keys[2]);
    mark.tag = fold(tag ^ seen->keys[0], place ^ seen->keys[3]);
    mark.tag += mark.tag == 0;
    return mark;
}

Problem
seen_add(Seen *seen, Mark128 mark)
{
    uint64_t *bucket;

    if (seen->tags == NULL) {
        seen->tags = kernel_table(SEEN_BUCKETS * SEEN_WAYS * sizeof *seen->tags);
        if (seen->tags == NULL) {
            return kernel_no_memory;
        }
    }
    bucket = seen_bucket(seen, mark);
    memmove(bucket + 1, bucket, (SEEN_WAYS - 1) * sizeof *bucket);
    bucket[0] = mark.tag;
    return NULL;
}

void
seen_free(Seen *seen)
{
    PyMem_RawFree(seen->tags);
    seen->tags = NULL;
}
