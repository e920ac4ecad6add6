/* The extension module leakguard.git._kernel. */
#include "kernel.h"

KernelState *
kernel_state(PyObject *module)
{
    return (KernelState *)PyModule_GetState(module);
}

#define FUNCTION(name, signature, doc)                                                              \
    {                                                                                               \
        #name, (PyCFunction)(void (*)(void))kernel_##name, METH_FASTCALL,                           \
            PyDoc_STR(#name "($module, " signature ", /)\n--\n\n" doc)                              \
    }

static PyMethodDef functions[] = {
    FUNCTION(append_commit, "content, number, objects, rows", "Appends a commit's place in the graph to rows."),
    FUNCTION(families, "order, depths, offsets, step, budget", "Cuts a pack's order into whole delta trees."),
    FUNCTION(inherited, "clean, ends", "Where in a child the candidates of its base are."),
    FUNCTION(members, "classes, sets, width", "Which of some classes hold each finding."),
    FUNCTION(pack_table, "idx, pack, hash_len, forget=None", "Reads a pack's index and the header of each of its objects."),
    FUNCTION(parse_tree, "data, hash_len", "The entries of a tree object: mode, name, object id."),
    FUNCTION(reach, "edges, holders, sets, width, total", "Which findings each tree leads to."),
    FUNCTION(tree_leads, "data, blobs", "The entries of a tree object that are trees or in a table."),
    {"use_newer", kernel_use_newer, METH_O,
     PyDoc_STR("use_newer($module, use, /)\n--\n\nWhether walks that begin inflate by instructions that not every processor "
               "has, where it has them: as they do, unless a test asks for the others.")},
    {"trim", kernel_trim, METH_NOARGS, PyDoc_STR("trim($module, /)\n--\n\nHas freed memory given back to the system.")},
    {NULL, NULL, 0, NULL},
};

static int
add_error(PyObject *module, KernelState *state)
{
    PyObject *home = PyImport_ImportModule("leakguard.git.kernel_error");

    if (home == NULL) {
        return -1;
    }
    state->error = PyObject_GetAttrString(home, "KernelError");
    Py_DECREF(home);
    return state->error == NULL ? -1 : PyModule_AddObjectRef(module, "KernelError", state->error);
}

static int
add_type(PyObject *module, PyType_Spec *spec, PyTypeObject **type)
{
    *type = (PyTypeObject *)PyType_FromModuleAndSpec(module, spec, NULL);
    return *type == NULL ? -1 : PyModule_AddType(module, *type);
}

static int
fill_module(PyObject *module)
{
    KernelState *state = kernel_state(module);

    if (add_error(module, state) < 0) {
        return -1;
    }
    if (add_type(module, &oid_table_spec, &state->oid_table) < 0 || add_type(module, &chain_spec, &state->chain) < 0 ||
        add_type(module, &tree_reader_spec, &state->tree_reader) < 0 ||
        add_type(module, &text_reader_spec, &state->text_reader) < 0 || add_type(module, &walk_spec, &state->walk) < 0 ||
        add_type(module, &commit_graph_spec, &state->commit_graph) < 0) {
        return -1;
    }
    state->pack_table = PyStructSequence_NewType(&pack_table_desc);
    if (state->pack_table == NULL || PyModule_AddType(module, state->pack_table) < 0) {
        return -1;
    }
    return 0;
}

static int
traverse(PyObject *module, visitproc visit, void *arg)
{
    KernelState *state = kernel_state(module);

    Py_VISIT(state->error);
    Py_VISIT(state->oid_table);
    Py_VISIT(state->pack_table);
    Py_VISIT(state->chain);
    Py_VISIT(state->tree_reader);
    Py_VISIT(state->text_reader);
    Py_VISIT(state->walk);
    Py_VISIT(state->commit_graph);
    return 0;
}

static int
clear(PyObject *module)
{
    KernelState *state = kernel_state(module);

    Py_CLEAR(state->error);
    Py_CLEAR(state->oid_table);
    Py_CLEAR(state->pack_table);
    Py_CLEAR(state->chain);
    Py_CLEAR(state->tree_reader);
    Py_CLEAR(state->text_reader);
    Py_CLEAR(state->walk);
    Py_CLEAR(state->commit_graph);
    return 0;
}

static void
free_module(void *module)
{
    clear((PyObject *)module);
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, (void *)fill_module},
    {0, NULL},
};

static struct PyModuleDef definition = {
    .m_base = PyModuleDef_HEAD_INIT,
    .m_name = "leakguard.git._kernel",
    .m_doc = PyDoc_STR("The sweep's hot loops: pack deltas, pack indexes and trees. Documented in kernel_py."),
    .m_size = sizeof(KernelState),
    .m_methods = functions,
    .m_slots = slots,
    .m_traverse = traverse,
    .m_clear = clear,
    .m_free = free_module,
};

PyMODINIT_FUNC
PyInit__kernel(void)
{
    return PyModuleDef_Init(&definition);
}
