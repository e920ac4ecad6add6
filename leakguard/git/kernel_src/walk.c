/* The type Walk: every object of some kinds in a span of a pack's order, bases before what is built on them. */
#include "inflate.h"
#include "reader.h"

#include <structmember.h>

/* Packed bytes up to which a library is asked for all at once: a hostile stream of this size cannot unfold to over 64 MB. */
#define TRUSTED ((size_t)64 << 10)
/* Bytes of what is copied rather than cut off. */
#define SMALL ((size_t)4 << 10)
/* Bytes of memory that are kept for the next delta. */
#define MOST_SCRATCH ((size_t)1 << 20)
/* Ctrl-C is looked for once in so many objects. */
#define SIGNALS_EVERY 1024
#define WINDOW_BITS 15
/* A byte that is read has the system map what is around it: 64 kB, or more where the file was written in larger parts.
 * After so many areas of 2^18 bytes the pages are given back: a family of deltas may lie all over its pack, and other
 * families lie there as well, so that fewer areas would be mapped again and again. */
#define AREA_BITS 18
#define MOST_AREAS 16

static const char BASE_FAILED[] = "is built on an object that cannot be read";

/* A column of a pack's table. */
typedef struct {
    PyObject *object;
    const void *at;
    size_t count;
} Column;

typedef struct {
    PyObject_HEAD
    Reader reader;
    PyObject *decompress;
    PyObject *inflate;
    PyObject *release;
    PyObject *window_bits;
    Inflater *inflater;
    Grow scratch; /* what was inflated last, where that is no object */
    Py_buffer view; /* keeps the pack mapped */
    Span pack;
    PyObject *areas; /* a bytearray, a bit an area: read since the pages were given back; all walks over a pack share it */
    size_t area_count;
    Column order;   /* int32_t */
    Column depths;  /* int32_t */
    Column last;    /* flags */
    Column types;   /* uint8_t */
    Column offsets; /* int64_t, one more than objects */
    Column heads;   /* uint8_t */
    Column sizes;   /* int64_t */
    size_t at;
    size_t end;
    int64_t first;  /* added to the numbers that are told */
    int64_t broken; /* the depth at which the last object failed, or -1 */
    PyObject *problem;
} Walk;

/* Where an object lies in the pack, and the bytes that it has by its own word. */
typedef struct {
    size_t start;
    size_t end;
    size_t size;
} Place;

static int64_t
cell64(const Column *column, size_t row)
{
    return ((const int64_t *)column->at)[row];
}

static int32_t
cell32(const Column *column, size_t row)
{
    return ((const int32_t *)column->at)[row];
}

static int
set_problem(Walk *walk, Problem problem)
{
    if (problem == kernel_no_memory) {
        PyErr_NoMemory();
        return -1;
    }
    if (problem == kernel_raised) {
        return -1;
    }
    Py_XSETREF(walk->problem, PyUnicode_FromString(problem));
    return walk->problem != NULL ? 0 : -1;
}

/* Where an object lies and how large it is by its own word; 0 where that cannot be, or is too much. */
static int
is_placed(const Walk *walk, size_t number, Place *place)
{
    int64_t start = cell64(&walk->offsets, number) + ((const uint8_t *)walk->heads.at)[number];
    int64_t end = cell64(&walk->offsets, number + 1), size = cell64(&walk->sizes, number);

    if (start < 0 || end < start || (uint64_t)end > walk->pack.len || size < 0 ||
        (uint64_t)size > walk->reader.chain->limit || size / INFLATE_MOST_TIMES > end - start) {
        return 0;
    }
    place->start = (size_t)start;
    place->end = (size_t)end;
    place->size = (size_t)size;
    return 1;
}

/* Gives the pages back of what was read. */
static int
release(Walk *walk)
{
    PyObject *done = PyObject_CallNoArgs(walk->release);

    Py_XDECREF(done);
    return done != NULL ? PyByteArray_Resize(walk->areas, 0) : -1;
}

/* Has a bit for each area, where the pages were given back or nothing was read yet. */
static int
begin_areas(Walk *walk)
{
    Py_ssize_t size = (Py_ssize_t)(walk->pack.len >> AREA_BITS >> 3) + 1;

    if (PyByteArray_GET_SIZE(walk->areas) == size) {
        return 0;
    }
    if (PyByteArray_Resize(walk->areas, size) < 0) {
        return -1;
    }
    memset(PyByteArray_AS_STRING(walk->areas), 0, (size_t)size);
    walk->area_count = 0;
    return 0;
}

/* Counts the areas that the walks before this one left mapped. */
static void
count_areas(Walk *walk)
{
    const uint8_t *bits = (const uint8_t *)PyByteArray_AS_STRING(walk->areas);
    size_t bit, count = (size_t)PyByteArray_GET_SIZE(walk->areas) * 8;

    for (bit = 0; bit < count; bit++) {
        walk->area_count += bits[bit >> 3] >> (bit & 7) & 1;
    }
}

/* To be called before the bytes in [start, end) of the pack are read. */
static int
touch(Walk *walk, size_t start, size_t end)
{
    size_t area;

    for (area = start >> AREA_BITS; area <= end >> AREA_BITS; area++) {
        char bit = (char)(1u << (area & 7));
        if (begin_areas(walk) < 0) {
            return -1;
        }
        if (PyByteArray_AS_STRING(walk->areas)[area >> 3] & bit) {
            continue;
        }
        if (walk->area_count >= MOST_AREAS && (release(walk) < 0 || begin_areas(walk) < 0)) {
            return -1;
        }
        PyByteArray_AS_STRING(walk->areas)[area >> 3] |= bit;
        walk->area_count++;
    }
    return 0;
}

/* Inflates an object to `out`, which has room for INFLATE_PADDING more. -1 where a library has to be asked. */
static int
read_object(Walk *walk, const Place *place, uint8_t *out)
{
    PyThreadState *saved = kernel_release_gil(place->size);
    int failed = inflater_read(walk->inflater, walk->pack, place->start, place->end, out, place->size);

    kernel_retake_gil(saved);
    return failed;
}

/* The stored bytes of an object, until the next one is inflated; NULL where a library has to be asked. */
static const uint8_t *
inflate_scratch(Walk *walk, const Place *place)
{
    Problem problem = grow_reserve(&walk->scratch, place->size + INFLATE_PADDING);

    return problem == NULL && read_object(walk, place, walk->scratch.at) == 0 ? walk->scratch.at : NULL;
}

/* The same as an object. */
static PyObject *
inflate_object(Walk *walk, const Place *place)
{
    PyObject *stored = NULL;
    const uint8_t *scratch;

    if (place->size <= SMALL) {
        scratch = inflate_scratch(walk, place);
        if (scratch != NULL) {
            stored = PyBytes_FromStringAndSize((const char *)scratch, (Py_ssize_t)place->size);
        }
    }
    else {
        stored = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)(place->size + INFLATE_PADDING));
        if (stored != NULL && read_object(walk, place, (uint8_t *)PyBytes_AS_STRING(stored)) < 0) {
            Py_CLEAR(stored);
        }
        if (stored != NULL) {
            _PyBytes_Resize(&stored, (Py_ssize_t)place->size);
        }
    }
    if (stored == NULL) {
        PyErr_Clear(); /* If memory is wanting, the library says so. */
    }
    return stored;
}

/* The same from a library; NULL, perhaps without an exception, where something is unusual. */
static PyObject *
decompress(Walk *walk, const Place *place)
{
    PyObject *args[3] = {NULL, walk->window_bits, NULL}, *stored = NULL;

    if (place->end - place->start > TRUSTED) {
        return NULL;
    }
    args[0] = PyBytes_FromStringAndSize((const char *)walk->pack.at + place->start,
                                        (Py_ssize_t)(place->end - place->start));
    args[2] = PyLong_FromSize_t(place->size < TRUSTED ? place->size + 1 : TRUSTED);
    if (args[0] != NULL && args[2] != NULL) {
        stored = PyObject_Vectorcall(walk->decompress, args, 3, NULL);
    }
    Py_XDECREF(args[0]);
    Py_XDECREF(args[2]);
    if (stored != NULL && (!PyBytes_CheckExact(stored) || (size_t)PyBytes_GET_SIZE(stored) != place->size)) {
        Py_CLEAR(stored);
    }
    return stored;
}

/* Makes the exception that is set the walk's problem. */
static int
catch_problem(Walk *walk)
{
    PyObject *type, *value, *traceback;

    if (!PyErr_ExceptionMatches(PyExc_ValueError)) {
        return -1;
    }
    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    Py_XSETREF(walk->problem, PyObject_Str(value));
    Py_XDECREF(type);
    Py_XDECREF(value);
    Py_XDECREF(traceback);
    return walk->problem != NULL ? 0 : -1;
}

/* The stored bytes of an object that the inflater gave up, whose place is NULL where that cannot be. NULL with the walk's
 * problem set, or with an exception. */
static PyObject *
ask_library(Walk *walk, size_t number, const Place *place)
{
    PyObject *stored = place != NULL ? decompress(walk, place) : NULL;

    if (stored != NULL) {
        return stored;
    }
    if (PyErr_Occurred() && !PyErr_ExceptionMatches(PyExc_Exception)) {
        return NULL;
    }
    PyErr_Clear();
    stored = PyObject_CallFunction(walk->inflate, "n", (Py_ssize_t)number); /* It says what is wrong, if anything is. */
    if (stored == NULL) {
        catch_problem(walk);
    }
    else if (!PyBytes_CheckExact(stored)) {
        PyErr_SetString(PyExc_TypeError, "inflate must give bytes");
        Py_CLEAR(stored);
    }
    return stored;
}

static Problem
hold_root(Walk *walk, size_t number, const Place *place)
{
    PyObject *object = place != NULL ? inflate_object(walk, place) : NULL;
    Problem problem;

    if (object == NULL) {
        object = ask_library(walk, number, place);
    }
    if (object == NULL) {
        return kernel_raised;
    }
    problem = chain_begin(walk->reader.chain, object);
    Py_DECREF(object);
    return problem;
}

static Problem
hold_delta(Walk *walk, size_t number, const Place *place, size_t depth, int last)
{
    Span delta = {place != NULL ? inflate_scratch(walk, place) : NULL, place != NULL ? place->size : 0};
    PyObject *object = NULL;
    Problem problem;

    if (delta.at == NULL) {
        object = ask_library(walk, number, place);
        if (object == NULL) {
            return kernel_raised;
        }
        delta.at = (const uint8_t *)PyBytes_AS_STRING(object);
        delta.len = (size_t)PyBytes_GET_SIZE(object);
    }
    problem = chain_apply(walk->reader.chain, depth, delta, last);
    Py_XDECREF(object);
    if (walk->scratch.room > MOST_SCRATCH) {
        grow_free(&walk->scratch);
    }
    return problem;
}

/* Makes an object the chain's last. 0, or -1 with the walk's problem set or with an exception. */
static int
hold(Walk *walk, size_t at, size_t number, int32_t depth)
{
    Place room, *place = is_placed(walk, number, &room) ? &room : NULL;
    Problem problem;

    if (place != NULL && touch(walk, place->start, place->end) < 0) {
        return -1;
    }
    problem = depth == 0 ? hold_root(walk, number, place)
                         : hold_delta(walk, number, place, (size_t)depth, ((const uint8_t *)walk->last.at)[at]);
    if (problem != NULL) {
        set_problem(walk, problem);
        return -1;
    }
    return 0;
}

/* Takes one object in. Whether it is to be told, -1 with an exception; *depth becomes -1 where it could not be had. */
static int
visit(Walk *walk, size_t at, size_t number, unsigned kind, int32_t *depth)
{
    int tell = 0;
    Problem problem;

    if (walk->broken >= 0 && walk->broken < *depth) {
        *depth = -1;
        return set_problem(walk, BASE_FAILED) < 0 ? -1 : 1;
    }
    walk->broken = -1;
    if (hold(walk, at, number, *depth) < 0) {
        walk->broken = *depth;
        *depth = -1;
        return walk->problem != NULL && !PyErr_Occurred() ? 1 : -1;
    }
    problem = walk->reader.take(walk->reader.object, walk->first + (int64_t)number, kind, &tell);
    if (problem != NULL) {
        return set_problem(walk, problem) < 0 ? -1 : 1;
    }
    return tell;
}

static PyObject *
walk_next(PyObject *self)
{
    Walk *walk = (Walk *)self;
    Chain *chain = walk->reader.chain;

    Py_CLEAR(walk->problem);
    if (chain_enter(chain) < 0) {
        return NULL;
    }
    while (walk->at < walk->end) {
        size_t at = walk->at++, number = (size_t)cell32(&walk->order, at);
        int32_t depth = cell32(&walk->depths, at);
        unsigned kind;
        int told;

        if (number >= walk->types.count || depth < 0) {
            PyErr_SetString(PyExc_ValueError, "the table is no pack's");
            break;
        }
        kind = ((const uint8_t *)walk->types.at)[number];
        if (kind > OBJECT_TAG || !(walk->reader.kinds & KIND_BIT(kind))) {
            continue;
        }
        if (at % SIGNALS_EVERY == 0 && PyErr_CheckSignals() < 0) {
            break;
        }
        told = visit(walk, at, number, kind, &depth);
        if (told != 0) {
            chain->busy = 0;
            return told < 0 ? NULL : Py_BuildValue("(LIi)", (long long)walk->first + (long long)number, kind, (int)depth);
        }
    }
    chain->busy = 0;
    return NULL;
}

/* ---- the Python side ------------------------------------------------------------------------ */

static int
open_column(PyObject *table, const char *name, size_t width, Column *column)
{
    column->object = PyObject_GetAttrString(table, name);
    if (column->object == NULL) {
        return -1;
    }
    if (!PyBytes_CheckExact(column->object)) {
        PyErr_Format(PyExc_TypeError, "the table's %s must be bytes", name);
        return -1;
    }
    column->at = PyBytes_AS_STRING(column->object);
    column->count = (size_t)PyBytes_GET_SIZE(column->object) / width;
    return 0;
}

static int
open_table(Walk *walk, PyObject *table)
{
    if (open_column(table, "order", sizeof(int32_t), &walk->order) < 0 ||
        open_column(table, "depths", sizeof(int32_t), &walk->depths) < 0 ||
        open_column(table, "last_child", 1, &walk->last) < 0 || open_column(table, "types", 1, &walk->types) < 0 ||
        open_column(table, "offsets", sizeof(int64_t), &walk->offsets) < 0 ||
        open_column(table, "heads", 1, &walk->heads) < 0 ||
        open_column(table, "sizes", sizeof(int64_t), &walk->sizes) < 0) {
        return -1;
    }
    if (walk->depths.count < walk->order.count || walk->last.count < walk->order.count ||
        walk->offsets.count <= walk->types.count || walk->heads.count < walk->types.count ||
        walk->sizes.count < walk->types.count) {
        PyErr_SetString(PyExc_ValueError, "the table is no pack's");
        return -1;
    }
    return 0;
}

static int
open_reader(Walk *walk, PyObject *reader, KernelState *state)
{
    if (Py_IS_TYPE(reader, state->text_reader)) {
        walk->reader = text_reader_open(reader);
    }
    else if (Py_IS_TYPE(reader, state->tree_reader)) {
        walk->reader = tree_reader_open(reader);
    }
    else {
        PyErr_SetString(PyExc_TypeError, "reader must be a TextReader or a TreeReader");
        return -1;
    }
    Py_INCREF(reader);
    return 0;
}

static PyObject *
walk_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    static char *names[] = {"reader", "pack", "table", "begin", "end", "first", "decompress", "inflate", "release",
                             "areas", NULL};
    KernelState *state = PyType_GetModuleState(type);
    PyObject *reader, *pack, *table, *decompress, *inflating, *releasing, *areas;
    Py_ssize_t begin, end;
    long long first;
    Walk *walk;

    if (state == NULL || !PyArg_ParseTupleAndKeywords(args, keywords, "OOOnnLOOOO!", names, &reader, &pack, &table, &begin,
                                                      &end, &first, &decompress, &inflating, &releasing,
                                                      &PyByteArray_Type, &areas)) {
        return NULL;
    }
    walk = (Walk *)type->tp_alloc(type, 0);
    if (walk == NULL) {
        return NULL;
    }
    walk->broken = -1;
    walk->first = first;
    walk->decompress = Py_NewRef(decompress);
    walk->inflate = Py_NewRef(inflating);
    walk->release = Py_NewRef(releasing);
    walk->areas = Py_NewRef(areas);
    walk->window_bits = PyLong_FromLong(WINDOW_BITS);
    walk->inflater = inflater_new();
    if (walk->inflater == NULL) {
        Py_DECREF(walk);
        return PyErr_NoMemory();
    }
    if (walk->window_bits == NULL || open_reader(walk, reader, state) < 0 || open_table(walk, table) < 0 ||
        kernel_open(pack, &walk->view, &walk->pack) < 0) {
        Py_DECREF(walk);
        return NULL;
    }
    count_areas(walk);
    walk->at = begin > 0 ? (size_t)begin : 0;
    walk->end = end > 0 && (size_t)end < walk->order.count ? (size_t)end : end > 0 ? walk->order.count : 0;
    return (PyObject *)walk;
}

static void
walk_dealloc(PyObject *self)
{
    Walk *walk = (Walk *)self;
    PyTypeObject *type = Py_TYPE(self);
    Column *columns[] = {&walk->order, &walk->depths, &walk->last, &walk->types, &walk->offsets, &walk->heads, &walk->sizes};
    size_t number;

    if (walk->view.obj != NULL) {
        PyBuffer_Release(&walk->view);
    }
    for (number = 0; number < sizeof columns / sizeof *columns; number++) {
        Py_XDECREF(columns[number]->object);
    }
    Py_XDECREF(walk->reader.object);
    Py_XDECREF(walk->decompress);
    Py_XDECREF(walk->inflate);
    Py_XDECREF(walk->release);
    Py_XDECREF(walk->areas);
    Py_XDECREF(walk->window_bits);
    PyMem_RawFree(walk->inflater);
    grow_free(&walk->scratch);
    Py_XDECREF(walk->problem);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyMemberDef members[] = {
    {"problem", T_OBJECT, offsetof(Walk, problem), READONLY, "what is wrong with the object that was told last, or None"},
    {NULL, 0, 0, 0, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_doc, (void *)PyDoc_STR("Walk(reader, pack, table, begin, end, first, decompress, inflate, release, areas)\n--\n\n"
                                  "The objects of a span of a pack's order that somebody has to look at.")},
    {Py_tp_new, (void *)walk_new},
    {Py_tp_dealloc, (void *)walk_dealloc},
    {Py_tp_iter, (void *)PyObject_SelfIter},
    {Py_tp_iternext, (void *)walk_next},
    {Py_tp_members, members},
    {0, NULL},
};

/* Not a base type: its methods find the module's state through the exact type. */
PyType_Spec walk_spec = {
    "leakguard.git._kernel.Walk", sizeof(Walk), 0, Py_TPFLAGS_DEFAULT, slots,
};
