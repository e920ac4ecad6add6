/* What the parts of the kernel share: module state, problems as values, growable arrays.
 *
 * Heavy loops run without the GIL, so they cannot raise. They return a "problem": NULL when all went
 * well, else one sentence, which kernel_raise() turns into a KernelError once the GIL is held again.
 */
#ifndef LEAKGUARD_KERNEL_H
#define LEAKGUARD_KERNEL_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Has memory fetched that is read soon; the address need not be right. */
#if defined(__GNUC__) || defined(__clang__)
#define FETCH(address) __builtin_prefetch(address)
#else
#define FETCH(address) ((void)0)
#endif

typedef const char *Problem;

/* The problem that becomes a MemoryError. */
extern const char kernel_no_memory[];
/* The problem of which an exception tells that is set already. */
extern const char kernel_raised[];

typedef struct {
    PyObject *error;         /* leakguard.git.kernel_error.KernelError */
    PyTypeObject *oid_table;
    PyTypeObject *pack_table;
    PyTypeObject *chain;
    PyTypeObject *tree_reader;
    PyTypeObject *text_reader;
    PyTypeObject *walk;
    PyTypeObject *commit_graph;
} KernelState;

typedef struct {
    const uint8_t *at;
    size_t len;
} Span;

/* A growable array of bytes that needs no GIL. All zero is the empty array. */
typedef struct {
    uint8_t *at;
    size_t used;
    size_t room;
} Grow;

/* Under this many bytes of work a thread keeps the GIL: getting it back would cost more. */
#define GIL_WORTH ((size_t)16 * 1024)

KernelState *kernel_state(PyObject *module);
PyObject *kernel_raise(PyObject *error_class, Problem problem);
int kernel_arguments(const char *name, Py_ssize_t given, Py_ssize_t wanted);
int kernel_hash_len(PyObject *error_class, PyObject *value, size_t *hash_len);
PyThreadState *kernel_release_gil(size_t work);
void kernel_retake_gil(PyThreadState *saved);

int kernel_open(PyObject *object, Py_buffer *view, Span *span);
int kernel_open_all(PyObject *const *objects, int count, Py_buffer *views, Span *spans);
void kernel_close_all(Py_buffer *views, int opened);

/* Memory of all zeros that is looked into at random; kernel_table_free() frees it, which is given NULL as well. */
void *kernel_table(size_t size);
void kernel_table_free(void *table, size_t size);

/* Makes *items, an array of `width` bytes each, reach to `index`; what is new in it is all zero. */
Problem reach_index(void **items, size_t *room, size_t width, size_t index);

Problem grow_widen(Grow *grow, size_t more);
void grow_free(Grow *grow);
PyObject *grow_to_bytes(const Grow *grow);

/* Makes room for `more` bytes beyond those that are used. */
static inline Problem
grow_reserve(Grow *grow, size_t more)
{
    return more <= grow->room - grow->used ? NULL : grow_widen(grow, more);
}

/* Inline, because what is appended is mostly a struct whose size is known, and no call copies it. */
static inline Problem
grow_append(Grow *grow, const void *bytes, size_t len)
{
    Problem problem = grow_reserve(grow, len);

    if (problem == NULL && len > 0) {
        memcpy(grow->at + grow->used, bytes, len);
        grow->used += len;
    }
    return problem;
}

/* The first of `count` ascending numbers, `width` bytes from one to the next, that is not below `least`; `count` where
 * none is. */
static inline size_t
first_not_below(const int64_t *number, size_t width, size_t count, int64_t least)
{
    size_t below = 0, above = count;

    while (below < above) {
        size_t middle = below + (above - below) / 2;
        if (*(const int64_t *)(const void *)((const uint8_t *)number + middle * width) < least) {
            below = middle + 1;
        }
        else {
            above = middle;
        }
    }
    return below;
}

/* The functions and types that module.c puts together. */
PyObject *kernel_append_commit(PyObject *module, PyObject *const *args, Py_ssize_t given);
PyObject *kernel_families(PyObject *module, PyObject *const *args, Py_ssize_t given);
PyObject *kernel_inherited(PyObject *module, PyObject *const *args, Py_ssize_t given);
PyObject *kernel_members(PyObject *module, PyObject *const *args, Py_ssize_t given);
PyObject *kernel_pack_table(PyObject *module, PyObject *const *args, Py_ssize_t given);
PyObject *kernel_parse_tree(PyObject *module, PyObject *const *args, Py_ssize_t given);
PyObject *kernel_reach(PyObject *module, PyObject *const *args, Py_ssize_t given);
PyObject *kernel_trim(PyObject *module, PyObject *unused);
PyObject *kernel_tree_leads(PyObject *module, PyObject *const *args, Py_ssize_t given);
PyObject *kernel_use_newer(PyObject *module, PyObject *use);

extern PyType_Spec chain_spec;
extern PyType_Spec commit_graph_spec;
extern PyType_Spec oid_table_spec;
extern PyType_Spec text_reader_spec;
extern PyType_Spec tree_reader_spec;
extern PyType_Spec walk_spec;
extern PyStructSequence_Desc pack_table_desc;

#endif
