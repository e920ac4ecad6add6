/* A pack as the forest of deltas that it is: where each object lies, what it is, in which order to walk.
 *
 * Formats: git's Documentation/gitformat-pack, "pack-*.pack files" and "Version 2 pack-*.idx files".
 * Nothing in here recurses, and everything is linear in the number of objects but for the lookups
 * of bases, which are bounded by its logarithm.
 */
#include "kernel.h"

#define INDEX_HEAD (8 + 4 * 256)
#define PACK_HEAD 12
#define RADIX_BITS 11
#define RADIX (1 << RADIX_BITS)
/* Objects ahead of the one that is read, of which the memory is fetched: they lie all over a large file. */
#define AHEAD 16

/* The outputs are written straight into bytes objects as numbers of eight bytes. */
typedef char bytes_are_aligned[offsetof(PyBytesObject, ob_sval) % 8 == 0 ? 1 : -1];

enum { OFS_DELTA = 6, REF_DELTA = 7 };

enum { ROOT = -1, BROKEN = -2 };

/* Why an object cannot be read. The order is that of `reasons`. */
enum {
    FINE,
    CUT_SHORT,
    OVERSIZE,
    UNKNOWN_TYPE,
    BASE_OUTSIDE,
    NO_DATA,
    BASE_MISPLACED,
    BASE_ABSENT,
    BASE_BROKEN,
    CYCLE
};

static const char *const reasons[] = {
    "",
    "its header is truncated",
    "its size is out of range",
    "its type is not known to git",
    "its delta base lies outside of the pack",
    "it holds no data",
    "its delta base is not where an object starts",
    "base %s is not in this pack",
    "its delta base is broken",
    "its delta chain is a cycle",
};

/* The problem of which an exception tells that is set already. */
static const char CALL_FAILED[] = "the call failed";
static const char INDEX_TRUNCATED[] = "the pack index is truncated";
static const char INDEX_VERSION[] = "the pack index is not of version 2";
static const char INDEX_FANOUT[] = "the pack index's fanout does not fit its ids";
static const char INDEX_LENGTH[] = "the pack index's length does not fit its count";
static const char INDEX_ORDER[] = "the pack index's ids do not ascend";
static const char INDEX_LARGE[] = "the pack index refers to a 64-bit offset that it does not hold";
static const char INDEX_OUTSIDE[] = "the pack index points outside of the pack";
static const char INDEX_TWICE[] = "the pack index lists an offset twice";
static const char TOO_MANY[] = "the pack index counts too many objects";
static const char PACK_TRUNCATED[] = "the pack is truncated";
static const char PACK_SIGNATURE[] = "the pack does not begin with PACK";
static const char PACK_VERSION[] = "the pack is not of version 2 or 3";
static const char PACK_COUNT[] = "the pack and its index count different numbers of objects";
static const char PACK_OTHER[] = "the pack index belongs to another pack";

/* Bytes of a pack between two calls of `forget`. */
#define FORGET_EVERY ((int64_t)8 << 20)

typedef struct {
    /* Inputs. */
    Span idx;
    Span pack;
    size_t hash_len;
    size_t count;
    const uint8_t *names;
    const uint8_t *short_offsets;
    const uint8_t *long_offsets;
    size_t long_count;
    int64_t body_end;
    /* Outputs, an entry an object. */
    uint8_t *oids;
    uint8_t *types;
    int64_t *offsets;       /* count + 1: the last one is where the last object ends */
    uint8_t *heads;
    int64_t *sizes;
    int32_t *parents;
    /* Outputs, an entry an object in the order of the walk. */
    int32_t *order;
    int32_t *depths;
    uint8_t *last_child;
    size_t reached;
    /* Scratch, an entry an object unless said otherwise, in one block: that goes back to the system as a whole. */
    int32_t *number_of;     /* place in the index -> number */
    int32_t *buckets;       /* first number whose offset >> bucket_shift is at least the bucket; where children will be */
    unsigned bucket_shift;
    uint8_t *reason;
    int32_t *weights;       /* objects in the subtree */
    int32_t *child_starts;  /* count + 1; into children */
    int32_t *children;
    int32_t *depth_of;      /* -1 where the walk does not come */
    int32_t *stack;
    int32_t *scratch;
} Table;

static uint32_t
be32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static uint64_t
be64(const uint8_t *at)
{
    return (uint64_t)be32(at) << 32 | be32(at + 4);
}

/* ---- the index ------------------------------------------------------------------------------ */

static Problem
read_index_head(Table *table)
{
    static const uint8_t head[8] = {0xff, 't', 'O', 'c', 0, 0, 0, 2};
    const uint8_t *idx = table->idx.at;
    uint64_t needed;
    size_t number;

    if (table->idx.len < INDEX_HEAD + 2 * table->hash_len) {
        return INDEX_TRUNCATED;
    }
    if (memcmp(idx, head, 8) != 0) {
        return INDEX_VERSION;
    }
    for (number = 1; number < 256; number++) {
        if (be32(idx + 8 + 4 * number) < be32(idx + 4 + 4 * number)) {
            return INDEX_FANOUT;
        }
    }
    table->count = be32(idx + 8 + 4 * 255);
    needed = INDEX_HEAD + 2 * table->hash_len + (uint64_t)table->count * (table->hash_len + 8);
    if (table->idx.len < needed) {
        return INDEX_TRUNCATED;
    }
    if ((table->idx.len - needed) % 8 != 0) {
        return INDEX_LENGTH;
    }
    if (table->count >= INT32_MAX) {
        return TOO_MANY;
    }
    table->names = idx + INDEX_HEAD;
    table->short_offsets = table->names + table->count * (table->hash_len + 4);
    table->long_offsets = table->short_offsets + table->count * 4;
    table->long_count = (size_t)(table->idx.len - needed) / 8;
    return NULL;
}

static uint32_t
fanout(const Table *table, unsigned first_byte)
{
    return be32(table->idx.at + 8 + (size_t)4 * first_byte);
}

/* With ids that ascend and a fanout that fits them, looking up an id needs no more checks. */
static Problem
check_names(const Table *table)
{
    const uint8_t *name = table->names;
    size_t number;

    for (number = 1; number < table->count; number++) {
        if (memcmp(name + (number - 1) * table->hash_len, name + number * table->hash_len, table->hash_len) >= 0) {
            return INDEX_ORDER;
        }
    }
    for (number = 0; number < table->count; number++) {
        unsigned first = name[number * table->hash_len];
        if (number >= fanout(table, first) || (first > 0 && number < fanout(table, first - 1))) {
            return INDEX_FANOUT;
        }
    }
    return NULL;
}

static Problem
check_pack_head(Table *table)
{
    const uint8_t *pack = table->pack.at;
    uint32_t version;

    if (table->pack.len < PACK_HEAD + table->hash_len) {
        return PACK_TRUNCATED;
    }
    if (memcmp(pack, "PACK", 4) != 0) {
        return PACK_SIGNATURE;
    }
    version = be32(pack + 4);
    if (version != 2 && version != 3) {
        return PACK_VERSION;
    }
    if (be32(pack + 8) != table->count) {
        return PACK_COUNT;
    }
    table->body_end = (int64_t)(table->pack.len - table->hash_len);
    if (memcmp(pack + table->body_end, table->idx.at + table->idx.len - 2 * table->hash_len, table->hash_len) != 0) {
        return PACK_OTHER;
    }
    return NULL;
}

/* Reads the offsets in the index's order; *most becomes the highest. */
static Problem
read_offsets(const Table *table, uint64_t *keys, uint32_t *ranks, uint64_t *most)
{
    size_t rank;

    *most = 0;
    for (rank = 0; rank < table->count; rank++) {
        uint64_t offset = be32(table->short_offsets + 4 * rank);
        if (offset & 0x80000000u) {
            size_t number = (size_t)(offset & 0x7fffffffu);
            if (number >= table->long_count) {
                return INDEX_LARGE;
            }
            offset = be64(table->long_offsets + 8 * number);
        }
        if (offset < PACK_HEAD || offset >= (uint64_t)table->body_end) {
            return INDEX_OUTSIDE;
        }
        keys[rank] = offset;
        ranks[rank] = (uint32_t)rank;
        *most = offset > *most ? offset : *most;
    }
    return NULL;
}

/* One stable pass of a radix sort, from (keys, ranks) to (to_keys, to_ranks). */
static void
sort_pass(size_t count, unsigned shift, const uint64_t *keys, const uint32_t *ranks, uint64_t *to_keys,
          uint32_t *to_ranks)
{
    size_t starts[RADIX + 1] = {0};
    size_t number;

    for (number = 0; number < count; number++) {
        starts[(keys[number] >> shift & (RADIX - 1)) + 1]++;
    }
    for (number = 1; number <= RADIX; number++) {
        starts[number] += starts[number - 1];
    }
    for (number = 0; number < count; number++) {
        size_t place = starts[keys[number] >> shift & (RADIX - 1)]++;
        to_keys[place] = keys[number];
        to_ranks[place] = ranks[number];
    }
}

static Problem
take_sorted(Table *table, const uint64_t *keys, const uint32_t *ranks)
{
    size_t number;

    for (number = 0; number < table->count; number++) {
        if (number + AHEAD < table->count) {
            FETCH(table->names + ranks[number + AHEAD] * table->hash_len);
        }
        if (number > 0 && keys[number] == keys[number - 1]) {
            return INDEX_TWICE;
        }
        table->offsets[number] = (int64_t)keys[number];
        table->number_of[ranks[number]] = (int32_t)number;
        memcpy(table->oids + number * table->hash_len, table->names + ranks[number] * table->hash_len,
               table->hash_len);
    }
    table->offsets[table->count] = table->body_end;
    return NULL;
}

/* Works in memory that is filled later, and in `offsets` itself: fresh memory costs as much as the sorting. */
static Problem
sort_offsets(Table *table)
{
    uint64_t *keys = (uint64_t *)table->sizes, *to_keys = (uint64_t *)table->offsets;
    uint32_t *ranks = (uint32_t *)table->weights, *to_ranks = (uint32_t *)table->depth_of;
    uint64_t most;
    unsigned shift;
    Problem problem = read_offsets(table, keys, ranks, &most);

    if (problem != NULL) {
        return problem;
    }
    for (shift = 0; shift < 64 && most >> shift != 0; shift += RADIX_BITS) {
        uint64_t *swap_keys = keys;
        uint32_t *swap_ranks = ranks;
        sort_pass(table->count, shift, keys, ranks, to_keys, to_ranks);
        keys = to_keys;
        ranks = to_ranks;
        to_keys = swap_keys;
        to_ranks = swap_ranks;
    }
    return take_sorted(table, keys, ranks);
}

/* ---- finding bases -------------------------------------------------------------------------- */

/* About one bucket an object, so that an offset is mostly found by one look. */
static void
make_buckets(Table *table)
{
    size_t count, bucket = 0, number;

    while ((uint64_t)table->body_end >> table->bucket_shift > table->count) {
        table->bucket_shift++;
    }
    count = (size_t)((uint64_t)table->body_end >> table->bucket_shift) + 2;
    for (number = 0; number < table->count; number++) {
        for (; bucket <= (uint64_t)table->offsets[number] >> table->bucket_shift; bucket++) {
            table->buckets[bucket] = (int32_t)number;
        }
    }
    for (; bucket < count; bucket++) {
        table->buckets[bucket] = (int32_t)table->count;
    }
}

/* The number of the object that starts at `offset`, which is inside of the pack, or BROKEN. */
static int32_t
find_offset(const Table *table, int64_t offset)
{
    size_t bucket = (size_t)((uint64_t)offset >> table->bucket_shift);
    int32_t low = table->buckets[bucket], high = table->buckets[bucket + 1];

    while (low < high) {
        int32_t middle = low + (high - low) / 2;
        if (table->offsets[middle] < offset) {
            low = middle + 1;
        }
        else {
            high = middle;
        }
    }
    return low < (int32_t)table->count && table->offsets[low] == offset ? low : BROKEN;
}

/* The number of an object by its id (of several, the first in the index), or BROKEN. */
static int32_t
find_oid(const Table *table, const uint8_t *oid)
{
    size_t low = oid[0] > 0 ? fanout(table, oid[0] - 1u) : 0, high = fanout(table, oid[0]);

    if (high > table->count) {
        high = table->count; /* Only when somebody writes to the index while it is read. */
    }
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (memcmp(table->names + middle * table->hash_len, oid, table->hash_len) < 0) {
            low = middle + 1;
        }
        else {
            high = middle;
        }
    }
    if (low < table->count && memcmp(table->names + low * table->hash_len, oid, table->hash_len) == 0) {
        return table->number_of[low];
    }
    return BROKEN;
}

/* ---- object headers ------------------------------------------------------------------------- */

typedef struct {
    unsigned type;
    int64_t size;
    unsigned len;
    int64_t base_offset; /* of an OFS_DELTA */
} Header;

/* Reads type and size, in which the first byte holds four bits and each further one seven. */
static int
read_type_and_size(const uint8_t *pack, int64_t *at, int64_t end, Header *header)
{
    uint8_t byte = pack[(*at)++];
    unsigned shift = 4;

    header->type = byte >> 4 & 7;
    header->size = byte & 15;
    while (byte & 0x80) {
        if (*at == end) {
            return CUT_SHORT;
        }
        if (shift > 53) {
            return OVERSIZE;
        }
        byte = pack[(*at)++];
        header->size |= (int64_t)(byte & 0x7f) << shift;
        shift += 7;
    }
    return FINE;
}

static int
read_base_offset(const uint8_t *pack, int64_t offset, int64_t *at, int64_t end, Header *header)
{
    int64_t distance = 0;
    uint8_t byte;

    if (*at == end) {
        return CUT_SHORT;
    }
    byte = pack[(*at)++];
    distance = byte & 0x7f;
    while (byte & 0x80) {
        if (*at == end) {
            return CUT_SHORT;
        }
        if (distance >= offset) {
            return BASE_OUTSIDE;
        }
        byte = pack[(*at)++];
        distance = ((distance + 1) << 7) | (byte & 0x7f);
    }
    header->base_offset = offset - distance;
    return distance == 0 || header->base_offset < PACK_HEAD ? BASE_OUTSIDE : FINE;
}

static int
read_header(const Table *table, size_t number, Header *header)
{
    const uint8_t *pack = table->pack.at;
    int64_t at = table->offsets[number], end = table->offsets[number + 1];
    int reason = read_type_and_size(pack, &at, end, header);

    if (reason != FINE) {
        return reason;
    }
    if (header->type == 0 || header->type == 5) {
        return UNKNOWN_TYPE;
    }
    if (header->type == OFS_DELTA) {
        reason = read_base_offset(pack, table->offsets[number], &at, end, header);
        if (reason != FINE) {
            return reason;
        }
    }
    if (header->type == REF_DELTA) {
        if (end - at < (int64_t)table->hash_len) {
            return CUT_SHORT;
        }
        at += (int64_t)table->hash_len;
    }
    header->len = (unsigned)(at - table->offsets[number]);
    return at < end ? FINE : NO_DATA;
}

/* The id at the end of a REF_DELTA's header. */
static const uint8_t *
named_base(const Table *table, size_t number)
{
    return table->pack.at + (size_t)table->offsets[number] + table->heads[number] - table->hash_len;
}

/* Fills what the table says of one object, but for the type of a delta. */
static void
read_object(Table *table, size_t number)
{
    Header header = {0};
    int reason = read_header(table, number, &header);

    table->types[number] = 0;
    table->parents[number] = BROKEN;
    table->heads[number] = reason == FINE ? (uint8_t)header.len : 0;
    table->sizes[number] = reason == FINE ? header.size : 0;
    if (reason == FINE && header.type == OFS_DELTA) {
        table->parents[number] = find_offset(table, header.base_offset);
        reason = table->parents[number] == BROKEN ? BASE_MISPLACED : FINE;
    }
    else if (reason == FINE && header.type == REF_DELTA) {
        table->parents[number] = find_oid(table, named_base(table, number));
        reason = table->parents[number] == BROKEN ? BASE_ABSENT : FINE;
    }
    else if (reason == FINE) {
        table->types[number] = (uint8_t)header.type;
        table->parents[number] = ROOT;
    }
    table->reason[number] = (uint8_t)reason;
}

/* ---- the forest ----------------------------------------------------------------------------- */

static void
count_children(Table *table)
{
    size_t number;

    for (number = 0; number < table->count; number++) {
        if (table->parents[number] >= 0) {
            table->child_starts[table->parents[number] + 1]++;
        }
    }
    for (number = 0; number < table->count; number++) {
        table->child_starts[number + 1] += table->child_starts[number];
    }
}

/* Peels the forest from its leaves: a node's weight is known once all of its children are. Cycles stay. */
static void
weigh(Table *table)
{
    int32_t *pending = table->stack;
    size_t number;

    for (number = 0; number < table->count; number++) {
        pending[number] = table->child_starts[number + 1] - table->child_starts[number];
        table->weights[number] = 1;
    }
    for (number = 0; number < table->count; number++) {
        int32_t node = (int32_t)number, parent;
        if (table->child_starts[number + 1] != table->child_starts[number]) {
            continue;
        }
        while ((parent = table->parents[node]) >= 0) {
            table->weights[parent] += table->weights[node];
            if (--pending[parent] > 0) {
                break;
            }
            node = parent;
        }
    }
}

/* Lists each node's children from the lightest to the heaviest: all nodes are dealt out in that order. */
static void
list_children(Table *table)
{
    size_t room = table->count + 2, number;
    int32_t *starts = table->number_of; /* by weight, then by parent: all bases are found by now */
    int32_t *by_weight = table->stack;

    memset(starts, 0, room * sizeof *starts);
    for (number = 0; number < table->count; number++) {
        starts[table->weights[number] + 1]++;
    }
    for (number = 1; number < room; number++) {
        starts[number] += starts[number - 1];
    }
    for (number = 0; number < table->count; number++) {
        by_weight[starts[table->weights[number]]++] = (int32_t)number;
    }
    memcpy(starts, table->child_starts, (table->count + 1) * sizeof *starts);
    for (number = 0; number < table->count; number++) {
        int32_t parent = table->parents[by_weight[number]];
        if (parent >= 0) {
            table->children[starts[parent]++] = by_weight[number];
        }
    }
}

static void
walk_from(Table *table, int32_t root)
{
    size_t height = 0;

    table->depth_of[root] = 0;
    table->stack[height++] = root;
    while (height > 0) {
        int32_t node = table->stack[--height], parent = table->parents[node], place;
        table->order[table->reached] = node;
        table->depths[table->reached] = table->depth_of[node];
        table->last_child[table->reached] =
            parent >= 0 && table->children[table->child_starts[parent + 1] - 1] == node;
        table->reached++;
        for (place = table->child_starts[node + 1] - 1; place >= table->child_starts[node]; place--) {
            int32_t child = table->children[place];
            table->depth_of[child] = table->depth_of[node] + 1;
            table->types[child] = table->types[node];
            table->stack[height++] = child;
        }
    }
}

/* Gives a reason to all that lies below a broken object. */
static void
break_below(Table *table, int32_t broken)
{
    size_t height = 0;

    table->stack[height++] = broken;
    while (height > 0) {
        int32_t node = table->stack[--height], place;
        for (place = table->child_starts[node]; place < table->child_starts[node + 1]; place++) {
            table->reason[table->children[place]] = BASE_BROKEN;
            table->stack[height++] = table->children[place];
        }
    }
}

static void
mark_broken(Table *table)
{
    size_t number;

    for (number = 0; number < table->count; number++) {
        if (table->parents[number] == BROKEN) {
            break_below(table, (int32_t)number);
        }
    }
    for (number = 0; number < table->count; number++) {
        if (table->depth_of[number] < 0 && table->reason[number] == FINE) {
            table->reason[number] = CYCLE;
        }
    }
    for (number = 0; number < table->count; number++) {
        if (table->reason[number] != FINE) {
            table->parents[number] = BROKEN;
        }
    }
}

static void
make_forest(Table *table)
{
    size_t number;

    count_children(table);
    weigh(table);
    list_children(table);
    memset(table->depth_of, 0xff, table->count * sizeof *table->depth_of);
    for (number = 0; number < table->count; number++) {
        if (table->parents[number] == ROOT) {
            walk_from(table, (int32_t)number);
        }
    }
    mark_broken(table);
}

/* ---- the whole ------------------------------------------------------------------------------ */

static Problem
make_scratch(Table *table)
{
    int32_t **parts[] = {&table->number_of, &table->weights, &table->child_starts,
                         &table->children,  &table->depth_of, &table->stack};
    size_t room = table->count + 2, part, count = sizeof parts / sizeof *parts;

    table->scratch = PyMem_RawCalloc(room, count * sizeof *table->scratch + sizeof *table->reason);
    if (table->scratch == NULL) {
        return kernel_no_memory;
    }
    for (part = 0; part < count; part++) {
        *parts[part] = table->scratch + part * room;
    }
    table->reason = (uint8_t *)(table->scratch + count * room);
    table->buckets = table->children;
    return NULL;
}

static Problem
place_objects(Table *table)
{
    Problem problem = make_scratch(table);

    if (problem == NULL) {
        problem = sort_offsets(table);
    }
    if (problem == NULL) {
        make_buckets(table);
    }
    return problem;
}

/* Reads the headers of the objects from `number` on, of about FORGET_EVERY bytes of the pack; where to go on. */
static size_t
read_part(Table *table, size_t number)
{
    int64_t end = number < table->count ? table->offsets[number] + FORGET_EVERY : 0;

    for (; number < table->count && table->offsets[number] < end; number++) {
        if (number + AHEAD < table->count) {
            FETCH(table->pack.at + table->offsets[number + AHEAD]);
        }
        read_object(table, number);
    }
    return number;
}

/* Between the parts whoever holds the pack may `forget` the pages that were read: they will not be asked for again. */
static Problem
fill_table(Table *table, PyObject *forget)
{
    PyThreadState *saved = kernel_release_gil(table->idx.len);
    Problem problem = place_objects(table);
    size_t number = 0;

    while (problem == NULL && number < table->count) {
        PyObject *done;
        number = read_part(table, number);
        kernel_retake_gil(saved);
        done = forget == NULL ? Py_NewRef(Py_None) : PyObject_CallNoArgs(forget);
        if (done == NULL) {
            return CALL_FAILED;
        }
        Py_DECREF(done);
        saved = kernel_release_gil(table->idx.len);
    }
    if (problem == NULL) {
        make_forest(table);
    }
    kernel_retake_gil(saved);
    return problem;
}

static Problem
check_heads(Table *table)
{
    Problem problem = read_index_head(table);

    if (problem == NULL) {
        problem = check_names(table);
    }
    if (problem == NULL) {
        problem = check_pack_head(table);
    }
    return problem;
}

static PyObject *
describe(const Table *table, size_t number)
{
    static const char digits[] = "0123456789abcdef";
    const char *reason = reasons[table->reason[number]];
    const uint8_t *oid;
    char hex[2 * 32 + 1];
    size_t at;

    if (table->reason[number] != BASE_ABSENT) {
        return Py_BuildValue("(ns)", (Py_ssize_t)number, reason);
    }
    oid = named_base(table, number);
    for (at = 0; at < table->hash_len; at++) {
        hex[2 * at] = digits[oid[at] >> 4];
        hex[2 * at + 1] = digits[oid[at] & 15];
    }
    hex[2 * table->hash_len] = 0;
    return Py_BuildValue("(nN)", (Py_ssize_t)number, PyUnicode_FromFormat(reason, hex));
}

static PyObject *
list_broken(const Table *table)
{
    PyObject *list = PyList_New(0);
    size_t number;

    for (number = 0; number < table->count && list != NULL; number++) {
        PyObject *pair;
        if (table->reason[number] == FINE) {
            continue;
        }
        pair = describe(table, number);
        if (pair == NULL || PyList_Append(list, pair) < 0) {
            Py_CLEAR(list);
        }
        Py_XDECREF(pair);
    }
    return list;
}

/* ---- the Python side ------------------------------------------------------------------------ */

enum {
    COUNT,
    OIDS,
    TYPES,
    OFFSETS,
    HEADS,
    SIZES,
    PARENTS,
    ORDER,
    DEPTHS,
    LAST_CHILD,
    BROKEN_LIST,
    FIELDS
};

static PyStructSequence_Field fields[] = {
    {"count", "how many objects"},
    {"oids", "the object ids, one after the other"},
    {"types", "a git type each, 0 where unknown"},
    {"offsets", "int64: where each object starts, and where the last one ends"},
    {"heads", "how many bytes of it come before its deflated data"},
    {"sizes", "int64: its inflated size, of a delta that of the delta"},
    {"parents", "int32: the number of its delta base, -1 for a root, -2 when broken"},
    {"order", "int32: the numbers in the order of the walk"},
    {"depths", "int32: along order"},
    {"last_child", "flags along order: nothing after this one needs its parent"},
    {"broken", "(number, reason) of each object that is not in order"},
    {NULL, NULL},
};

PyStructSequence_Desc pack_table_desc = {
    "leakguard.git._kernel.PackTable",
    "The objects of a pack, numbered by offset, and the forest of their deltas.",
    fields,
    FIELDS,
};

/* Makes the bytes object of a field; its memory is filled later. */
static void *
make_field(PyObject *result, int field, size_t count, size_t width)
{
    PyObject *bytes;

    if (count > (size_t)PY_SSIZE_T_MAX / width) {
        PyErr_NoMemory();
        return NULL;
    }
    bytes = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)(count * width));
    if (bytes == NULL) {
        return NULL;
    }
    PyStructSequence_SetItem(result, field, bytes);
    return PyBytes_AS_STRING(bytes);
}

static int
make_fields(Table *table, PyObject *result)
{
    size_t count = table->count;
    PyObject *number = PyLong_FromSize_t(count);

    if (number == NULL) {
        return -1;
    }
    PyStructSequence_SetItem(result, COUNT, number);
    return (table->oids = make_field(result, OIDS, count, table->hash_len)) == NULL ||
                   (table->types = make_field(result, TYPES, count, 1)) == NULL ||
                   (table->offsets = make_field(result, OFFSETS, count + 1, sizeof(int64_t))) == NULL ||
                   (table->heads = make_field(result, HEADS, count, 1)) == NULL ||
                   (table->sizes = make_field(result, SIZES, count, sizeof(int64_t))) == NULL ||
                   (table->parents = make_field(result, PARENTS, count, sizeof(int32_t))) == NULL ||
                   (table->order = make_field(result, ORDER, count, sizeof(int32_t))) == NULL ||
                   (table->depths = make_field(result, DEPTHS, count, sizeof(int32_t))) == NULL ||
                   (table->last_child = make_field(result, LAST_CHILD, count, 1)) == NULL
               ? -1
               : 0;
}

/* Cuts a field to the objects that the walk reaches. */
static int
shorten_field(const Table *table, PyObject *result, int field, size_t width)
{
    PyObject *whole = PyStructSequence_GetItem(result, field), *part;

    if (table->reached == table->count) {
        return 0;
    }
    part = PyBytes_FromStringAndSize(PyBytes_AS_STRING(whole), (Py_ssize_t)(table->reached * width));
    if (part == NULL) {
        return -1;
    }
    PyStructSequence_SetItem(result, field, part);
    Py_DECREF(whole);
    return 0;
}

static int
finish_fields(const Table *table, PyObject *result)
{
    PyObject *broken;

    if (shorten_field(table, result, ORDER, sizeof(int32_t)) < 0 ||
        shorten_field(table, result, DEPTHS, sizeof(int32_t)) < 0 ||
        shorten_field(table, result, LAST_CHILD, 1) < 0) {
        return -1;
    }
    broken = list_broken(table);
    if (broken == NULL) {
        return -1;
    }
    PyStructSequence_SetItem(result, BROKEN_LIST, broken);
    return 0;
}

static PyObject *
make_table(KernelState *state, Span idx, Span pack, size_t hash_len, PyObject *forget)
{
    PyThreadState *saved;
    PyObject *result;
    Problem problem;
    Table table;

    memset(&table, 0, sizeof table);
    table.idx = idx;
    table.pack = pack;
    table.hash_len = hash_len;
    saved = kernel_release_gil(idx.len);
    problem = check_heads(&table);
    kernel_retake_gil(saved);
    if (problem != NULL) {
        return kernel_raise(state->error, problem);
    }
    result = PyStructSequence_New(state->pack_table);
    if (result == NULL) {
        return NULL;
    }
    if (make_fields(&table, result) < 0) {
        Py_DECREF(result);
        return NULL;
    }
    problem = fill_table(&table, forget);
    if (problem != NULL && problem != CALL_FAILED) {
        kernel_raise(state->error, problem);
    }
    if (problem != NULL || finish_fields(&table, result) < 0) {
        Py_CLEAR(result);
    }
    PyMem_RawFree(table.scratch);
    return result;
}

PyObject *
kernel_pack_table(PyObject *module, PyObject *const *args, Py_ssize_t given)
{
    KernelState *state = kernel_state(module);
    Py_buffer idx_view, pack_view;
    PyObject *result = NULL;
    Span idx, pack;
    size_t hash_len;

    if (kernel_arguments("pack_table", given, given == 4 ? 4 : 3) < 0 || kernel_hash_len(state->error, args[2], &hash_len) < 0) {
        return NULL;
    }
    if (kernel_open(args[0], &idx_view, &idx) < 0) {
        return NULL;
    }
    if (kernel_open(args[1], &pack_view, &pack) == 0) {
        result = make_table(state, idx, pack, hash_len, given == 4 ? args[3] : NULL);
        PyBuffer_Release(&pack_view);
    }
    PyBuffer_Release(&idx_view);
    return result;
}
