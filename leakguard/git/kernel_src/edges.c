/* Which trees have which subtrees, in few bytes: written and read. */
#include "edges.h"

static const char BAD_ROWS[] = "the rows of edges are malformed";

/* After so many rows, or bytes of them, one does without those before it, so that few have to be read to come to a row. */
#define WHOLE_EVERY 16
#define MOST_BEFORE ((size_t)1 << 20)
/* Of a number of 64 bits, seven bits a byte. */
#define MOST_BYTES 10

/* ---- writing -------------------------------------------------------------------------------- */

/* Writes a number where there is room for MOST_BYTES. The end of it. */
static uint8_t *
put_number(uint8_t *at, size_t number)
{
    for (; number > 127; number >>= 7) {
        *at++ = (uint8_t)(number | 128);
    }
    *at++ = (uint8_t)number;
    return at;
}

static Problem
add_row(Grow *rows, const size_t *head, const int32_t *fresh)
{
    Problem problem = grow_reserve(rows, (5 + head[4]) * MOST_BYTES);
    uint8_t *end;

    if (problem != NULL) {
        return problem;
    }
    end = rows->at + rows->used;
    for (size_t at = 0; at < 5; at++) {
        end = put_number(end, head[at]);
    }
    for (size_t at = 0; at < head[4]; at++) {
        end = put_number(end, (size_t)fresh[at]);
    }
    rows->used = (size_t)(end - rows->at);
    return NULL;
}

/* Adds a row. On a problem nothing of it is kept. The numbers must not be negative. */
Problem
edges_add(EdgeWriter *writer, int32_t tree, const int32_t *subtrees, size_t count)
{
    const int32_t *last = (const int32_t *)(const void *)writer->last.at;
    size_t last_count = writer->last.used / sizeof *last, least = last_count < count ? last_count : count;
    size_t head = 0, tail = 0, begin = writer->rows.used;
    Problem problem;

    while (head < least && subtrees[head] == last[head]) {
        head++;
    }
    while (tail < least - head && subtrees[count - 1 - tail] == last[last_count - 1 - tail]) {
        tail++;
    }
    if (begin == 0 || writer->count >= WHOLE_EVERY || begin - writer->whole > MOST_BEFORE || 2 * (head + tail) < count) {
        writer->whole = begin;
        writer->count = head = tail = 0;
    }
    problem = add_row(&writer->rows, (size_t[]){begin - writer->whole, (size_t)tree, head, tail, count - head - tail},
                      subtrees + head);
    if (problem == NULL) {
        writer->last.used = 0;
        problem = grow_append(&writer->last, subtrees, count * sizeof *subtrees);
    }
    if (problem != NULL) {
        writer->rows.used = begin;
        writer->count = WHOLE_EVERY;
        return problem;
    }
    writer->count++;
    return NULL;
}

/* To be called when the rows were taken. */
void
edges_restart(EdgeWriter *writer)
{
    grow_free(&writer->rows);
    writer->last.used = writer->whole = writer->count = 0;
}

void
edges_free(EdgeWriter *writer)
{
    grow_free(&writer->rows);
    grow_free(&writer->last);
}

/* ---- reading -------------------------------------------------------------------------------- */

/* Reads a number of up to 35 bits, SIZE_MAX where there is none. */
static size_t
read_long_number(Span rows, size_t *at)
{
    uint64_t number = 0;
    unsigned shift = 0;
    uint8_t byte = 128;

    for (; byte & 128 && shift < 35; shift += 7) {
        if (*at >= rows.len) {
            return SIZE_MAX;
        }
        byte = rows.at[(*at)++];
        number |= (uint64_t)(byte & 127) << shift;
    }
    return byte & 128 || number > INT32_MAX ? SIZE_MAX : (size_t)number;
}

/* The same; most numbers are of one byte. */
static inline size_t
read_number(Span rows, size_t *at)
{
    return *at < rows.len && rows.at[*at] < 128 ? rows.at[(*at)++] : read_long_number(rows, at);
}

/* Puts `fresh` numbers that follow in the place of what lies between `head` and `tail` numbers that stay. */
static Problem
unfold(EdgeReader *reader, size_t *at, size_t head, size_t tail, size_t fresh)
{
    size_t count = edges_count(reader), width = sizeof(int32_t);
    size_t wanted = (head + fresh + tail) * width;
    int32_t *subtrees;
    Problem problem = wanted > reader->subtrees.used ? grow_reserve(&reader->subtrees, wanted - reader->subtrees.used)
                                                     : NULL;

    if (problem != NULL) {
        return problem;
    }
    subtrees = (int32_t *)(void *)reader->subtrees.at;
    if (tail > 0 && head + fresh + tail != count) {
        memmove(subtrees + head + fresh, subtrees + count - tail, tail * width);
    }
    reader->subtrees.used = wanted;
    for (size_t number = 0; number < fresh; number++) {
        size_t subtree = read_number(reader->rows, at);
        if (subtree == SIZE_MAX) {
            return BAD_ROWS;
        }
        subtrees[head + number] = (int32_t)subtree;
    }
    return NULL;
}

/* Goes on to the next row; 0 at the end, or where a problem is. */
int
edges_next(EdgeReader *reader, Problem *problem)
{
    size_t at = reader->end, back, tree, head, tail, fresh;

    *problem = NULL;
    if (at == reader->rows.len) {
        return 0;
    }
    back = read_number(reader->rows, &at);
    tree = read_number(reader->rows, &at);
    head = read_number(reader->rows, &at);
    tail = read_number(reader->rows, &at);
    fresh = read_number(reader->rows, &at);
    *problem = BAD_ROWS;
    if (back == 0) {
        reader->whole = reader->end;
        reader->subtrees.used = 0;
    }
    if (back != reader->end - reader->whole || tree == SIZE_MAX || head > edges_count(reader)
        || tail > edges_count(reader) - head || fresh > reader->rows.len - at) {
        return 0;
    }
    *problem = unfold(reader, &at, head, tail, fresh);
    reader->tree = (int32_t)tree;
    reader->head = head;
    reader->fresh = fresh;
    reader->begin = reader->end;
    reader->end = at;
    return *problem == NULL;
}

/* Goes to the row at `begin`, where one has been read before. */
Problem
edges_seek(EdgeReader *reader, size_t begin)
{
    size_t at = begin, back = read_number(reader->rows, &at);
    Problem problem = NULL;

    if (begin == reader->begin && begin < reader->end) {
        return NULL;
    }
    if (back == SIZE_MAX || back > begin) {
        return BAD_ROWS;
    }
    if (reader->whole != begin - back || reader->end > begin) {
        reader->end = reader->whole = begin - back;
    }
    while (reader->end <= begin) {
        if (!edges_next(reader, &problem)) {
            return problem != NULL ? problem : BAD_ROWS;
        }
    }
    return NULL;
}
