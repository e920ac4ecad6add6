/* Names, each gathered once: most that a walk meets are those of a few files. */
#include "name_lines.h"
#include "oid_table.h"

/* So many names are remembered, then all are forgotten; the slots are twice as many. */
#define MOST_NAMES ((size_t)1 << 14)
#define SLOTS (2 * MOST_NAMES)
/* Longer names are not remembered. */
#define LONGEST 255

/* Whoever writes the names does not know the seed, so they cannot be chosen to collide. */
static size_t
first_slot(const NameLines *names, const uint8_t *name, size_t len)
{
    uint64_t hash = oid_mix(names->seed ^ len), word = 0;
    size_t at;

    for (at = 0; at + 8 <= len; at += 8) {
        memcpy(&word, name + at, 8);
        hash = oid_mix(hash ^ word);
    }
    memcpy(&word, len < 8 ? name : name + len - 8, len < 8 ? len : 8);
    return (size_t)oid_mix(hash ^ word) & (SLOTS - 1);
}

static void
forget(NameLines *names)
{
    if (names->count > 0) {
        memset(names->slots, 0, SLOTS * sizeof *names->slots);
    }
    names->count = names->known.used = 0;
}

/* Whether a name is remembered; *slot is its own, or the free one where it belongs. */
static int
find_name(const NameLines *names, const uint8_t *name, size_t len, size_t *slot)
{
    *slot = first_slot(names, name, len);
    for (; names->slots[*slot] != 0; *slot = (*slot + 1) & (SLOTS - 1)) {
        const uint8_t *other = names->known.at + names->slots[*slot] - 1;
        if (*other == len && memcmp(other + 1, name, len) == 0) {
            return 1;
        }
    }
    return 0;
}

static Problem
put_name(NameLines *names, const uint8_t *name, size_t len, size_t slot)
{
    uint8_t length = (uint8_t)len;
    Problem problem = grow_reserve(&names->known, 1 + len);

    if (problem != NULL) {
        return problem;
    }
    names->slots[slot] = (uint32_t)names->known.used + 1;
    names->count++;
    problem = grow_append(&names->known, &length, 1);
    return problem != NULL ? problem : grow_append(&names->known, name, len);
}

/* Remembers a name; *known says whether it was remembered before. */
static Problem
remember(NameLines *names, const uint8_t *name, size_t len, int *known)
{
    size_t slot;

    if (names->slots == NULL) {
        names->slots = PyMem_RawCalloc(SLOTS, sizeof *names->slots);
        if (names->slots == NULL) {
            return kernel_no_memory;
        }
    }
    *known = find_name(names, name, len, &slot);
    if (*known) {
        return NULL;
    }
    if (names->count == MOST_NAMES) {
        forget(names);
        slot = first_slot(names, name, len);
    }
    return put_name(names, name, len, slot);
}

static Problem
add_line(Grow *lines, const uint8_t *name, size_t len)
{
    Problem problem = grow_reserve(lines, len + 1);
    uint8_t *line, *newline;

    if (problem != NULL) {
        return problem;
    }
    line = lines->at + lines->used;
    memcpy(line, name, len);
    line[len] = '\n';
    lines->used += len + 1;
    for (newline = line; (newline = memchr(newline, '\n', len - (size_t)(newline - line))) != NULL;) {
        *newline = 0;
    }
    return NULL;
}

/* Gathers a name that is not remembered; a newline in it becomes a NUL, which no name has. */
Problem
name_lines_add(NameLines *names, const uint8_t *name, size_t len)
{
    int known = 0;
    Problem problem = len <= LONGEST ? remember(names, name, len, &known) : NULL;

    return problem != NULL || known ? problem : add_line(&names->lines, name, len);
}

/* Takes back what was gathered beyond `used` bytes. */
void
name_lines_cut(NameLines *names, size_t used)
{
    if (names->lines.used > used) {
        names->lines.used = used;
        forget(names);
    }
}

void
name_lines_free(NameLines *names)
{
    grow_free(&names->lines);
    grow_free(&names->known);
    PyMem_RawFree(names->slots);
}
