/* The type TextReader: takes in the commits, tags and blobs of a walk, as far as that needs no look at what they say. */
#include "commit.h"
#include "reader.h"

#include <structmember.h>

typedef struct {
    PyObject_HEAD
    PyObject *chain_object;
    PyObject *table_object;
    const OidTable *objects;
    PyObject *scan;     /* gives what there is in some bytes: a sequence of tuples that begin with an end */
    PyObject *hits;     /* what it gave for what is new of the last blob, or NULL */
    size_t most;        /* bytes of messages to gather */
    Grow commits;       /* rows of commit_append_row */
    Grow messages;      /* texts of commits and tags, a newline after each */
    Grow message_rows;  /* Row of each */
    Py_ssize_t counts[OBJECT_TAG + 1];
    Py_ssize_t decoded;
    Py_ssize_t scanned;
    char settled;
} TextReader;

typedef struct {
    int64_t number;
    int64_t kind;
    int64_t end; /* after its newline */
} Row;

static Problem
gather_message(TextReader *reader, Span text, int64_t number, unsigned kind)
{
    Row row = {number, (int64_t)kind, (int64_t)(reader->messages.used + text.len + 1)};
    Problem problem = grow_reserve(&reader->messages, text.len + 1);

    if (problem == NULL) {
        problem = grow_append(&reader->message_rows, &row, sizeof row);
    }
    if (problem == NULL) {
        memcpy(reader->messages.at + reader->messages.used, text.at, text.len);
        reader->messages.used += text.len;
        reader->messages.at[reader->messages.used++] = '\n';
    }
    return problem;
}

static Problem
take_message(TextReader *reader, Span text, int64_t number, unsigned kind)
{
    int complete = 1;
    Problem problem = gather_message(reader, text, number, kind);

    if (problem == NULL && kind == OBJECT_COMMIT) {
        problem = commit_append_row(text, number, reader->objects, &reader->commits, &complete);
    }
    if (problem != kernel_no_memory) {
        reader->counts[kind]++;
        reader->decoded += (Py_ssize_t)text.len;
        reader->scanned += (Py_ssize_t)text.len;
    }
    reader->settled = (char)(reader->settled && (complete || problem != NULL));
    return problem;
}

/* Has what is new of the last blob scanned. Whether there is anything in it, or -1 with an exception. */
static int
scan_new(TextReader *reader, Chain *chain)
{
    PyObject *text;

    Py_CLEAR(reader->hits);
    if (chain->windows.used == 0) {
        return 0;
    }
    text = chain_gather(chain);
    if (text != NULL) {
        reader->hits = PyObject_CallOneArg(reader->scan, text);
        Py_DECREF(text);
    }
    if (reader->hits == NULL || chain_remember(chain, reader->hits) < 0) {
        return -1;
    }
    return PyObject_IsTrue(reader->hits);
}

/* A blob is looked at where there is something in what is new of it, or in what it was made of. */
static Problem
take_blob(TextReader *reader, Chain *chain, int *tell)
{
    Problem problem = chain_find_new(chain);
    int hit;

    if (problem != NULL) {
        return problem;
    }
    reader->counts[OBJECT_BLOB]++;
    reader->decoded += chain->size;
    reader->scanned += chain->dirty_size;
    hit = scan_new(reader, chain);
    *tell = hit > 0 || chain->base_kept != NULL || chain->unusual;
    return hit < 0 ? kernel_raised : NULL;
}

static Problem
text_reader_take(PyObject *object, int64_t number, unsigned kind, int *tell)
{
    TextReader *reader = (TextReader *)object;
    Chain *chain = (Chain *)reader->chain_object;
    Problem problem;

    if (kind == OBJECT_BLOB) {
        return take_blob(reader, chain, tell);
    }
    problem = take_message(reader, chain->links[chain->depth].content, number, kind);
    *tell = reader->messages.used > reader->most;
    return problem;
}

Reader
text_reader_open(PyObject *object)
{
    TextReader *reader = (TextReader *)object;
    Reader opened = {object, (Chain *)reader->chain_object,
                     KIND_BIT(OBJECT_COMMIT) | KIND_BIT(OBJECT_BLOB) | KIND_BIT(OBJECT_TAG), text_reader_take};

    return opened;
}

/* ---- the Python side ------------------------------------------------------------------------ */

static PyObject *
reader_add(PyObject *self, PyObject *const *args, Py_ssize_t given)
{
    TextReader *reader = (TextReader *)self;
    KernelState *state = PyType_GetModuleState(Py_TYPE(self));
    long long number;
    long kind;
    Py_buffer view;
    Span text;
    Problem problem;

    if (state == NULL || kernel_arguments("add", given, 3) < 0) {
        return NULL;
    }
    kind = PyLong_AsLong(args[0]);
    number = PyLong_AsLongLong(args[1]);
    if (PyErr_Occurred()) {
        return NULL;
    }
    if (kind != OBJECT_COMMIT && kind != OBJECT_TAG) {
        return kernel_raise(state->error, "only commits and tags have messages");
    }
    if (kernel_open(args[2], &view, &text) < 0) {
        return NULL;
    }
    problem = take_message(reader, text, number, (unsigned)kind);
    PyBuffer_Release(&view);
    if (problem != NULL) {
        return kernel_raise(state->error, problem);
    }
    Py_RETURN_NONE;
}

static PyObject *
take_grown(Grow *grow)
{
    PyObject *bytes = grow_to_bytes(grow);

    if (bytes != NULL) {
        grow->used = 0;
    }
    return bytes;
}

static PyObject *
reader_commits(PyObject *self, PyObject *Py_UNUSED(unused))
{
    return take_grown(&((TextReader *)self)->commits);
}

static PyObject *
reader_messages(PyObject *self, PyObject *Py_UNUSED(unused))
{
    TextReader *reader = (TextReader *)self;
    PyObject *rows = take_grown(&reader->message_rows), *texts = NULL, *both = NULL;

    if (rows != NULL) {
        texts = take_grown(&reader->messages);
    }
    if (texts != NULL) {
        both = PyTuple_Pack(2, texts, rows);
    }
    Py_XDECREF(rows);
    Py_XDECREF(texts);
    return both;
}

static PyObject *
reader_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    static char *names[] = {"chain", "objects", "most", "scan", NULL};
    KernelState *state = PyType_GetModuleState(type);
    PyObject *chain, *objects, *scan;
    Py_ssize_t most;
    TextReader *reader;

    if (state == NULL || !PyArg_ParseTupleAndKeywords(args, keywords, "OOnO", names, &chain, &objects, &most, &scan)) {
        return NULL;
    }
    if (!Py_IS_TYPE(chain, state->chain) || !Py_IS_TYPE(objects, state->oid_table)) {
        PyErr_SetString(PyExc_TypeError, "chain must be a Chain and objects an OidTable");
        return NULL;
    }
    reader = (TextReader *)type->tp_alloc(type, 0);
    if (reader != NULL) {
        reader->chain_object = Py_NewRef(chain);
        reader->table_object = Py_NewRef(objects);
        reader->objects = (const OidTable *)objects;
        reader->scan = Py_NewRef(scan);
        reader->most = most > 0 ? (size_t)most : 0;
        reader->settled = 1;
    }
    return (PyObject *)reader;
}

static void
reader_dealloc(PyObject *self)
{
    TextReader *reader = (TextReader *)self;
    PyTypeObject *type = Py_TYPE(self);

    grow_free(&reader->commits);
    grow_free(&reader->messages);
    grow_free(&reader->message_rows);
    Py_XDECREF(reader->chain_object);
    Py_XDECREF(reader->table_object);
    Py_XDECREF(reader->scan);
    Py_XDECREF(reader->hits);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyMethodDef methods[] = {
    {"add", (PyCFunction)(void (*)(void))reader_add, METH_FASTCALL,
     PyDoc_STR("add($self, kind, number, content, /)\n--\n\nTake in a commit or tag that no walk comes to.")},
    {"take_commits", reader_commits, METH_NOARGS,
     PyDoc_STR("take_commits($self, /)\n--\n\nThe rows of the commits since the last time.")},
    {"take_messages", reader_messages, METH_NOARGS,
     PyDoc_STR("take_messages($self, /)\n--\n\nThe texts of commits and tags since the last time, and their rows.")},
    {NULL, NULL, 0, NULL},
};

static PyMemberDef members[] = {
    {"commits", T_PYSSIZET, offsetof(TextReader, counts[OBJECT_COMMIT]), READONLY, "how many were read"},
    {"blobs", T_PYSSIZET, offsetof(TextReader, counts[OBJECT_BLOB]), READONLY, "how many were read"},
    {"tags", T_PYSSIZET, offsetof(TextReader, counts[OBJECT_TAG]), READONLY, "how many were read"},
    {"decoded", T_PYSSIZET, offsetof(TextReader, decoded), READONLY, "bytes of what was read"},
    {"scanned", T_PYSSIZET, offsetof(TextReader, scanned), READONLY, "bytes of that which are no copies"},
    {"hits", T_OBJECT, offsetof(TextReader, hits), READONLY, "what scan gave for what is new of the last blob, or None"},
    {"settled", T_BOOL, offsetof(TextReader, settled), READONLY, "whether all that the commits name is known"},
    {NULL, 0, 0, 0, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_doc, (void *)PyDoc_STR("TextReader(chain, objects, most, scan)\n--\n\n"
                                  "Takes in the commits, tags and blobs of a walk.")},
    {Py_tp_new, (void *)reader_new},
    {Py_tp_dealloc, (void *)reader_dealloc},
    {Py_tp_methods, methods},
    {Py_tp_members, members},
    {0, NULL},
};

/* Not a base type: its methods find the module's state through the exact type. */
PyType_Spec text_reader_spec = {
    "leakguard.git._kernel.TextReader", sizeof(TextReader), 0, Py_TPFLAGS_DEFAULT, slots,
};
