/* Tree objects: entries of "<octal mode> <name>\0<oid>", one after the other. */
#include "oid_table.h"

#define KIND_MASK 0170000u /* S_IFMT, by which git itself tells trees from the rest */
#define KIND_TREE 0040000u
#define KIND_COMMIT 0160000u
#define MODE_DIGITS 7

static const char TRUNCATED[] = "the tree is truncated";
static const char BAD_MODE[] = "a tree entry's mode is malformed";
static const char NO_NAME[] = "a tree entry has no name";

typedef struct {
    const uint8_t *name;
    size_t name_len;
    const uint8_t *oid;
    unsigned mode;
} Entry;

static inline Problem
read_mode(const uint8_t **at, const uint8_t *end, unsigned *mode)
{
    const uint8_t *start = *at, *here = start;
    unsigned value = 0;

    for (;; here++) {
        unsigned octal;
        if (here == end) {
            return TRUNCATED;
        }
        if (*here == ' ') {
            break;
        }
        octal = (unsigned)*here - '0';
        if (octal > 7 || here - start == MODE_DIGITS) {
            return BAD_MODE;
        }
        value = value << 3 | octal;
    }
    if (here == start) {
        return BAD_MODE;
    }
    *mode = value;
    *at = here + 1;
    return NULL;
}

static inline Problem
read_entry(const uint8_t **at, const uint8_t *end, size_t hash_len, Entry *entry)
{
    const uint8_t *nul;
    Problem problem = read_mode(at, end, &entry->mode);

    if (problem != NULL) {
        return problem;
    }
    nul = *at < end ? memchr(*at, 0, (size_t)(end - *at)) : NULL;
    if (nul == NULL) {
        return TRUNCATED;
    }
    if (nul == *at) {
        return NO_NAME;
    }
    if ((size_t)(end - nul - 1) < hash_len) {
        return TRUNCATED;
    }
    entry->name = *at;
    entry->name_len = (size_t)(nul - *at);
    entry->oid = nul + 1;
    *at = nul + 1 + hash_len;
    return NULL;
}

/* ---- parse_tree ----------------------------------------------------------------------------- */

static int
add_entry(PyObject *list, const Entry *entry, size_t hash_len)
{
    PyObject *tuple = Py_BuildValue("(Iy#y#)", entry->mode, entry->name, (Py_ssize_t)entry->name_len, entry->oid,
                                    (Py_ssize_t)hash_len);
    int failed = tuple == NULL || PyList_Append(list, tuple) < 0;

    Py_XDECREF(tuple);
    return failed ? -1 : 0;
}

static PyObject *
parse_tree(PyObject *error, Span data, size_t hash_len)
{
    const uint8_t *at = data.at, *end = data.at + data.len;
    PyObject *list = PyList_New(0);

    while (list != NULL && at < end) {
        Entry entry;
        Problem problem = read_entry(&at, end, hash_len, &entry);
        if (problem != NULL) {
            kernel_raise(error, problem);
            Py_CLEAR(list);
        }
        else if (add_entry(list, &entry, hash_len) < 0) {
            Py_CLEAR(list);
        }
    }
    return list;
}

PyObject *
kernel_parse_tree(PyObject *module, PyObject *const *args, Py_ssize_t given)
{
    PyObject *error = kernel_state(module)->error, *list;
    Py_buffer view;
    Span data;
    size_t hash_len;

    if (kernel_arguments("parse_tree", given, 2) < 0 || kernel_hash_len(error, args[1], &hash_len) < 0) {
        return NULL;
    }
    if (kernel_open(args[0], &view, &data) < 0) {
        return NULL;
    }
    list = parse_tree(error, data, hash_len);
    PyBuffer_Release(&view);
    return list;
}

/* ---- tree_edges ----------------------------------------------------------------------------- */

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
    const OidTable *trees;
    const OidTable *blobs;
    Names names;
    Grow subtrees;
    Grow contents;
    int named;
} Edges;

static Problem
see_entry(Edges *edges, const Entry *entry)
{
    unsigned kind = entry->mode & KIND_MASK;
    int is_tree = kind == KIND_TREE;
    int32_t position;

    if (edges->names.count > 0 && !edges->named) {
        edges->named = is_asked_for(&edges->names, entry);
    }
    if (kind == KIND_COMMIT) {
        return NULL;
    }
    position = oid_find(is_tree ? edges->trees : edges->blobs, entry->oid);
    if (position < 0) {
        return NULL;
    }
    return grow_append(is_tree ? &edges->subtrees : &edges->contents, &position, sizeof position);
}

static Problem
walk_tree(Edges *edges, Span data)
{
    const uint8_t *at = data.at, *end = data.at + data.len;
    Problem problem = NULL;

    while (at < end && problem == NULL) {
        Entry entry;
        problem = read_entry(&at, end, edges->trees->hash_len, &entry);
        if (problem == NULL) {
            problem = see_entry(edges, &entry);
        }
    }
    return problem;
}

static PyObject *
edges_to_tuple(const Edges *edges)
{
    PyObject *subtrees = grow_to_bytes(&edges->subtrees);
    PyObject *contents = grow_to_bytes(&edges->contents);
    PyObject *result = NULL;

    if (subtrees != NULL && contents != NULL) {
        result = PyTuple_Pack(3, subtrees, contents, edges->named ? Py_True : Py_False);
    }
    Py_XDECREF(subtrees);
    Py_XDECREF(contents);
    return result;
}

static PyObject *
tree_edges(PyObject *error, Edges *edges, Span data, PyObject *names)
{
    PyObject *result = NULL;

    if (open_names(&edges->names, names) == 0) {
        PyThreadState *saved = kernel_release_gil(data.len);
        Problem problem = walk_tree(edges, data);
        kernel_retake_gil(saved);
        result = problem == NULL ? edges_to_tuple(edges) : kernel_raise(error, problem);
    }
    PyMem_RawFree(edges->names.names);
    grow_free(&edges->subtrees);
    grow_free(&edges->contents);
    return result;
}

PyObject *
kernel_tree_edges(PyObject *module, PyObject *const *args, Py_ssize_t given)
{
    KernelState *state = kernel_state(module);
    PyObject *result;
    Py_buffer view;
    Edges edges;
    Span data;
    size_t hash_len;

    if (kernel_arguments("tree_edges", given, 5) < 0 || kernel_hash_len(state->error, args[1], &hash_len) < 0) {
        return NULL;
    }
    if (!Py_IS_TYPE(args[2], state->oid_table) || !Py_IS_TYPE(args[3], state->oid_table)) {
        PyErr_SetString(PyExc_TypeError, "trees and blobs must be OidTables");
        return NULL;
    }
    memset(&edges, 0, sizeof edges);
    edges.trees = (const OidTable *)args[2];
    edges.blobs = (const OidTable *)args[3];
    if (edges.trees->hash_len != hash_len || edges.blobs->hash_len != hash_len) {
        return kernel_raise(state->error, "the tree's ids have another length than the tables'");
    }
    if (kernel_open(args[0], &view, &data) < 0) {
        return NULL;
    }
    result = tree_edges(state->error, &edges, data, args[4]);
    PyBuffer_Release(&view);
    return result;
}

/* ---- append_names --------------------------------------------------------------------------- */

#define ROW_BYTES (5 * sizeof(int64_t))
#define ROW_COPY_START (3 * sizeof(int64_t))

/* Whether [start, end) lies in one clean copy. `row` walks along: entries and copies both ascend. */
static int
is_copied(Span clean, size_t *row, int64_t start, int64_t end)
{
    int64_t copy[2];

    for (; *row < clean.len; *row += ROW_BYTES) {
        memcpy(copy, clean.at + *row + ROW_COPY_START, sizeof copy);
        if (copy[1] >= end) {
            return copy[0] <= start;
        }
    }
    return 0;
}

static Problem
add_line(Grow *lines, const Entry *entry)
{
    Problem problem = grow_reserve(lines, entry->name_len + 1);
    uint8_t *line, *newline;

    if (problem != NULL) {
        return problem;
    }
    line = lines->at + lines->used;
    memcpy(line, entry->name, entry->name_len);
    line[entry->name_len] = '\n';
    lines->used += entry->name_len + 1;
    for (newline = line; (newline = memchr(newline, '\n', entry->name_len - (size_t)(newline - line))) != NULL;) {
        *newline = ' ';
    }
    return NULL;
}

static Problem
collect_names(Span data, size_t hash_len, Span clean, size_t min_len, Grow *lines, Py_ssize_t *count)
{
    const uint8_t *at = data.at, *end = data.at + data.len;
    size_t row = 0;

    *count = 0;
    while (at < end) {
        const uint8_t *start = at;
        Entry entry;
        Problem problem = read_entry(&at, end, hash_len, &entry);
        if (problem != NULL) {
            return problem;
        }
        if (entry.name_len < min_len || is_copied(clean, &row, start - data.at, at - data.at)) {
            continue;
        }
        problem = add_line(lines, &entry);
        if (problem != NULL) {
            return problem;
        }
        ++*count;
    }
    return NULL;
}

static int
gather_lines(const Grow *lines, PyObject *gather)
{
    Py_ssize_t len = PyByteArray_GET_SIZE(gather);

    if (lines->used == 0) {
        return 0;
    }
    if (lines->used > (size_t)(PY_SSIZE_T_MAX - len)) {
        PyErr_NoMemory();
        return -1;
    }
    if (PyByteArray_Resize(gather, len + (Py_ssize_t)lines->used) < 0) {
        return -1;
    }
    memcpy(PyByteArray_AS_STRING(gather) + len, lines->at, lines->used);
    return 0;
}

static PyObject *
append_names(PyObject *error, Span data, size_t hash_len, Span clean, size_t min_len, PyObject *gather)
{
    Grow lines = {NULL, 0, 0};
    PyObject *result = NULL;
    PyThreadState *saved;
    Py_ssize_t count;
    Problem problem;

    if (clean.len % ROW_BYTES != 0) {
        return kernel_raise(error, "the packed rows have a broken length");
    }
    saved = kernel_release_gil(data.len);
    problem = collect_names(data, hash_len, clean, min_len, &lines, &count);
    kernel_retake_gil(saved);
    if (problem != NULL) {
        kernel_raise(error, problem);
    }
    else if (gather_lines(&lines, gather) == 0) {
        result = PyLong_FromSsize_t(count);
    }
    grow_free(&lines);
    return result;
}

PyObject *
kernel_append_names(PyObject *module, PyObject *const *args, Py_ssize_t given)
{
    PyObject *error = kernel_state(module)->error, *result = NULL;
    Py_buffer data_view, clean_view;
    Span data, clean = {(const uint8_t *)"", 0};
    Py_ssize_t min_len;
    size_t hash_len;

    if (kernel_arguments("append_names", given, 5) < 0 || kernel_hash_len(error, args[1], &hash_len) < 0) {
        return NULL;
    }
    min_len = PyNumber_AsSsize_t(args[3], PyExc_OverflowError);
    if (min_len == -1 && PyErr_Occurred()) {
        return NULL;
    }
    if (!PyByteArray_Check(args[4])) {
        PyErr_SetString(PyExc_TypeError, "gather must be a bytearray");
        return NULL;
    }
    if (kernel_open(args[0], &data_view, &data) < 0) {
        return NULL;
    }
    if (args[2] == Py_None || kernel_open(args[2], &clean_view, &clean) == 0) {
        result = append_names(error, data, hash_len, clean, min_len > 0 ? (size_t)min_len : 0, args[4]);
        if (args[2] != Py_None) {
            PyBuffer_Release(&clean_view);
        }
    }
    PyBuffer_Release(&data_view);
    return result;
}
