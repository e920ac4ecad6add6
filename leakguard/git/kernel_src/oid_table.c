/* The type OidTable. */
#include "oid_table.h"

#define AHEAD 16

static Problem
allocate(OidTable *table)
{
    size_t bits = 64, slots = 8;

    /* Eight bits an id leave one miss in eight to the slots; two thirds full keeps their chains short. */
    while (bits < table->count * 8 && bits < (size_t)1 << 31) {
        bits *= 2;
    }
    while (slots < table->count + table->count / 2 + 1) {
        slots *= 2;
    }
    if (slots > (size_t)PY_SSIZE_T_MAX / sizeof(int32_t)) {
        return kernel_no_memory;
    }
    table->bits = PyMem_RawCalloc(bits / 8, 1);
    table->slots = PyMem_RawMalloc(slots * sizeof(int32_t));
    if (table->bits == NULL || table->slots == NULL) {
        return kernel_no_memory;
    }
    memset(table->slots, 0xff, slots * sizeof(int32_t));
    table->bit_mask = (uint32_t)(bits - 1);
    table->slot_mask = slots - 1;
    return NULL;
}

static void
insert(OidTable *table, size_t position, size_t slot)
{
    const uint8_t *oid = oid_at(table, position);
    uint32_t bit = oid_bit(table, oid);
    int32_t taken;

    while ((taken = table->slots[slot]) >= 0) {
        if (oid_same(oid_at(table, (size_t)taken), oid, table->hash_len)) {
            table->repeats = 1;
            return;
        }
        slot = (slot + 1) & table->slot_mask;
    }
    table->slots[slot] = (int32_t)position;
    table->bits[bit >> 3] |= (uint8_t)(1u << (bit & 7));
}

/* The slots lie all over a large table: each is fetched a few ids ahead of its use. */
static void
insert_all(OidTable *table)
{
    size_t slots[AHEAD], position;

    for (position = 0; position < table->count + AHEAD; position++) {
        if (position >= AHEAD) {
            insert(table, position - AHEAD, slots[position % AHEAD]);
        }
        if (position < table->count) {
            slots[position % AHEAD] = oid_slot(table, oid_at(table, position));
            FETCH(table->slots + slots[position % AHEAD]);
        }
    }
}

static Problem
fill(OidTable *table)
{
    Problem problem;

    if (table->oids.len % table->hash_len != 0) {
        return "the ids have a broken length";
    }
    table->count = table->oids.len / table->hash_len;
    if (table->count > INT32_MAX) {
        return "there are too many ids";
    }
    problem = allocate(table);
    if (problem == NULL) {
        insert_all(table);
    }
    return problem;
}

/* A number that differs from process to process, as Python's own string hashes do. */
static int
make_seed(uint64_t *seed)
{
    PyObject *word = PyUnicode_FromString("leakguard.git._kernel.OidTable");
    Py_hash_t hash = word != NULL ? PyObject_Hash(word) : -1;

    Py_XDECREF(word);
    *seed = oid_mix((uint64_t)hash);
    return hash == -1 ? -1 : 0;
}

static int
set_up(OidTable *table, PyObject *error, PyObject *oids, PyObject *hash_len)
{
    PyThreadState *saved;
    Problem problem;

    if (kernel_hash_len(error, hash_len, &table->hash_len) < 0 || make_seed(&table->seed) < 0) {
        return -1;
    }
    if (kernel_open(oids, &table->view, &table->oids) < 0) {
        return -1;
    }
    saved = kernel_release_gil(table->oids.len);
    problem = fill(table);
    kernel_retake_gil(saved);
    if (problem != NULL) {
        kernel_raise(error, problem);
        return -1;
    }
    return 0;
}

static PyObject *
oid_table_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    static char *names[] = {"oids", "hash_len", NULL};
    KernelState *state = PyType_GetModuleState(type);
    PyObject *oids, *hash_len;
    OidTable *table;

    if (state == NULL || !PyArg_ParseTupleAndKeywords(args, keywords, "OO", names, &oids, &hash_len)) {
        return NULL;
    }
    table = (OidTable *)type->tp_alloc(type, 0);
    if (table != NULL && set_up(table, state->error, oids, hash_len) < 0) {
        Py_DECREF(table);
        return NULL;
    }
    return (PyObject *)table;
}

static void
oid_table_dealloc(PyObject *self)
{
    OidTable *table = (OidTable *)self;
    PyTypeObject *type = Py_TYPE(self);

    PyMem_RawFree(table->bits);
    PyMem_RawFree(table->slots);
    PyBuffer_Release(&table->view);
    type->tp_free(self);
    Py_DECREF(type);
}

static Py_ssize_t
oid_table_len(PyObject *self)
{
    return (Py_ssize_t)((OidTable *)self)->count;
}

static PyObject *
oid_table_find(PyObject *self, PyObject *oid)
{
    OidTable *table = (OidTable *)self;
    Py_buffer view;
    Span span;
    int32_t position = -1;
    int fits;

    if (kernel_open(oid, &view, &span) < 0) {
        return NULL;
    }
    fits = span.len == table->hash_len;
    if (fits) {
        position = oid_find(table, span.at);
    }
    PyBuffer_Release(&view);
    if (!fits) {
        KernelState *state = PyType_GetModuleState(Py_TYPE(self));
        return state != NULL ? kernel_raise(state->error, "the id has another length than the table's") : NULL;
    }
    return PyLong_FromLong(position);
}

static PyMethodDef methods[] = {
    {"find", oid_table_find, METH_O,
     PyDoc_STR("find($self, oid, /)\n--\n\nThe position of an object id among the table's, -1 where it is none.")},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_doc, (void *)PyDoc_STR("OidTable(oids, hash_len)\n--\n\n"
                                  "Finds where an object id stands among many, given as one run of bytes.")},
    {Py_tp_new, (void *)oid_table_new},
    {Py_tp_dealloc, (void *)oid_table_dealloc},
    {Py_tp_methods, methods},
    {Py_sq_length, (void *)oid_table_len},
    {0, NULL},
};

/* Not a base type: its methods find the module's state through the exact type. */
PyType_Spec oid_table_spec = {
    "leakguard.git._kernel.OidTable", sizeof(OidTable), 0, Py_TPFLAGS_DEFAULT, slots,
};
