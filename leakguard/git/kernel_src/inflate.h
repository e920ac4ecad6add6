/* Inflates small zlib streams: most objects of a pack are so short that getting ready is more work than decoding. */
#ifndef LEAKGUARD_INFLATE_H
#define LEAKGUARD_INFLATE_H

#include "kernel.h"

/* Bytes up to which an object is small: over that, a library that spends more on its tables is as fast. */
#define INFLATE_MOST ((size_t)4 << 10)

typedef struct Inflater Inflater;

/* NULL where there is not enough memory; PyMem_RawFree() frees it. */
Inflater *inflater_new(void);

/* The `size` bytes that pack[start:end] is the zlib stream of, until the next call. NULL where they are not, or where
 * anything is unusual: whoever calls then asks a library, which has the last word. start <= end <= pack.len. */
const uint8_t *inflater_read(Inflater *inflater, Span pack, size_t start, size_t end, size_t size);

#endif
