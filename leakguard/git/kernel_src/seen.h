/* Lines that were scanned before and in which nothing was found. */
#ifndef LEAKGUARD_SEEN_H
#define LEAKGUARD_SEEN_H

#include "kernel.h"

#define SEEN_BUCKETS ((size_t)1 << 18)
#define SEEN_WAYS 4
#define SEEN_SIZE (SEEN_BUCKETS * SEEN_WAYS * sizeof(uint64_t)) /* bytes of the table; whole pages */

/* Bytes that are read together: most lines are shorter. */
#define SEEN_BLOCK 64

/* A line is known by a hash whose keys are drawn anew for each table, so that nobody can write two lines that are taken
 * for one: the odds are under 2^-60 a look. It holds the latest million or so. */
typedef struct {
    uint64_t keys[SEEN_BLOCK / 8 + 4];
    uint64_t *tags; /* SEEN_WAYS to a bucket; NULL until something is added */
} Seen;

typedef struct {
    uint64_t place;
    uint64_t tag; /* never 0, which marks a free way */
} Mark128;

int seen_draw_keys(Seen *seen);
const uint8_t *seen_mark_line(const Seen *seen, const uint8_t *at, const uint8_t *end, const uint8_t *beyond,
                              Mark128 *mark);
Problem seen_add(Seen *seen, Mark128 mark);
void seen_free(Seen *seen);

static inline uint64_t *
seen_bucket(const Seen *seen, Mark128 mark)
{
    return seen->tags + (mark.place & (SEEN_BUCKETS - 1)) * SEEN_WAYS;
}

/* Tells the processor that a mark will be looked for. */
static inline void
seen_expect(const Seen *seen, Mark128 mark)
{
    if (seen->tags != NULL) {
        FETCH(seen_bucket(seen, mark));
    }
}

static inline int
seen_has(const Seen *seen, Mark128 mark)
{
    const uint64_t *bucket;

    if (seen->tags == NULL) {
        return 0;
    }
    bucket = seen_bucket(seen, mark);
    return (bucket[0] == mark.tag) | (bucket[1] == mark.tag) | (bucket[2] == mark.tag) | (bucket[3] == mark.tag);
}

#endif
