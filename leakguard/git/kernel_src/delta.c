/* Git's pack deltas: applying them, and telling which bytes of the result are not simply the base's.
 *
 * The format is git's Documentation/gitformat-pack, "Deltified representation". What clean copies and
 * dirty windows are, and why each end of an anchor belongs to exactly one of them, is written in
 * kernel_py.dirty, whose twin this is.
 */
#include "delta.h"

/* A copy whose unscanned middle would be shorter than this is scanned whole: a row costs more. */
#define LEAST_GAP 64

static const char TRUNCATED[] = "the delta is truncated";
static const char OVERSIZE_FIELD[] = "a size in the delta is out of range";
static const char OTHER_BASE[] = "the delta was made for a base of another size";
static const char OVER_LIMIT[] = "the delta's result is over the size limit";
static const char BEYOND_BASE[] = "the delta copies from beyond its base";
static const char TOO_LONG[] = "the delta's result is longer than its header says";
static const char TOO_SHORT[] = "the delta's result is shorter than its header says";
static const char RESERVED[] = "the delta holds the reserved opcode 0";

typedef struct {
    const uint8_t *at;
    const uint8_t *end;
} Cursor;

static Problem
read_size(Cursor *delta, uint64_t *size)
{
    unsigned shift = 0;
    uint8_t byte;

    *size = 0;
    do {
        if (delta->at == delta->end) {
            return TRUNCATED;
        }
        if (shift > 56) {
            return OVERSIZE_FIELD;
        }
        byte = *delta->at++;
        *size |= (uint64_t)(byte & 0x7f) << shift;
        shift += 7;
    } while (byte & 0x80);
    return NULL;
}

/* Reads the two sizes that a delta begins with, and how long the result is once it is known to be no longer than the
 * limit and made of this base. `delta` then stands at its first operation. */
static Problem
read_header(Cursor *delta, size_t base_len, size_t limit, size_t *len)
{
    uint64_t size;
    Problem problem = read_size(delta, &size);

    if (problem == NULL && size != base_len) {
        problem = OTHER_BASE;
    }
    if (problem == NULL) {
        problem = read_size(delta, &size);
    }
    if (problem == NULL && size > limit) {
        problem = OVER_LIMIT;
    }
    if (problem == NULL) {
        *len = (size_t)size;
    }
    return problem;
}

Problem
delta_result_len(Span delta, size_t base_len, size_t limit, size_t *len)
{
    Cursor cursor = {delta.at, delta.at + delta.len};

    return read_header(&cursor, base_len, limit, len);
}

/* Reads what follows a copy's opcode: up to four bytes of offset and three of size. */
static Problem
read_copy(Cursor *delta, unsigned opcode, uint32_t *offset, uint32_t *size)
{
    static const uint8_t bits[16] = {0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4};
    const uint8_t *at = delta->at;

    if (delta->end - at < bits[opcode & 15] + bits[opcode >> 4 & 7]) {
        return TRUNCATED;
    }
    *offset = 0;
    *size = 0;
    if (opcode & 0x01) *offset = *at++;
    if (opcode & 0x02) *offset |= (uint32_t)*at++ << 8;
    if (opcode & 0x04) *offset |= (uint32_t)*at++ << 16;
    if (opcode & 0x08) *offset |= (uint32_t)*at++ << 24;
    if (opcode & 0x10) *size = *at++;
    if (opcode & 0x20) *size |= (uint32_t)*at++ << 8;
    if (opcode & 0x40) *size |= (uint32_t)*at++ << 16;
    if (*size == 0) {
        *size = 0x10000;
    }
    delta->at = at;
    return NULL;
}

/* Keeps a copy that has ended. Shorter ones cannot be clean, unless one is all of the child; leaving them out makes a
 * hostile delta of one-byte copies cheap. */
static Problem
end_copy(Grow *copies, const Copy *copy)
{
    if (copy->end - copy->start < LEAST_GAP && !(copy->start == 0 && copy->end > 0)) {
        return NULL;
    }
    return grow_append(copies, copy, sizeof *copy);
}

/* Copies `len` bytes. Where both sides have room for more, some that follow are copied as well: the two block sizes below
 * are a few moves each, and what deltas copy is short. What lies beyond `len` of `to` must be written later. */
static void
copy_loosely(uint8_t *to, size_t to_room, const uint8_t *from, size_t from_room, size_t len)
{
    size_t room = to_room < from_room ? to_room : from_room;

    if (len <= 32 && room >= 32) {
        memcpy(to, from, 32);
    }
    else if (len <= 128 && room >= 128) {
        memcpy(to, from, 128);
    }
    else {
        memmove(to, from, len);
    }
}

/* Runs the delta's operations into `out`, which has the room that delta_result_len() told. `copies` gets a Copy for
 * each stretch that the base holds in one piece: git splits a long copy into several. */
Problem
delta_apply(Span base, Span span, uint8_t *out, size_t out_len, Grow *copies)
{
    Cursor delta = {span.at, span.at + span.len};
    Copy copy = {0, 0, 0};
    size_t done = 0, size;
    Problem problem = read_header(&delta, base.len, out_len, &size);

    if (problem != NULL) {
        return problem;
    }
    while (delta.at < delta.end) {
        unsigned opcode = *delta.at++;
        if (opcode & 0x80) {
            uint32_t offset, len;
            problem = read_copy(&delta, opcode, &offset, &len);
            if (problem != NULL) {
                return problem;
            }
            if (offset > base.len || len > base.len - offset) {
                return BEYOND_BASE;
            }
            if (len > out_len - done) {
                return TOO_LONG;
            }
            copy_loosely(out + done, out_len - done, base.at + offset, base.len - offset, len);
            if (copy.end != (int64_t)done || copy.end - copy.shift != (int64_t)offset) {
                problem = end_copy(copies, &copy);
                if (problem != NULL) {
                    return problem;
                }
                copy.start = (int64_t)done;
                copy.shift = (int64_t)done - (int64_t)offset;
            }
            done += len;
            copy.end = (int64_t)done;
        }
        else if (opcode != 0) {
            if (opcode > (size_t)(delta.end - delta.at)) {
                return TRUNCATED;
            }
            if (opcode > out_len - done) {
                return TOO_LONG;
            }
            copy_loosely(out + done, out_len - done, delta.at, (size_t)(delta.end - delta.at), opcode);
            delta.at += opcode;
            done += opcode;
        }
        else {
            return RESERVED;
        }
    }
    return done != out_len ? TOO_SHORT : end_copy(copies, &copy);
}

/* ---- windows -------------------------------------------------------------------------------- */

/* The position after the last newline of [from, to), or `from` where there is none. */
static int64_t
after_last_newline(const uint8_t *text, int64_t from, int64_t to)
{
#ifdef __GLIBC__
    const uint8_t *newline = memrchr(text + from, '\n', (size_t)(to - from));
    return newline != NULL ? newline - text + 1 : from;
#else
    while (to > from && text[to - 1] != '\n') {
        to--;
    }
    return to;
#endif
}

/* Cuts the child that copies make into the clean ones of them and dirty windows. `windows` say where each would be in a
 * buffer that holds them and a newline after each; `gathered` is how long that would be. */
Problem
delta_cut(Span child, size_t base_len, int64_t margin, const Grow *copies, Grow *clean, Grow *windows,
          size_t *gathered)
{
    const Copy *copy = (const Copy *)(const void *)copies->at, *end = copy + copies->used / sizeof *copy;
    int64_t child_len = (int64_t)child.len;
    Window window = {0, 0, 0, 0, 0};
    int open = child_len > 0;

    for (; copy < end && open; copy++) {
        int at_start = copy->start == 0 && copy->shift == 0;
        int at_end = copy->end == child_len && copy->end - copy->shift == (int64_t)base_len;
        int is_long = copy->end - copy->start > margin;
        int64_t left_end = copy->start, right_start = copy->end;
        Clean row = {copy->start, copy->end, copy->shift, copy->start, copy->end};
        Problem problem = NULL;

        if (!at_start) {
            int64_t reach = is_long ? copy->start + margin + 1 : copy->end;
            const uint8_t *newline = memchr(child.at + copy->start, '\n', (size_t)(reach - copy->start));
            window.accept_hi = newline != NULL ? newline - child.at : copy->start + margin;
            row.lo = left_end = window.accept_hi + 1;
        }
        if (!at_end) {
            row.hi = copy->end - 1;
            right_start = after_last_newline(child.at, is_long ? copy->end - margin - 1 : copy->start, copy->end);
        }
        if (right_start - left_end < LEAST_GAP && !(at_start && at_end)) {
            continue;
        }
        if (!at_start) {
            window.gather_end = window.gather_start + left_end - window.start;
            problem = grow_append(windows, &window, sizeof window);
            window.gather_start = window.gather_end + 1;
        }
        if (problem == NULL) {
            problem = grow_append(clean, &row, sizeof row);
        }
        if (problem != NULL) {
            return problem;
        }
        window.start = right_start;
        window.accept_lo = copy->end;
        open = !at_end;
    }
    if (open) {
        Problem problem;
        window.gather_end = window.gather_start + child_len - window.start;
        window.accept_hi = child_len;
        problem = grow_append(windows, &window, sizeof window);
        if (problem != NULL) {
            return problem;
        }
        window.gather_start = window.gather_end + 1;
    }
    *gathered = (size_t)window.gather_start;
    return NULL;
}

/* The one window of a content that nothing is known of. */
Problem
delta_whole(Span content, Grow *windows)
{
    int64_t len = (int64_t)content.len;
    Window window = {0, len, 0, 0, len};

    return len > 0 ? grow_append(windows, &window, sizeof window) : NULL;
}

/* Copies each window and a newline to `out`. */
void
delta_gather(Span child, const Grow *windows, uint8_t *out)
{
    const Window *window = (const Window *)(const void *)windows->at;
    const Window *end = window + windows->used / sizeof *window;

    for (; window < end; window++) {
        size_t len = (size_t)(window->gather_end - window->gather_start);
        memcpy(out, child.at + window->start, len);
        out[len] = '\n';
        out += len + 1;
    }
}
