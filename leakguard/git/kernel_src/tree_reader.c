/* The type TreeReader: what the trees of a walk name, each entry looked at once.
 *
 * A tree that is an edit of another one shares most entries with it. Where an entry begins is known of the base; from
 * a place where an entry begins in the base, bytes that were copied are the same entries. So only what lies between
 * the copies is read, and of the rest is taken over where it begins and what it was found to be.
 */
#include "edges.h"
#include "name_lines.h"
#include "reader.h"
#include "tree.h"

#include <structmember.h>

/* After so many trees a walk is told, so that what was read can be taken, and the pack's pages forgotten. */
#define TOLD_EVERY 500

static const char OUT_OF_RANGE[] = "the tree's number is out of range";

/* An entry that matters: where it begins in its tree, and its position in a table. */
typedef struct {
    uint32_t start;
    int32_t position;
} Mark;

/* What is known of the tree at one depth of the chain. */
typedef struct {
    uint64_t serial; /* of the chain's link that this is about; 0 for none */
    Grow starts;     /* uint32_t, where each entry begins, and the tree's length */
    Grow subtrees;   /* Mark, in the table of trees */
    Grow contents;   /* Mark, in the table of blobs */
    Grow wanted;     /* Mark, entries with a name that is asked for */
} Level;

/* The names that are asked for, and a bit map of their lengths and ends that turns most others away. */
typedef struct {
    uint32_t bits[32];
    Span *names; /* NULL when nothing is asked for */
    size_t count;
} Names;

static inline unsigned
name_bit(const uint8_t *name, size_t len)
{
    return (unsigned)(len * 37 + name[0] * 5u + name[len - 1]) & 1023;
}

static void
add_name(Names *names, const uint8_t *name, size_t len)
{
    unsigned bit;

    if (len == 0) {
        return; /* No entry has it. */
    }
    bit = name_bit(name, len);
    names->bits[bit >> 5] |= UINT32_C(1) << (bit & 31);
    names->names[names->count].at = name;
    names->names[names->count].len = len;
    names->count++;
}

/* Reads the set, whose strings live as long as the caller holds it. */
static int
open_names(Names *names, PyObject *set)
{
    PyObject *iterator, *item;
    Py_ssize_t room;

    memset(names, 0, sizeof *names);
    if (set == Py_None) {
        return 0;
    }
    if (!PyFrozenSet_Check(set)) {
        PyErr_SetString(PyExc_TypeError, "names must be a frozenset of bytes or None");
        return -1;
    }
    room = PySet_Size(set);
    names->names = PyMem_RawCalloc((size_t)room + 1, sizeof(Span));
    iterator = names->names != NULL ? PyObject_GetIter(set) : PyErr_NoMemory();
    while (iterator != NULL && (item = PyIter_Next(iterator)) != NULL) {
        if (!PyBytes_CheckExact(item)) {
            PyErr_SetString(PyExc_TypeError, "names must be a frozenset of bytes or None");
        }
        else if (names->count < (size_t)room) {
            add_name(names, (const uint8_t *)PyBytes_AS_STRING(item), (size_t)PyBytes_GET_SIZE(item));
        }
        Py_DECREF(item);
        if (PyErr_Occurred()) {
            break;
        }
    }
    Py_XDECREF(iterator);
    return PyErr_Occurred() ? -1 : 0;
}

static int
is_asked_for(const Names *names, const Entry *entry)
{
    unsigned bit = name_bit(entry->name, entry->name_len);
    size_t number;

    if (!(names->bits[bit >> 5] >> (bit & 31) & 1)) {
        return 0;
    }
    for (number = 0; number < names->count; number++) {
        const Span *name = &names->names[number];
        if (name->len == entry->name_len && memcmp(name->at, entry->name, name->len) == 0) {
            return 1;
        }
    }
    return 0;
}

typedef struct {
    PyObject_HEAD
    PyObject *chain_object;
    PyObject *trees_object;
    PyObject *blobs_object;
    PyObject *names_object; /* keeps the strings of `names` alive */
    const OidTable *trees;
    const OidTable *blobs;
    Names names;
    size_t least;
    int strict;
    Py_ssize_t missing;
    Py_ssize_t count; /* trees of walks */
    Level *levels;
    size_t room;
    size_t used;
    Level spare; /* the arrays of a level that was dropped, for the next one that is made */
    /* What was read since the last take(). */
    EdgeWriter edges;
    Grow subtrees; /* of one tree */
    Grow holders; /* int32_t pairs: tree, position in blobs */
    NameLines gathered;
    Grow absent; /* ids */
} TreeReader;

static void
free_level(Level *level)
{
    grow_free(&level->starts);
    grow_free(&level->subtrees);
    grow_free(&level->contents);
    grow_free(&level->wanted);
}

static void
drop_level(TreeReader *reader, Level *level)
{
    free_level(&reader->spare);
    reader->spare = *level;
    memset(level, 0, sizeof *level);
}

/* Empties a level, which is to be made anew. */
static void
begin_level(TreeReader *reader, Level *level)
{
    if (level->starts.at == NULL) {
        free_level(level);
        *level = reader->spare;
        memset(&reader->spare, 0, sizeof reader->spare);
    }
    level->serial = 0;
    level->starts.used = level->subtrees.used = level->contents.used = level->wanted.used = 0;
}

static Problem
make_levels(TreeReader *reader, size_t depth)
{
    void *levels = reader->levels;
    Problem problem = reach_index(&levels, &reader->room, sizeof *reader->levels, depth);

    reader->levels = levels;
    return problem;
}

/* ---- one tree ------------------------------------------------------------------------------- */

static Problem
add_mark(Grow *marks, size_t start, int32_t position)
{
    Mark mark = {(uint32_t)start, position};

    return grow_append(marks, &mark, sizeof mark);
}

static Problem
add_absent(TreeReader *reader, const uint8_t *oid)
{
    reader->missing++;
    return grow_append(&reader->absent, oid, reader->trees->hash_len);
}

/* Takes in an entry that the base does not have. */
static Problem
see_entry(TreeReader *reader, Level *level, size_t start, const Entry *entry)
{
    unsigned kind = entry->mode & KIND_MASK;
    int is_tree = kind == KIND_TREE;
    uint32_t at = (uint32_t)start;
    Problem problem = grow_append(&level->starts, &at, sizeof at);
    int32_t position;

    if (problem == NULL && reader->names.names == NULL && entry->name_len >= reader->least) {
        problem = name_lines_add(&reader->gathered, entry->name, entry->name_len);
    }
    if (problem == NULL && reader->names.count > 0 && is_asked_for(&reader->names, entry)) {
        problem = add_mark(&level->wanted, start, 0);
    }
    if (problem != NULL || kind == KIND_COMMIT) {
        return problem;
    }
    position = is_tree ? oid_find(reader->trees, entry->oid) : -1;
    if (position >= 0) {
        return add_mark(&level->subtrees, start, position);
    }
    position = oid_find(reader->blobs, entry->oid);
    if (position >= 0) {
        return add_mark(&level->contents, start, position);
    }
    if (is_tree || (reader->strict && oid_find(reader->trees, entry->oid) < 0)) {
        return add_absent(reader, entry->oid);
    }
    return NULL;
}

/* The first of `count` ascending numbers, each at the start of `width` bytes, that is not before `least`. */
static size_t
lower_bound(const uint8_t *at, size_t width, size_t count, uint32_t least)
{
    size_t low = 0;

    while (count > 0) {
        size_t half = count / 2;
        uint32_t value;
        memcpy(&value, at + (low + half) * width, sizeof value);
        low += value < least ? count - half : 0;
        count = half;
    }
    return low;
}

/* The same, of which something is known: it mostly is at `guess`, or soon after. */
static size_t
lower_bound_near(const Grow *numbers, size_t width, size_t guess, uint32_t least)
{
    size_t count = numbers->used / width, low = 0, step = 1;
    uint32_t value;

    if (guess > 0 && guess <= count) {
        memcpy(&value, numbers->at + (guess - 1) * width, sizeof value);
        if (value >= least) {
            return lower_bound(numbers->at, width, guess - 1, least);
        }
        low = guess;
    }
    for (; low + step <= count; step *= 2) {
        memcpy(&value, numbers->at + (low + step - 1) * width, sizeof value);
        if (value >= least) {
            return low + lower_bound(numbers->at + low * width, width, step - 1, least);
        }
        low += step;
    }
    return low + lower_bound(numbers->at + low * width, width, count - low, least);
}

/* Takes over the marks of the base's [from, to), moved by `shift`. *done is where those of the time before ended. */
static Problem
carry_marks(const Grow *base, Grow *marks, size_t *done, uint32_t from, uint32_t to, uint32_t shift)
{
    size_t low, high;
    Problem problem;

    if (base->used == 0) {
        return NULL;
    }
    low = lower_bound_near(base, sizeof(Mark), *done, from);
    high = *done = lower_bound_near(base, sizeof(Mark), low, to);
    problem = grow_reserve(marks, (high - low) * sizeof(Mark));
    if (problem == NULL && high > low) {
        const Mark *mark = (const Mark *)(const void *)base->at + low, *end = mark + (high - low);
        Mark *carried = (Mark *)(void *)(marks->at + marks->used);
        for (; mark < end; mark++, carried++) {
            carried->start = mark->start + shift;
            carried->position = mark->position;
        }
        marks->used += (high - low) * sizeof(Mark);
    }
    return problem;
}

/* How far a base was gone through: places in its arrays. */
typedef struct {
    size_t entry;
    size_t subtree;
    size_t content;
    size_t wanted;
} Cursor;

/* Takes over the base's entries [first, last). */
static Problem
carry_entries(const Level *base, Level *level, Cursor *cursor, size_t first, size_t last, uint32_t shift)
{
    const uint32_t *starts = (const uint32_t *)(const void *)base->starts.at;
    uint32_t from = starts[first], to = starts[last], *carried;
    Problem problem = grow_reserve(&level->starts, (last - first) * sizeof *starts);
    size_t number;

    if (problem != NULL) {
        return problem;
    }
    carried = (uint32_t *)(void *)(level->starts.at + level->starts.used);
    for (number = first; number < last; number++) {
        carried[number - first] = starts[number] + shift;
    }
    level->starts.used += (last - first) * sizeof *starts;
    problem = carry_marks(&base->subtrees, &level->subtrees, &cursor->subtree, from, to, shift);
    if (problem == NULL) {
        problem = carry_marks(&base->contents, &level->contents, &cursor->content, from, to, shift);
    }
    return problem != NULL ? problem : carry_marks(&base->wanted, &level->wanted, &cursor->wanted, from, to, shift);
}

/* Takes over the entries of the base that lie whole in [at, copy's end). *at moves to the end of the last one. */
static Problem
follow_copy(const Level *base, Level *level, Cursor *cursor, const Copy *copy, size_t *at)
{
    const uint32_t *starts = (const uint32_t *)(const void *)base->starts.at;
    size_t entries = base->starts.used / sizeof *starts - 1; /* the last number is the tree's length */
    uint32_t shift = (uint32_t)copy->shift; /* modulo 2^32, as all trees are shorter */
    uint32_t from = (uint32_t)((int64_t)*at - copy->shift), end = (uint32_t)(copy->end - copy->shift);
    size_t first = lower_bound_near(&base->starts, sizeof *starts, cursor->entry, from), last = first;

    cursor->entry = first;
    if (first >= entries || starts[first] != from) {
        return NULL;
    }
    if (end == starts[entries]) {
        last = entries;
    }
    else if (starts[first + 1] <= end) {
        last += lower_bound(base->starts.at + (first + 1) * sizeof *starts, sizeof *starts, entries - first, end + 1);
    }
    if (last == first) {
        return NULL;
    }
    cursor->entry = last;
    *at = (size_t)starts[last] + (size_t)copy->shift;
    return carry_entries(base, level, cursor, first, last, shift);
}

/* Reads the entry at *at, and moves on to its end. */
static Problem
read_entry(TreeReader *reader, Span tree, Level *level, size_t *at)
{
    const uint8_t *next = tree.at + *at;
    Entry entry;
    Problem problem = tree_entry(&next, tree.at + tree.len, reader->trees->hash_len, &entry);

    if (problem == NULL) {
        problem = see_entry(reader, level, *at, &entry);
        *at = (size_t)(next - tree.at);
    }
    return problem;
}

static Problem
read_tree(TreeReader *reader, Span tree, const Level *base, const Grow *copies, Level *level)
{
    const Copy *copy = (const Copy *)(const void *)copies->at;
    const Copy *copies_end = base != NULL ? copy + copies->used / sizeof *copy : copy;
    size_t at = 0;
    uint32_t len = (uint32_t)tree.len;
    Cursor cursor = {0, 0, 0, 0};
    Problem problem = NULL;

    while (at < tree.len && problem == NULL) {
        for (; copy < copies_end && copy->end <= (int64_t)at; copy++) {
        }
        if (copy < copies_end && copy->start <= (int64_t)at) {
            problem = follow_copy(base, level, &cursor, copy, &at);
        }
        if (problem == NULL && (copy == copies_end || (int64_t)at < copy->end)) {
            problem = read_entry(reader, tree, level, &at);
        }
    }
    return problem != NULL ? problem : grow_append(&level->starts, &len, sizeof len);
}

/* ---- what is told of it --------------------------------------------------------------------- */

static Problem
tell_tree(TreeReader *reader, const Level *level, int32_t number)
{
    const Mark *subtrees = (const Mark *)(const void *)level->subtrees.at;
    const Mark *contents = (const Mark *)(const void *)level->contents.at;
    size_t count = level->subtrees.used / sizeof *subtrees, held = level->contents.used / sizeof *contents;
    Problem problem;

    reader->subtrees.used = 0;
    problem = grow_reserve(&reader->subtrees, count * sizeof number);
    if (problem == NULL && count > 0) {
        int32_t *positions = (int32_t *)(void *)reader->subtrees.at;
        for (size_t at = 0; at < count; at++) {
            positions[at] = subtrees[at].position;
        }
        problem = edges_add(&reader->edges, number, positions, count);
    }
    for (size_t at = 0; at < held && problem == NULL; at++) {
        int32_t pair[2] = {number, contents[at].position};
        problem = grow_append(&reader->holders, pair, sizeof pair);
    }
    return problem;
}

static Problem
read_link(TreeReader *reader, size_t depth, int32_t number)
{
    const Chain *chain = (const Chain *)reader->chain_object;
    const Link *link = &chain->links[depth];
    Level *level, *base = NULL;
    size_t lines = reader->gathered.lines.used, absent = reader->absent.used;
    Problem problem = make_levels(reader, depth);

    if (problem != NULL) {
        return problem;
    }
    if (link->content.len > UINT32_MAX / 2) {
        return "the tree is over the size limit";
    }
    for (; reader->used > depth + 1; reader->used--) {
        drop_level(reader, &reader->levels[reader->used - 1]);
    }
    reader->used = depth + 1;
    level = &reader->levels[depth];
    if (depth > 0 && depth == chain->depth && chain->base_serial != 0 &&
        reader->levels[depth - 1].serial == chain->base_serial) {
        base = &reader->levels[depth - 1];
    }
    begin_level(reader, level);
    problem = read_tree(reader, link->content, base, &chain->copies, level);
    if (base != NULL && chain->links[depth - 1].serial == 0) {
        drop_level(reader, base); /* nothing more will be made of it */
    }
    if (problem != NULL) {
        name_lines_cut(&reader->gathered, lines);
        reader->absent.used = absent;
        return problem;
    }
    level->serial = link->serial;
    return reader->blobs->count > 0 || reader->names.names != NULL ? tell_tree(reader, level, number) : NULL;
}

static Problem
tree_reader_take(PyObject *object, int64_t number, unsigned Py_UNUSED(kind), int *tell)
{
    TreeReader *reader = (TreeReader *)object;
    size_t depth = ((const Chain *)reader->chain_object)->depth;
    int32_t first = oid_first(reader->trees, number); /* all numbers of one object stand for the first */
    Problem problem = first >= 0 ? read_link(reader, depth, first) : OUT_OF_RANGE;

    reader->count++;
    if (problem == NULL) {
        *tell = reader->levels[depth].wanted.used > 0 || reader->count % TOLD_EVERY == 0;
    }
    return problem;
}

Reader
tree_reader_open(PyObject *object)
{
    Reader opened = {object, (Chain *)((TreeReader *)object)->chain_object, KIND_BIT(OBJECT_TREE), tree_reader_take};

    return opened;
}

/* ---- the Python side ------------------------------------------------------------------------ */

static PyObject *
reader_read(PyObject *self, PyObject *const *args, Py_ssize_t given)
{
    TreeReader *reader = (TreeReader *)self;
    KernelState *state = PyType_GetModuleState(Py_TYPE(self));
    const Chain *chain = (const Chain *)reader->chain_object;
    Py_ssize_t depth;
    long long number;
    Problem problem;

    if (state == NULL || kernel_arguments("read", given, 2) < 0) {
        return NULL;
    }
    depth = PyNumber_AsSsize_t(args[0], PyExc_OverflowError);
    if (depth == -1 && PyErr_Occurred()) {
        return NULL;
    }
    number = PyLong_AsLongLong(args[1]);
    if (number == -1 && PyErr_Occurred()) {
        return NULL;
    }
    if (depth < 0 || !chain_holds(chain, (size_t)depth)) {
        return kernel_raise(state->error, "nothing is held at this depth");
    }
    if (number < 0 || number > INT32_MAX) {
        return kernel_raise(state->error, OUT_OF_RANGE);
    }
    if (chain->busy) {
        PyErr_SetString(PyExc_RuntimeError, "the chain is in use by another thread");
        return NULL;
    }
    problem = read_link(reader, (size_t)depth, (int32_t)number);
    if (problem != NULL) {
        return kernel_raise(state->error, problem);
    }
    return PyBool_FromLong(reader->levels[depth].wanted.used > 0);
}

static PyObject *
reader_take(PyObject *self, PyObject *Py_UNUSED(unused))
{
    TreeReader *reader = (TreeReader *)self;
    Grow *parts[] = {&reader->edges.rows, &reader->holders, &reader->gathered.lines, &reader->absent};
    PyObject *taken = PyTuple_New(4);
    Py_ssize_t number;

    for (number = 0; taken != NULL && number < 4; number++) {
        PyObject *bytes = grow_to_bytes(parts[number]);
        if (bytes == NULL) {
            Py_CLEAR(taken);
        }
        else {
            PyTuple_SET_ITEM(taken, number, bytes);
        }
    }
    if (taken != NULL) {
        edges_restart(&reader->edges);
        grow_free(&reader->holders);
        grow_free(&reader->gathered.lines);
        grow_free(&reader->absent);
    }
    return taken;
}

static int
set_up(TreeReader *reader, KernelState *state)
{
    if (!Py_IS_TYPE(reader->chain_object, state->chain)) {
        PyErr_SetString(PyExc_TypeError, "chain must be a Chain");
        return -1;
    }
    if (!Py_IS_TYPE(reader->trees_object, state->oid_table) || !Py_IS_TYPE(reader->blobs_object, state->oid_table)) {
        PyErr_SetString(PyExc_TypeError, "trees and blobs must be OidTables");
        return -1;
    }
    reader->trees = (const OidTable *)reader->trees_object;
    reader->blobs = (const OidTable *)reader->blobs_object;
    reader->gathered.seed = reader->trees->seed;
    if (reader->trees->hash_len != reader->blobs->hash_len) {
        kernel_raise(state->error, "the two tables' ids differ in length");
        return -1;
    }
    return open_names(&reader->names, reader->names_object);
}

static PyObject *
reader_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    static char *keys[] = {"chain", "trees", "blobs", "names", "least", "strict", NULL};
    KernelState *state = PyType_GetModuleState(type);
    PyObject *chain, *trees, *blobs, *names;
    TreeReader *reader;
    Py_ssize_t least;
    int strict = 0;

    if (state == NULL || !PyArg_ParseTupleAndKeywords(args, keywords, "OOOOn|p", keys, &chain, &trees, &blobs, &names,
                                                      &least, &strict)) {
        return NULL;
    }
    reader = (TreeReader *)type->tp_alloc(type, 0);
    if (reader == NULL) {
        return NULL;
    }
    reader->chain_object = Py_NewRef(chain);
    reader->trees_object = Py_NewRef(trees);
    reader->blobs_object = Py_NewRef(blobs);
    reader->names_object = Py_NewRef(names);
    reader->least = least > 0 ? (size_t)least : 0;
    reader->strict = strict;
    if (set_up(reader, state) < 0) {
        Py_DECREF(reader);
        return NULL;
    }
    return (PyObject *)reader;
}

static void
reader_dealloc(PyObject *self)
{
    TreeReader *reader = (TreeReader *)self;
    PyTypeObject *type = Py_TYPE(self);

    for (; reader->used > 0; reader->used--) {
        free_level(&reader->levels[reader->used - 1]);
    }
    free_level(&reader->spare);
    PyMem_RawFree(reader->levels);
    PyMem_RawFree(reader->names.names);
    edges_free(&reader->edges);
    grow_free(&reader->subtrees);
    grow_free(&reader->holders);
    name_lines_free(&reader->gathered);
    grow_free(&reader->absent);
    Py_XDECREF(reader->chain_object);
    Py_XDECREF(reader->trees_object);
    Py_XDECREF(reader->blobs_object);
    Py_XDECREF(reader->names_object);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyMethodDef methods[] = {
    {"read", (PyCFunction)(void (*)(void))reader_read, METH_FASTCALL,
     PyDoc_STR("read($self, depth, number, /)\n--\n\nRead the tree at a depth of the chain.")},
    {"take", reader_take, METH_NOARGS, PyDoc_STR("take($self, /)\n--\n\nWhat was read since the last take().")},
    {NULL, NULL, 0, NULL},
};

static PyMemberDef members[] = {
    {"count", T_PYSSIZET, offsetof(TreeReader, count), READONLY, "how many trees walks came to"},
    {"missing", T_PYSSIZET, offsetof(TreeReader, missing), READONLY, "how many objects were named that are not known"},
    {NULL, 0, 0, 0, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_doc, (void *)PyDoc_STR("TreeReader(chain, trees, blobs, names, least, strict=False)\n--\n\n"
                                  "What the trees of a walk name, each entry looked at once.")},
    {Py_tp_new, (void *)reader_new},
    {Py_tp_dealloc, (void *)reader_dealloc},
    {Py_tp_methods, methods},
    {Py_tp_members, members},
    {0, NULL},
};

/* Not a base type: its methods find the module's state through the exact type. */
PyType_Spec tree_reader_spec = {
    "leakguard.git._kernel.TreeReader", sizeof(TreeReader), 0, Py_TPFLAGS_DEFAULT, slots,
};
