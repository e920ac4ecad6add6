/* Arguments, buffers, growable arrays, and problems turned into exceptions. */
#include "kernel.h"

#ifdef __linux__
#include <sys/mman.h>
#endif
#ifdef __GLIBC__
#include <malloc.h>
#endif

const char kernel_no_memory[] = "there is not enough memory";
const char kernel_raised[] = "an exception is set";

PyObject *
kernel_raise(PyObject *error_class, Problem problem)
{
    if (problem == kernel_no_memory) {
        return PyErr_NoMemory();
    }
    PyErr_SetString(error_class, problem);
    return NULL;
}

int
kernel_arguments(const char *name, Py_ssize_t given, Py_ssize_t wanted)
{
    if (given == wanted) {
        return 0;
    }
    PyErr_Format(PyExc_TypeError, "%s() takes %zd positional arguments but %zd were given", name, wanted,
                 given);
    return -1;
}

int
kernel_hash_len(PyObject *error_class, PyObject *value, size_t *hash_len)
{
    Py_ssize_t len = PyNumber_AsSsize_t(value, PyExc_OverflowError);
    if (len == -1 && PyErr_Occurred()) {
        return -1;
    }
    if (len != 20 && len != 32) {
        kernel_raise(error_class, "an object id is 20 or 32 bytes long");
        return -1;
    }
    *hash_len = (size_t)len;
    return 0;
}

PyThreadState *
kernel_release_gil(size_t work)
{
    return work < GIL_WORTH ? NULL : PyEval_SaveThread();
}

void
kernel_retake_gil(PyThreadState *saved)
{
    if (saved != NULL) {
        PyEval_RestoreThread(saved);
    }
}

/* The caller must PyBuffer_Release(view) when this returned 0. */
int
kernel_open(PyObject *object, Py_buffer *view, Span *span)
{
    if (PyObject_GetBuffer(object, view, PyBUF_SIMPLE) < 0) {
        return -1;
    }
    /* An empty buffer may have no address, and arithmetic on NULL is undefined. */
    span->at = view->len > 0 ? (const uint8_t *)view->buf : (const uint8_t *)"";
    span->len = (size_t)view->len;
    return 0;
}

/* How many of `count` buffers could be opened, from the first on; an exception is set where it is not all of them. The
 * caller closes as many. */
int
kernel_open_all(PyObject *const *objects, int count, Py_buffer *views, Span *spans)
{
    int opened = 0;

    while (opened < count && kernel_open(objects[opened], &views[opened], &spans[opened]) == 0) {
        opened++;
    }
    return opened;
}

void
kernel_close_all(Py_buffer *views, int opened)
{
    while (opened > 0) {
        PyBuffer_Release(&views[--opened]);
    }
}

#ifdef MADV_HUGEPAGE

#define LARGE_PAGE ((size_t)2 << 20)

/* In large pages each look costs one walk of the page tables less, and few pages are fresh. They have to begin where such
 * pages do; what is mapped around them is given back. That is a wish: an error leaves small pages. */
void *
kernel_table(size_t size)
{
    uint8_t *mapped = mmap(NULL, size + LARGE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    size_t before = (size_t)(-(uintptr_t)mapped % LARGE_PAGE);

    if (mapped == MAP_FAILED) {
        return NULL;
    }
    if (before > 0) {
        munmap(mapped, before);
    }
    munmap(mapped + before + size, LARGE_PAGE - before);
    (void)madvise(mapped + before, size, MADV_HUGEPAGE);
    return mapped + before;
}

void
kernel_table_free(void *table, size_t size)
{
    if (table != NULL) {
        munmap(table, size);
    }
}

#else

void *
kernel_table(size_t size)
{
    return PyMem_RawCalloc(1, size);
}

void
kernel_table_free(void *table, size_t size)
{
    (void)size;
    PyMem_RawFree(table);
}

#endif

Problem
reach_index(void **items, size_t *room, size_t width, size_t index)
{
    size_t wanted = *room * 2 > index + 1 ? *room * 2 : index + 16;
    uint8_t *at;

    if (index < *room) {
        return NULL;
    }
    at = wanted <= (size_t)PY_SSIZE_T_MAX / width ? PyMem_RawRealloc(*items, wanted * width) : NULL;
    if (at == NULL) {
        return kernel_no_memory;
    }
    memset(at + *room * width, 0, (wanted - *room) * width);
    *items = at;
    *room = wanted;
    return NULL;
}

/* What grow_reserve() does where there is not enough room. */
Problem
grow_widen(Grow *grow, size_t more)
{
    size_t room, most = (size_t)PY_SSIZE_T_MAX;
    uint8_t *at;

    if (more > most - grow->used) {
        return kernel_no_memory;
    }
    room = grow->room < most / 2 ? grow->room * 2 : most;
    if (room < grow->used + more) {
        room = grow->used + more;
    }
    if (room < 512) {
        room = 512;
    }
    at = PyMem_RawRealloc(grow->at, room);
    if (at == NULL) {
        return kernel_no_memory;
    }
    grow->at = at;
    grow->room = room;
    return NULL;
}

void
grow_free(Grow *grow)
{
    PyMem_RawFree(grow->at);
    memset(grow, 0, sizeof *grow);
}

PyObject *
grow_to_bytes(const Grow *grow)
{
    return PyBytes_FromStringAndSize((const char *)grow->at, (Py_ssize_t)grow->used);
}

/* Has the C library give back what was freed between what is still in use, where it can. */
PyObject *
kernel_trim(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(unused))
{
#ifdef __GLIBC__
    PyThreadState *saved = PyEval_SaveThread();
    malloc_trim(0);
    PyEval_RestoreThread(saved);
#endif
    Py_RETURN_NONE;
}
