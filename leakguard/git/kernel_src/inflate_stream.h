/* Inflating zlib streams: RFC 1950 and RFC 1951. What includes this says by its target which instructions are used.
 *
 * No stream of which a decoder may think one way or the other is decoded here: an incomplete code, a window other than
 * 32 kB, a preset dictionary, bytes that are left. What is given up costs time, and nothing else. */
#include "adler.h"
#include "inflate.h"
#include "words.h"

#ifdef __BMI2__
#include <immintrin.h>
#endif

#define LONGEST 15        /* bits of a code */
#define LENGTH_CODES 19   /* symbols of the code that the lengths of the codes are written in */
#define LENGTH_BITS 7     /* its longest code */
#define LITERALS 286      /* symbols that may occur, literals and lengths */
#define LITERAL_CODES 288
#define DISTANCES 30
#define DISTANCE_CODES 32
#define LONGEST_MATCH 258
#define END_OF_BLOCK 256
/* Bits that are looked up at once, and the entries of the table and of those that its longer codes lead on to: what
 * zlib's examples/enough.c says for 288 symbols and 10 bits, and for 32 and 8. A code that needs more is given up. */
#define LITERAL_BITS 10
#define LITERAL_ROOM 1334
#define DISTANCE_BITS 8
#define DISTANCE_ROOM 402
#define FIXED_LITERAL_BITS 9
#define FIXED_DISTANCE_BITS 5
/* The stream's header and its checksum. */
#define HEADER 2
#define TRAILER 4
/* What follows the stream is read, though not looked at: eight bytes at a time, see refill(). */
#define BEYOND 20
/* Symbols that are looked at together, see marks(), and how often those of the literals' code take as many. */
#define MARKS 64
#define GROUPS 5

/* An entry of a table, from its lowest bit on: bits that it takes in all, extra ones with them (8); bits of the code
 * alone (4); flags (4); a literal, what a length or a distance counts from, or where the table of longer codes begins
 * (15); the flag of a literal (1). In an entry that leads on, the four bits are those to look up there. */
#define LITERAL 0x80000000u
#define UNUSUAL 0x8000u /* one of the next three */
#define LONGER 0x4000u
#define END 0x2000u
#define WRONG 0x1000u
#define CODE_BITS(entry) ((entry) >> 8 & 0xfu)
#define VALUE(entry) ((entry) >> 16 & 0x7fffu)
#define OF_LENGTH(bits) ((uint32_t)(bits) * 0x101u)

/* One of the two codes of a block. */
typedef struct {
    const uint32_t *table;
    unsigned bits; /* that are looked up first */
} Code;

/* Where the table of a code is made, of at most `bits` that are looked up first. */
typedef struct {
    uint32_t *at;
    size_t room;
    unsigned bits;
    const uint32_t *entries; /* by symbol, without a code */
} Table;

struct Inflater {
    int is_newer; /* whether the newer instructions are used */
    uint32_t literal_entries[MARKS * GROUPS];
    uint32_t distance_entries[MARKS];
    uint16_t reversed[1 << LITERAL_BITS];
    uint32_t fixed_literals[1 << FIXED_LITERAL_BITS];
    uint32_t fixed_distances[1 << FIXED_DISTANCE_BITS];
    uint32_t literals[LITERAL_ROOM];
    uint32_t distances[DISTANCE_ROOM];
    uint16_t sorted[(LONGEST + 1) * LITERAL_CODES];
};

/* The input. */
typedef struct {
    const uint8_t *next; /* what is not in `bits` yet */
    const uint8_t *end;  /* of the stream */
    uint64_t bits;       /* the lowest come first; above `left` are some of *next, or none */
    unsigned left;
} Bits;

/* The lowest bits. Of `count` only the lowest eight bits count, so that an entry of a table may stand for it. */
static inline uint64_t
low(uint64_t bits, unsigned count)
{
#ifdef __BMI2__
    return _bzhi_u64(bits, count);
#else
    return bits & (((uint64_t)1 << (count & 63)) - 1);
#endif
}

/* Whether 56 bits can be had, twice in a row. A stream that is whole has its checksum before its end, and at most eight
 * bytes are had ahead. Each of the two reads eight bytes and goes on by seven at most: 4 + 7 + 8 < BEYOND. */
static inline int
may_refill(const Bits *bits)
{
    return bits->next - bits->end <= 8 - TRAILER;
}

static inline void
refill(Bits *bits)
{
    bits->bits |= load64(bits->next) << (bits->left & 63);
    bits->next += 7 - (bits->left >> 3 & 7);
    bits->left |= 56;
}

/* Of `count` the lowest six bits count, of `left` the lowest eight: nothing need be cut off. */
static inline void
drop(Bits *bits, unsigned count)
{
    bits->bits >>= count & 63;
    bits->left -= count;
}

static inline unsigned
take(Bits *bits, unsigned count)
{
    unsigned taken = (unsigned)low(bits->bits, count);

    drop(bits, count);
    return taken;
}

/* Steps back over what is had ahead, to the next whole byte. */
static void
align(Bits *bits)
{
    bits->next -= bits->left >> 3 & 7;
    bits->bits = 0;
    bits->left = 0;
}

/* ---- codes ---------------------------------------------------------------------------------- */

/* Which of 64 lengths are not zero. */
static uint64_t
marks(const uint8_t *lengths)
{
    uint64_t found = 0;
    unsigned at;

    for (at = 0; at < MARKS; at += 8) {
        uint64_t flags = (load64(lengths + at) + 0x7f7f7f7f7f7f7f7fu) >> 7 & 0x0101010101010101u;
        found |= (flags * 0x0102040810204080u) >> 56 << at;
    }
    return found;
}

/* Sorts symbols by their lengths; those of a length lie together, in order. */
static void
sort_symbols(Inflater *inflater, const uint8_t *lengths, size_t groups, uint16_t *ends)
{
    size_t group;
    unsigned length;

    for (length = 0; length <= LONGEST; length++) {
        ends[length] = (uint16_t)(length * LITERAL_CODES);
    }
    for (group = 0; group < groups; group++) {
        uint64_t left;
        for (left = marks(lengths + group * MARKS); left != 0; left &= left - 1) {
            size_t symbol = group * MARKS + (size_t)lowest_bit(left);
            inflater->sorted[ends[lengths[symbol]]++] = (uint16_t)symbol;
        }
    }
}

/* The longest length; 0 where the code is not complete, or more than that. */
static unsigned
longest_length(const uint16_t *ends)
{
    unsigned length, longest = 0;
    uint32_t used = 0;

    for (length = 1; length <= LONGEST; length++) {
        uint32_t count = ends[length] - length * LITERAL_CODES;
        used += count << (LONGEST - length);
        longest = count > 0 ? length : longest;
    }
    return used == (uint32_t)1 << LONGEST ? longest : 0;
}

/* Fifteen bits the other way round. */
static inline unsigned
reverse(const Inflater *inflater, unsigned code)
{
    return (unsigned)inflater->reversed[code & 0x3ff] << 5 | inflater->reversed[code >> 10] >> 5;
}

/* How many bits tell those codes apart that begin like the first of `left`, which is `inner` bits longer than what the
 * first table looks up: as many as the longest of them has. left[n] counts the codes that are n bits longer. */
static unsigned
inner_bits(const uint32_t *left, unsigned inner, unsigned most)
{
    uint32_t used = left[inner];

    while (inner < most && used < (uint32_t)1 << inner) {
        inner++;
        used = (used << 1) + left[inner];
    }
    return inner;
}

/* Fills the tables of the codes that are longer than the first table's bits; `code` is the first of them, as of 15 bits.
 * They are in the order of their codes, so those that begin alike lie together, the longest of them last. 0, or -1. */
static int
fill_longer(Inflater *inflater, Table table, unsigned bits, const uint16_t *ends, unsigned code)
{
    const unsigned most = LONGEST - bits, first = ((unsigned)1 << bits) - 1;
    unsigned more, inner = 0;
    size_t begin = 0, used = first + 1, spot;
    uint32_t left[LONGEST + 1];

    for (more = 1; more <= most; more++) {
        left[more] = ends[bits + more] - (bits + more) * LITERAL_CODES;
    }
    for (more = 1; more <= most; more++) {
        const uint16_t *symbol = inflater->sorted + (bits + more) * LITERAL_CODES;
        for (; left[more] > 0; left[more]--, symbol++) {
            unsigned backwards = reverse(inflater, code);
            if ((code & (((unsigned)1 << most) - 1)) == 0) {
                begin = used;
                inner = inner_bits(left, more, most);
                used += (size_t)1 << inner;
                if (used > table.room) {
                    return -1;
                }
                table.at[backwards & first] = (uint32_t)begin << 16 | UNUSUAL | LONGER | inner << 8 | bits;
            }
            for (spot = begin + (backwards >> bits); spot < used; spot += (size_t)1 << more) {
                table.at[spot] = table.entries[*symbol] + OF_LENGTH(more);
            }
            code += (unsigned)1 << (most - more);
        }
    }
    return 0;
}

/* Writes a table's `half` first entries after themselves, and up to three more, which are written later. They are few: a
 * call would take longer than the copying. */
static inline void
double_table(uint32_t *table, size_t half)
{
    size_t at;

    for (at = 0; at < half; at += 4) {
        memmove(table + half + at, table + at, 4 * sizeof *table);
    }
}

/* Makes the table of a code of which `lengths` tells. How many bits are looked up in it first; 0 where it gives up. */
static unsigned
build(Inflater *inflater, Table table, const uint8_t *lengths, size_t groups)
{
    uint16_t ends[LONGEST + 1];
    unsigned longest, bits, length, code = 0;

    sort_symbols(inflater, lengths, groups, ends);
    longest = longest_length(ends);
    bits = longest < table.bits ? longest : table.bits;
    for (length = 1; length <= bits; length++) {
        const uint16_t *symbol = inflater->sorted + length * LITERAL_CODES, *end = inflater->sorted + ends[length];
        double_table(table.at, (size_t)1 << (length - 1));
        for (; symbol < end; symbol++) {
            table.at[inflater->reversed[code]] = table.entries[*symbol] + OF_LENGTH(length);
            code += (unsigned)1 << (LITERAL_BITS - length);
        }
    }
    if (longest > bits && fill_longer(inflater, table, bits, ends, code << (LONGEST - LITERAL_BITS)) < 0) {
        return 0;
    }
    return bits;
}

/* ---- the lengths of codes ------------------------------------------------------------------- */

/* What a symbol of the lengths' code says, from its lowest bit on: bits that it takes in all (8), bits of the code alone
 * (4), whether the last length (4), else which (8), how often, at least (8). */
#define SAYS(extra, times, again, length) \
    ((uint32_t)(extra) | (uint32_t)(again) << 12 | (uint32_t)(length) << 16 | (uint32_t)(times) << 24)
#define ONCE(length) SAYS(0, 1, 0, length)
#define AGAIN(entry) ((entry) >> 12 & 1)

static const uint32_t length_entries[LENGTH_CODES] = {
    ONCE(0),  ONCE(1),  ONCE(2),  ONCE(3),  ONCE(4),  ONCE(5),  ONCE(6),  ONCE(7),
    ONCE(8),  ONCE(9),  ONCE(10), ONCE(11), ONCE(12), ONCE(13), ONCE(14), ONCE(15),
    SAYS(2, 3, 1, 0), SAYS(3, 3, 0, 0), SAYS(7, 11, 0, 0),
};
static const uint8_t length_order[LENGTH_CODES] = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};

/* Reads the lengths' code into its table. 0, or -1. */
static int
read_length_code(const Inflater *inflater, Bits *bits, unsigned codes, uint32_t *table)
{
    uint8_t lengths[LENGTH_CODES] = {0};
    uint64_t counts = 0, starts = 0; /* eight bits for each length */
    unsigned at, length, code = 0;

    for (at = 0; at < codes; at++) {
        if (at == 13) {
            refill(bits);
        }
        length = take(bits, 3);
        lengths[length_order[at]] = (uint8_t)length;
        counts += (uint64_t)1 << 8 * length;
    }
    for (length = 1; length <= LENGTH_BITS; length++) {
        starts |= (uint64_t)code << 8 * length;
        code += (unsigned)(counts >> 8 * length & 0xff) << (LENGTH_BITS - length);
        if (code > 1 << LENGTH_BITS) {
            return -1;
        }
    }
    if (code != 1 << LENGTH_BITS) {
        return -1;
    }
    for (at = 0; at < LENGTH_CODES; at++) {
        unsigned spot;
        length = lengths[at];
        if (length == 0) {
            continue;
        }
        code = (unsigned)(starts >> 8 * length & 0xff);
        starts += (uint64_t)(1 << (LENGTH_BITS - length)) << 8 * length;
        for (spot = inflater->reversed[code << (LITERAL_BITS - LENGTH_BITS)]; spot < 1 << LENGTH_BITS;
             spot += (unsigned)1 << length) {
            table[spot] = length_entries[at] + OF_LENGTH(length);
        }
    }
    return 0;
}

/* Reads the lengths of a block's codes, `total` of them; there is room for more, all zero. 0, or -1. */
static int
read_lengths(const Inflater *inflater, Bits *input, unsigned codes, uint8_t *lengths, size_t total)
{
    uint32_t table[1 << LENGTH_BITS], entry;
    uint64_t length = 0;
    size_t at = 0;
    Bits bits = *input;

    if (read_length_code(inflater, &bits, codes, table) < 0) {
        return -1;
    }
    refill(&bits);
    entry = table[low(bits.bits, LENGTH_BITS)];
    if (AGAIN(entry)) {
        return -1; /* there is no last length yet */
    }
    while (at < total && may_refill(&bits)) {
        unsigned number;
        for (number = 0; number < 3 && at < total; number++) {
            uint64_t eight;
            length = (entry >> 16 & 0xff) + (length & (0 - (uint64_t)AGAIN(entry)));
            /* Eight at a time: what is too many is written over, or follows the end. More than six are zeros. */
            eight = length * 0x0101010101010101u;
            memcpy(lengths + at, &eight, sizeof eight);
            at += (entry >> 24) + (low(bits.bits, entry) >> CODE_BITS(entry));
            drop(&bits, entry);
            entry = table[low(bits.bits, LENGTH_BITS)];
        }
        refill(&bits);
    }
    *input = bits;
    return at == total ? 0 : -1;
}

/* Reads the codes of a block that brings its own. 0, or -1. */
static int
read_codes(Inflater *inflater, Bits *bits, Code *literal, Code *distance)
{
    unsigned literals = take(bits, 5) + 257, distances = take(bits, 5) + 1, codes = take(bits, 4) + 4;
    uint8_t lengths[MARKS * (GROUPS + 1)] = {0}, apart[MARKS] = {0};
    const Table literals_table = {inflater->literals, LITERAL_ROOM, LITERAL_BITS, inflater->literal_entries};
    const Table distances_table = {inflater->distances, DISTANCE_ROOM, DISTANCE_BITS, inflater->distance_entries};

    if (literals > LITERALS || distances > DISTANCES || !may_refill(bits) ||
        read_lengths(inflater, bits, codes, lengths, literals + distances) < 0 || lengths[END_OF_BLOCK] == 0) {
        return -1;
    }
    memcpy(apart, lengths + literals, distances);
    memset(lengths + literals, 0, DISTANCE_CODES + 8);
    literal->bits = build(inflater, literals_table, lengths, GROUPS);
    distance->bits = build(inflater, distances_table, apart, 1);
    literal->table = inflater->literals;
    distance->table = inflater->distances;
    return literal->bits > 0 && distance->bits > 0 ? 0 : -1;
}

/* ---- blocks --------------------------------------------------------------------------------- */

/* Copies a match, and up to 31 bytes more: most are no longer than that. */
static inline void
copy_match(uint8_t *to, size_t distance, size_t length)
{
    const uint8_t *from = to - distance, *end = to + length;

    if (distance >= 16) {
        do {
            memcpy(to, from, 16);
            memcpy(to + 16, from + 16, 16);
            to += 32;
            from += 32;
        } while (to < end);
    }
    else if (distance >= 8) {
        do {
            memcpy(to, from, 8);
            to += 8;
            from += 8;
        } while (to < end);
    }
    else if (distance == 1) {
        memset(to, *from, length);
    }
    else {
        do {
            *to++ = *from++;
        } while (to < end);
    }
}

/* Decodes a block. Where in `out` it ends; NULL where it gives up. Of the 56 bits that are had at least, three literals
 * take 30, two of them and a length 40, a distance 28; and each next entry is looked up before more bits are read, which
 * then cost no time. `out` goes beyond `most` by two literals and a match at most, see
 * INFLATE_PADDING. */
static uint8_t *
decode(Bits *input, Code literal, Code distance, const uint8_t *begin, uint8_t *out, const uint8_t *most)
{
    const uint32_t *literals = literal.table, *distances = distance.table;
    const uint64_t literal_mask = ((uint64_t)1 << literal.bits) - 1, distance_mask = ((uint64_t)1 << distance.bits) - 1;
    Bits bits = *input;
    uint32_t entry;

    if (!may_refill(&bits)) {
        return NULL;
    }
    refill(&bits);
    entry = literals[bits.bits & literal_mask];
    while (out <= most && may_refill(&bits)) {
        uint64_t seen;
        size_t length, back;
        if (entry & LITERAL) {
            *out++ = (uint8_t)(entry >> 16);
            drop(&bits, entry);
            entry = literals[bits.bits & literal_mask];
            if (entry & LITERAL) {
                *out++ = (uint8_t)(entry >> 16);
                drop(&bits, entry);
                entry = literals[bits.bits & literal_mask];
                if (entry & LITERAL) {
                    *out++ = (uint8_t)(entry >> 16);
                    drop(&bits, entry);
                    entry = literals[bits.bits & literal_mask];
                    refill(&bits);
                    continue;
                }
            }
        }
        if (entry & UNUSUAL) {
            if (entry & LONGER) {
                drop(&bits, entry);
                entry = literals[VALUE(entry) + low(bits.bits, CODE_BITS(entry))];
                if (entry & LITERAL) {
                    *out++ = (uint8_t)(entry >> 16);
                    drop(&bits, entry);
                    entry = literals[bits.bits & literal_mask];
                    refill(&bits);
                    continue;
                }
            }
            if (entry & END) {
                drop(&bits, entry);
                *input = bits;
                return out <= most ? out : NULL;
            }
            if (entry & WRONG) {
                return NULL;
            }
        }
        seen = bits.bits;
        drop(&bits, entry);
        length = VALUE(entry) + (size_t)(low(seen, entry) >> CODE_BITS(entry));
        refill(&bits);
        entry = distances[bits.bits & distance_mask];
        if (entry & UNUSUAL) {
            if (entry & LONGER) {
                drop(&bits, entry);
                entry = distances[VALUE(entry) + low(bits.bits, CODE_BITS(entry))];
            }
            if (entry & WRONG) {
                return NULL;
            }
        }
        seen = bits.bits;
        drop(&bits, entry);
        back = VALUE(entry) + (size_t)(low(seen, entry) >> CODE_BITS(entry));
        entry = literals[bits.bits & literal_mask];
        refill(&bits);
        if (back > (size_t)(out - begin)) {
            return NULL;
        }
        copy_match(out, back, length);
        out += length;
    }
    return NULL;
}

/* Copies a block that is stored as it is. Where in `out` it ends, or NULL. */
static uint8_t *
copy_stored(Bits *bits, uint8_t *out, const uint8_t *most)
{
    size_t length, inverse;

    align(bits);
    if (bits->end - bits->next < 4) {
        return NULL;
    }
    length = bits->next[0] | (size_t)bits->next[1] << 8;
    inverse = bits->next[2] | (size_t)bits->next[3] << 8;
    bits->next += 4;
    if ((length ^ inverse) != 0xffff || length > (size_t)(bits->end - bits->next) || length > (size_t)(most - out)) {
        return NULL;
    }
    memcpy(out, bits->next, length);
    bits->next += length;
    return out + length;
}

/* Inflates a block. Where in `out` it ends, or NULL. */
static uint8_t *
inflate_block(Inflater *inflater, Bits *bits, unsigned kind, const uint8_t *begin, uint8_t *out, const uint8_t *most)
{
    Code literal = {inflater->fixed_literals, FIXED_LITERAL_BITS};
    Code distance = {inflater->fixed_distances, FIXED_DISTANCE_BITS};

    if (kind == 0) {
        return copy_stored(bits, out, most);
    }
    if (kind == 3 || (kind == 2 && read_codes(inflater, bits, &literal, &distance) < 0)) {
        return NULL;
    }
    return decode(bits, literal, distance, begin, out, most);
}

/* Whether a stream's header is that of a 32 kB window and no preset dictionary. */
static int
is_plain(const uint8_t *header)
{
    return header[0] == 0x78 && (header[1] & 0x20) == 0 && (0x7800 | header[1]) % 31 == 0;
}

static int
is_sum(const uint8_t *trailer, uint32_t sum)
{
    return sum == ((uint32_t)trailer[0] << 24 | (uint32_t)trailer[1] << 16 | (uint32_t)trailer[2] << 8 | trailer[3]);
}

/* See inflater_read(). */
static int
inflate_stream(Inflater *inflater, Span pack, size_t start, size_t end, uint8_t *begin, size_t size)
{
    const uint8_t *header = pack.at + start, *most = begin + size;
    uint8_t *out = begin;
    Bits bits = {NULL, NULL, 0, 0};
    int last;

    if (pack.len - end < BEYOND || end - start < HEADER + TRAILER || !is_plain(header)) {
        return -1;
    }
    bits.next = header + HEADER;
    bits.end = pack.at + end;
    do {
        unsigned kind;
        if (!may_refill(&bits)) {
            return -1;
        }
        refill(&bits);
        last = (int)take(&bits, 1);
        kind = take(&bits, 2);
        out = inflate_block(inflater, &bits, kind, begin, out, most);
    } while (out != NULL && !last);
    align(&bits);
    return out == most && bits.end - bits.next == TRAILER && is_sum(bits.next, adler32(begin, size)) ? 0 : -1;
}
