/* Tree objects, entry by entry. */
#include "oid_table.h"
#include "tree.h"

#define MODE_DIGITS 7

static const char TRUNCATED[] = "the tree is truncated";
static const char BAD_MODE[] = "a tree entry's mode is malformed";
static const char NO_NAME[] = "a tree entry has no name";

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

Problem
tree_entry(const uint8_t **at, const uint8_t *end, size_t hash_len, Entry *entry)
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

static int
add_entry(PyObject *list, const Entry *entry, size_t hash_len)
{
    PyObject *tuple = Py_BuildValue("(Iy#y#)", entry->mode, entry->name, (Py_ssize_t)entry->name_len, entry->oid,
                                    (Py_ssize_t)hash_len);
    int failed = tuple == NULL || PyList_Append(list, tuple) < 0;

    Py_XDECREF(tuple);
    return failed ? -1 : 0;
}

/* Whether an entry is a tree's, or its id is in a table. */
static int
leads(const Entry *entry, const OidTable *blobs)
{
    return (entry->mode & KIND_MASK) == KIND_TREE || oid_find(blobs, entry->oid) >= 0;
}

/* The entries of a tree; with a table only those that lead to what is in it. */
static PyObject *
parse_tree(PyObject *error, Span data, size_t hash_len, const OidTable *blobs)
{
    const uint8_t *at = data.at, *end = data.at + data.len;
    PyObject *list = PyList_New(0);

    while (list != NULL && at < end) {
        Entry entry;
        Problem problem = tree_entry(&at, end, hash_len, &entry);
        if (problem != NULL) {
            kernel_raise(error, problem);
            Py_CLEAR(list);
        }
        else if ((blobs == NULL || leads(&entry, blobs)) && add_entry(list, &entry, hash_len) < 0) {
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
    list = parse_tree(error, data, hash_len, NULL);
    PyBuffer_Release(&view);
    return list;
}

PyObject *
kernel_tree_leads(PyObject *module, PyObject *const *args, Py_ssize_t given)
{
    KernelState *state = kernel_state(module);
    const OidTable *blobs;
    PyObject *list;
    Py_buffer view;
    Span data;

    if (kernel_arguments("tree_leads", given, 2) < 0) {
        return NULL;
    }
    if (!Py_IS_TYPE(args[1], state->oid_table)) {
        PyErr_SetString(PyExc_TypeError, "blobs must be an OidTable");
        return NULL;
    }
    blobs = (const OidTable *)args[1];
    if (kernel_open(args[0], &view, &data) < 0) {
        return NULL;
    }
    list = parse_tree(state->error, data, blobs->hash_len, blobs);
    PyBuffer_Release(&view);
    return list;
}
