/* Inflates zlib streams straight to where they are wanted. Most objects of a pack are so short that getting ready is more
 * work than decoding, which is what a library is slow at. */
#ifndef LEAKGUARD_INFLATE_H
#define LEAKGUARD_INFLATE_H

#include "kernel.h"

/* Bytes after a result that may be written as well: two literals and a match beyond what is claimed, 2 + 258, the latter
 * copied in blocks of 32. */
#define INFLATE_PADDING (2 + 258 + 31)
/* No stream inflates to more than so many times its length: 258 bytes take two bits at least. */
#define INFLATE_MOST_TIMES 1032

/* Some processors have instructions that make it faster, and some compilers can write for those alone. */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define INFLATE_NEWER
#endif

typedef struct Inflater Inflater;

/* NULL where there is not enough memory; PyMem_RawFree() frees it. */
Inflater *inflater_new(void);

/* Writes the `size` bytes that pack[start:end] is the zlib stream of to `out`, which has room for INFLATE_PADDING more.
 * -1 where they are not, or where anything is unusual: whoever calls then asks a library, which has the last word.
 * start <= end <= pack.len. */
int inflater_read(Inflater *inflater, Span pack, size_t start, size_t end, uint8_t *out, size_t size);

#ifdef INFLATE_NEWER
int inflate_stream_newer(Inflater *inflater, Span pack, size_t start, size_t end, uint8_t *out, size_t size);
#endif

#endif
