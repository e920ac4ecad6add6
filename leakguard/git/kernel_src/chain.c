/* The type Chain: applies deltas from parent to child, and keeps no content longer than it is needed. */
#include "chain.h"

#include <structmember.h>

static const char NO_BASE[] = "the delta's base is not held";
static const char NOTHING[] = "nothing is held";

static void
drop_link(Link *link)
{
    Py_XDECREF(link->object);
    Py_XDECREF(link->kept);
    PyMem_RawFree(link->own);
    memset(link, 0, sizeof *link);
}

/* Drops all that lies at `depth` and deeper. */
static void
cut_chain(Chain *chain, size_t depth)
{
    while (chain->used > depth) {
        drop_link(&chain->links[--chain->used]);
    }
}

static Problem
make_room(Chain *chain, size_t depth)
{
    void *links = chain->links;
    Problem problem = reach_index(&links, &chain->room, sizeof *chain->links, depth);

    chain->links = links;
    return problem;
}

/* Whether the first bytes are like those of no plain text: see decoders.may_decode, which has the last word. */
static int
is_unusual(Span text)
{
    const uint8_t *at = text.at;

    if (text.len >= 2 && ((at[0] == 0x1f && at[1] == 0x8b) || (at[0] == 0xff && at[1] == 0xfe) ||
                          (at[0] == 0xfe && at[1] == 0xff) || (at[0] == 0) != (at[1] == 0))) {
        return 1;
    }
    return (text.len >= 4 && (memcmp(at, "PK\3\4", 4) == 0 || memcmp(at, "\0\0\xfe\xff", 4) == 0)) ||
           (text.len > 262 && memcmp(at + 257, "ustar", 5) == 0);
}

/* Makes what a link holds the chain's last object. */
static void
see_link(Chain *chain, size_t depth, Span content)
{
    Link *link = &chain->links[depth];

    link->content = content;
    link->serial = ++chain->serials;
    chain->whole = 1;
    chain->found = 0;
    chain->used = depth + 1;
    chain->depth = depth;
    chain->size = (Py_ssize_t)content.len;
    chain->unusual = (char)is_unusual(content);
}

static PyObject *
chain_error(Chain *chain, Problem problem)
{
    KernelState *state = PyType_GetModuleState(Py_TYPE(chain));

    return state != NULL ? kernel_raise(state->error, problem) : NULL;
}

/* One thread at a time: a second one is told so, it does not wait. */
int
chain_enter(Chain *chain)
{
    if (chain->busy) {
        PyErr_SetString(PyExc_RuntimeError, "the chain is in use by another thread");
        return -1;
    }
    chain->busy = 1;
    return 0;
}

/* Forgets what is known of the last object. */
static void
begin_object(Chain *chain)
{
    chain->copies.used = chain->clean.used = chain->windows.used = chain->lines.used = 0;
    chain->base_serial = 0;
    chain->whole = 0;
    Py_CLEAR(chain->base_kept);
}

/* Begins a new delta tree with its whole content, which is bytes. */
Problem
chain_begin(Chain *chain, PyObject *content)
{
    Span span = {(const uint8_t *)PyBytes_AS_STRING(content), (size_t)PyBytes_GET_SIZE(content)};
    Problem problem;

    cut_chain(chain, 0);
    begin_object(chain);
    problem = make_room(chain, 0);
    if (problem == NULL) {
        chain->links[0].object = Py_NewRef(content);
        see_link(chain, 0, span);
    }
    return problem;
}

static PyObject *
chain_root(PyObject *self, PyObject *content)
{
    Chain *chain = (Chain *)self;
    Problem problem;

    if (!PyBytes_CheckExact(content)) {
        PyErr_SetString(PyExc_TypeError, "content must be bytes");
        return NULL;
    }
    if (chain_enter(chain) < 0) {
        return NULL;
    }
    problem = chain_begin(chain, content);
    chain->busy = 0;
    if (problem != NULL) {
        return chain_error(chain, problem);
    }
    Py_RETURN_NONE;
}

/* Applies a delta to what lies above `depth`. */
static Problem
edit(Chain *chain, size_t depth, Span delta)
{
    PyThreadState *saved;
    uint8_t *own;
    Span base, content;
    Problem problem;

    begin_object(chain);
    if (depth < 1 || !chain_holds(chain, depth - 1)) {
        return NO_BASE;
    }
    cut_chain(chain, depth);
    Py_XSETREF(chain->base_kept, Py_XNewRef(chain->links[depth - 1].kept));
    base = chain->links[depth - 1].content;
    problem = make_room(chain, depth);
    if (problem == NULL) {
        problem = delta_result_len(delta, base.len, chain->limit, &content.len);
    }
    if (problem != NULL) {
        return problem;
    }
    own = PyMem_RawMalloc(content.len > 0 ? content.len : 1);
    if (own == NULL) {
        return kernel_no_memory;
    }
    saved = kernel_release_gil(content.len + delta.len);
    problem = delta_apply(base, delta, own, content.len, &chain->copies);
    kernel_retake_gil(saved);
    if (problem != NULL) {
        PyMem_RawFree(own);
        return problem;
    }
    content.at = chain->links[depth].own = own;
    chain->base_serial = chain->links[depth - 1].serial;
    chain->base_len = base.len;
    see_link(chain, depth, content);
    return NULL;
}

/* Applies a delta to what lies above `depth`; `last` as in kernel_py. */
Problem
chain_apply(Chain *chain, size_t depth, Span delta, int last)
{
    Problem problem = edit(chain, depth, delta);

    if (last && depth >= 1 && depth <= chain->used) {
        drop_link(&chain->links[depth - 1]);
    }
    return problem;
}

static PyObject *
chain_edit(PyObject *self, PyObject *const *args, Py_ssize_t given)
{
    Chain *chain = (Chain *)self;
    Py_ssize_t depth;
    Py_buffer view;
    Span delta;
    Problem problem;
    int last;

    if (kernel_arguments("edit", given, 3) < 0) {
        return NULL;
    }
    depth = PyNumber_AsSsize_t(args[0], PyExc_OverflowError);
    last = PyObject_IsTrue(args[2]);
    if ((depth == -1 && PyErr_Occurred()) || last < 0 || chain_enter(chain) < 0) {
        return NULL;
    }
    if (kernel_open(args[1], &view, &delta) < 0) {
        chain->busy = 0;
        return NULL;
    }
    problem = chain_apply(chain, depth < 0 ? 0 : (size_t)depth, delta, last);
    chain->busy = 0;
    PyBuffer_Release(&view);
    if (problem != NULL) {
        return chain_error(chain, problem);
    }
    Py_RETURN_NONE;
}

static PyObject *
chain_content(PyObject *self, PyObject *arg)
{
    Chain *chain = (Chain *)self;
    Py_ssize_t depth = PyNumber_AsSsize_t(arg, PyExc_OverflowError);
    Link *link;

    if ((depth == -1 && PyErr_Occurred()) || chain_enter(chain) < 0) {
        return NULL;
    }
    chain->busy = 0;
    if (depth < 0 || !chain_holds(chain, (size_t)depth)) {
        return chain_error(chain, "nothing is held at this depth");
    }
    link = &chain->links[depth];
    if (link->object == NULL) {
        link->object = PyBytes_FromStringAndSize((const char *)link->content.at, (Py_ssize_t)link->content.len);
        if (link->object == NULL) {
            return NULL;
        }
        PyMem_RawFree(link->own);
        link->own = NULL;
        link->content.at = (const uint8_t *)PyBytes_AS_STRING(link->object);
    }
    return Py_NewRef(link->object);
}

/* Finds what is new of the last object: the lines of its dirty windows, or of all of it where it is no edit, but for
 * those that were given before and in which nothing was found. */
Problem
chain_find_new(Chain *chain)
{
    Span content = chain->links[chain->depth].content;
    size_t size = content.len;
    PyThreadState *saved;
    Problem problem;

    if (chain->found) {
        return NULL;
    }
    chain->clean.used = chain->touched.used = chain->windows.used = chain->lines.used = 0;
    saved = kernel_release_gil(content.len);
    problem = chain->base_serial == 0 ? delta_whole(content, &chain->touched)
                                      : delta_cut(content, chain->base_len, chain->margin, &chain->copies,
                                                  &chain->clean, &chain->touched, &size);
    if (problem == NULL && size >= (size_t)PY_SSIZE_T_MAX) {
        problem = kernel_no_memory;
    }
    if (problem == NULL) {
        problem = lines_find_new(&chain->seen, content, &chain->touched, &chain->windows, &chain->lines);
    }
    kernel_retake_gil(saved);
    chain->dirty_size = (Py_ssize_t)size;
    chain->found = problem == NULL;
    return problem;
}

/* What was found new, a newline after each window. */
PyObject *
chain_gather(Chain *chain)
{
    const Window *end = (const Window *)(const void *)(chain->windows.at + chain->windows.used);
    size_t size = chain->windows.used > 0 ? (size_t)end[-1].gather_end + 1 : 0;
    PyObject *gathered = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)size);

    if (gathered != NULL) {
        PyThreadState *saved = kernel_release_gil(size);
        delta_gather(chain->links[chain->depth].content, &chain->windows, (uint8_t *)PyBytes_AS_STRING(gathered));
        kernel_retake_gil(saved);
    }
    return gathered;
}

static PyObject *
chain_dirty(PyObject *self, PyObject *Py_UNUSED(unused))
{
    Chain *chain = (Chain *)self;
    PyObject *gathered;
    Problem problem;

    if (chain_enter(chain) < 0) {
        return NULL;
    }
    problem = chain->whole ? chain_find_new(chain) : NOTHING;
    gathered = problem == NULL ? chain_gather(chain) : chain_error(chain, problem);
    chain->busy = 0;
    return gathered;
}

/* Remembers the new lines of the last object but for those that one of the hits ends in. */
int
chain_remember(Chain *chain, PyObject *hits)
{
    PyObject *all = PySequence_Fast(hits, "hits must be a sequence");
    Py_ssize_t number;
    Problem problem;

    if (all == NULL) {
        return -1;
    }
    for (number = 0; number < PySequence_Fast_GET_SIZE(all); number++) {
        PyObject *hit = PySequence_Fast_GET_ITEM(all, number);
        Py_ssize_t end;
        if (!PyTuple_Check(hit) || PyTuple_GET_SIZE(hit) < 1) {
            PyErr_SetString(PyExc_TypeError, "a hit must be a tuple that begins with its end");
            break;
        }
        end = PyNumber_AsSsize_t(PyTuple_GET_ITEM(hit, 0), PyExc_OverflowError);
        if (end == -1 && PyErr_Occurred()) {
            break;
        }
        lines_drop(&chain->lines, (int64_t)end);
    }
    Py_DECREF(all);
    if (PyErr_Occurred()) {
        chain->lines.used = 0;
        return -1;
    }
    problem = lines_remember(&chain->seen, &chain->lines);
    if (problem != NULL) {
        chain_error(chain, problem);
        return -1;
    }
    return 0;
}

static PyObject *
chain_remember_all(PyObject *self, PyObject *hits)
{
    Chain *chain = (Chain *)self;
    int failed;

    if (chain_enter(chain) < 0) {
        return NULL;
    }
    failed = chain_remember(chain, hits) < 0;
    chain->busy = 0;
    return failed ? NULL : Py_NewRef(Py_None);
}

static PyObject *
chain_keep(PyObject *self, PyObject *kept)
{
    Chain *chain = (Chain *)self;

    if (chain_enter(chain) < 0) {
        return NULL;
    }
    chain->busy = 0;
    if (!chain_holds(chain, chain->depth)) {
        return chain_error(chain, NOTHING);
    }
    Py_XSETREF(chain->links[chain->depth].kept, Py_NewRef(kept));
    Py_RETURN_NONE;
}

static PyObject *
chain_rows(PyObject *self, PyObject *Py_UNUSED(unused))
{
    Chain *chain = (Chain *)self;
    PyObject *clean, *windows, *rows = NULL;

    if (chain_enter(chain) < 0) {
        return NULL;
    }
    clean = grow_to_bytes(&chain->clean);
    windows = grow_to_bytes(&chain->windows);
    chain->busy = 0;
    if (clean != NULL && windows != NULL) {
        rows = PyTuple_Pack(2, clean, windows);
    }
    Py_XDECREF(clean);
    Py_XDECREF(windows);
    return rows;
}

static PyObject *
chain_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    static char *names[] = {"limit", "margin", NULL};
    KernelState *state = PyType_GetModuleState(type);
    Py_ssize_t limit, margin;
    Chain *chain;

    if (state == NULL || !PyArg_ParseTupleAndKeywords(args, keywords, "nn", names, &limit, &margin)) {
        return NULL;
    }
    if (margin < 1 || margin > MOST_MARGIN) {
        return kernel_raise(state->error, "the margin is not between 1 and 1048576 bytes");
    }
    chain = (Chain *)type->tp_alloc(type, 0);
    if (chain != NULL) {
        chain->limit = limit > 0 ? (size_t)limit : 0;
        chain->margin = margin;
        if (seen_draw_keys(&chain->seen) < 0) {
            Py_CLEAR(chain);
        }
    }
    return (PyObject *)chain;
}

static void
chain_dealloc(PyObject *self)
{
    Chain *chain = (Chain *)self;
    PyTypeObject *type = Py_TYPE(self);

    cut_chain(chain, 0);
    PyMem_RawFree(chain->links);
    Py_XDECREF(chain->base_kept);
    grow_free(&chain->copies);
    grow_free(&chain->clean);
    grow_free(&chain->windows);
    grow_free(&chain->touched);
    grow_free(&chain->lines);
    seen_free(&chain->seen);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyMethodDef methods[] = {
    {"root", chain_root, METH_O,
     PyDoc_STR("root($self, content, /)\n--\n\nBegin a new delta tree with its whole content.")},
    {"edit", (PyCFunction)(void (*)(void))chain_edit, METH_FASTCALL,
     PyDoc_STR("edit($self, depth, delta, last, /)\n--\n\nApply a delta to the content above `depth`.")},
    {"content", chain_content, METH_O, PyDoc_STR("content($self, depth, /)\n--\n\nThe content held at a depth.")},
    {"dirty", chain_dirty, METH_NOARGS,
     PyDoc_STR("dirty($self, /)\n--\n\nWhat of the last object has to be scanned.")},
    {"remember", chain_remember_all, METH_O,
     PyDoc_STR("remember($self, hits, /)\n--\n\nTake note of all that was found in what dirty() gave.")},
    {"rows", chain_rows, METH_NOARGS,
     PyDoc_STR("rows($self, /)\n--\n\nWhere in the last object what dirty() gave is.")},
    {"keep", chain_keep, METH_O,
     PyDoc_STR("keep($self, kept, /)\n--\n\nKeep something for as long as the last object is held.")},
    {NULL, NULL, 0, NULL},
};

static PyMemberDef members[] = {
    {"size", T_PYSSIZET, offsetof(Chain, size), READONLY, "bytes of the last object"},
    {"dirty_size", T_PYSSIZET, offsetof(Chain, dirty_size), READONLY,
     "how much the last dirty() would have given, had none of it been seen before"},
    {"base_kept", T_OBJECT, offsetof(Chain, base_kept), READONLY, "what was kept for the last object's base, or None"},
    {"unusual", T_BOOL, offsetof(Chain, unusual), READONLY, "whether the last object's first bytes are no plain text's"},
    {NULL, 0, 0, 0, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_doc, (void *)PyDoc_STR("Chain(limit, margin)\n--\n\n"
                                  "The contents from the root of a delta tree down to where a walk stands.")},
    {Py_tp_new, (void *)chain_new},
    {Py_tp_dealloc, (void *)chain_dealloc},
    {Py_tp_methods, methods},
    {Py_tp_members, members},
    {0, NULL},
};

/* Not a base type: its methods find the module's state through the exact type. */
PyType_Spec chain_spec = {
    "leakguard.git._kernel.Chain", sizeof(Chain), 0, Py_TPFLAGS_DEFAULT, slots,
};
