/* The type CommitGraph: all commits as the rows they were read to, and what they say of sets of findings. */
#include "edges.h"
#include "sets.h"

static const char BAD_ROWS[] = "the commits' rows are broken, or name objects that are not there";
static const char BAD_CLASSES[] = "the classes do not belong to the sets";

/* int64 words of a row, before the parents. */
enum { NUMBER, TREE, TIME, PARENTS, HEAD };

typedef struct {
    PyObject_HEAD
    Py_buffer view; /* keeps the rows alive; view.obj is NULL until it is open */
    const int64_t *words;
    size_t word_count;
    size_t count;
    size_t total;
    uint32_t *places; /* by object: the place of its row + 1, 0 where it is no commit */
} CommitGraph;

/* A commit's row, NULL where there is none of that number. */
static inline const int64_t *
find_row(const CommitGraph *graph, int64_t number)
{
    uint32_t place = number >= 0 && (uint64_t)number < graph->total ? graph->places[number] : 0;

    return place == 0 ? NULL : graph->words + place - 1;
}

static inline const int64_t *
next_row(const int64_t *row)
{
    return row + HEAD + row[PARENTS];
}

static Problem
find_places(CommitGraph *graph)
{
    size_t at = 0;

    while (at < graph->word_count) {
        const int64_t *row = graph->words + at;
        size_t left = graph->word_count - at;
        if (left < HEAD || row[NUMBER] < 0 || (uint64_t)row[NUMBER] >= graph->total || row[PARENTS] < 0
            || (uint64_t)row[PARENTS] > left - HEAD) {
            return BAD_ROWS;
        }
        graph->count += graph->places[row[NUMBER]] == 0;
        graph->places[row[NUMBER]] = (uint32_t)at + 1;
        at += HEAD + (size_t)row[PARENTS];
    }
    return NULL;
}

/* ---- reachability --------------------------------------------------------------------------- */

static Problem
add_ancestor(const CommitGraph *graph, int64_t number, uint8_t *bits, Grow *waiting)
{
    if (find_row(graph, number) == NULL || has_bit(bits, (size_t)number)) {
        return NULL;
    }
    set_bit(bits, (size_t)number);
    return grow_append(waiting, &number, sizeof number);
}

static Problem
add_ancestors(const CommitGraph *graph, const int32_t *tips, size_t tip_count, uint8_t *bits)
{
    Grow waiting = {0};
    Problem problem = NULL;

    for (size_t at = 0; at < tip_count && problem == NULL; at++) {
        problem = add_ancestor(graph, tips[at], bits, &waiting);
        while (waiting.used > 0 && problem == NULL) {
            const int64_t *row, *parent;
            int64_t number;
            waiting.used -= sizeof number;
            memcpy(&number, waiting.at + waiting.used, sizeof number);
            row = find_row(graph, number);
            for (parent = row + HEAD; parent < next_row(row) && problem == NULL; parent++) {
                problem = add_ancestor(graph, *parent, bits, &waiting);
            }
        }
    }
    grow_free(&waiting);
    return problem;
}

/* ---- lives ---------------------------------------------------------------------------------- */

typedef struct {
    const CommitGraph *graph;
    const int32_t *classes; /* by tree */
    size_t class_count;
    const uint8_t *sets;
    size_t set_count;
    size_t width;
    const uint8_t *reachable;
    const uint8_t *pushed;
    /* By class: how many commits, whether a ref leads to one, and a remote one. */
    int64_t *counts;
    uint8_t *alive;
    uint8_t *exposed;
    /* Sets of findings. */
    uint8_t *living;
    uint8_t *before;
    uint8_t *change;
    Grow facts; /* int64_t, three a finding: its commits, whether it is alive, whether it was pushed */
    Grow introduced; /* int32_t pairs: finding, commit */
    Grow removed;
} Lives;

static inline int32_t
class_of(const Lives *lives, const int64_t *row)
{
    return row != NULL && row[TREE] >= 0 && (uint64_t)row[TREE] < lives->class_count ? lives->classes[row[TREE]] : 0;
}

static inline const uint8_t *
set_of(const Lives *lives, int32_t class)
{
    return lives->sets + (size_t)class * lives->width;
}

static Problem
check_classes(const int32_t *classes, size_t class_count, size_t set_count)
{
    for (size_t at = 0; at < class_count; at++) {
        if (classes[at] < 0 || (size_t)classes[at] >= set_count) {
            return BAD_CLASSES;
        }
    }
    return NULL;
}

static void
count_commits(Lives *lives)
{
    const CommitGraph *graph = lives->graph;
    const int64_t *row = graph->words, *end = row + graph->word_count;

    for (; row < end; row = next_row(row)) {
        int32_t class = class_of(lives, row);
        if (class != 0 && find_row(graph, row[NUMBER]) == row) {
            lives->counts[class]++;
            lives->alive[class] |= (uint8_t)has_bit(lives->reachable, (size_t)row[NUMBER]);
            lives->exposed[class] |= (uint8_t)has_bit(lives->pushed, (size_t)row[NUMBER]);
        }
    }
}

static Problem
sum_up(Lives *lives)
{
    size_t key_count = lives->width * 8;
    Problem problem = grow_reserve(&lives->facts, key_count * 3 * sizeof(int64_t));
    int64_t *facts = (int64_t *)(void *)lives->facts.at;

    if (problem != NULL) {
        return problem;
    }
    lives->facts.used = key_count * 3 * sizeof *facts;
    memset(facts, 0, lives->facts.used);
    for (size_t class = 1; class < lives->set_count; class++) {
        const uint8_t *set = set_of(lives, (int32_t)class);
        for (size_t key = 0; lives->counts[class] > 0 && key < key_count; key++) {
            if (set[key >> 3] == 0) {
                key |= 7;
            }
            else if (has_bit(set, key)) {
                facts[3 * key] += lives->counts[class];
                facts[3 * key + 1] |= lives->alive[class];
                facts[3 * key + 2] |= lives->exposed[class];
            }
        }
        if (lives->alive[class]) {
            set_add(lives->living, set, lives->width);
        }
    }
    return NULL;
}

/* Tells the findings that are in one set and not in the other. What only a dangling commit did is of no interest where a
 * ref's history holds the secret too. */
static Problem
tell_change(Lives *lives, const uint8_t *set, const uint8_t *other, int64_t number, Grow *pairs)
{
    int reachable = has_bit(lives->reachable, (size_t)number);
    Problem problem = NULL;

    for (size_t byte = 0; byte < lives->width && problem == NULL; byte++) {
        unsigned bits = set[byte] & ~(unsigned)other[byte] & (reachable ? 255u : ~(unsigned)lives->living[byte]);
        for (unsigned bit = 0; bits >> bit != 0 && problem == NULL; bit++) {
            if (bits >> bit & 1) {
                int32_t pair[2] = {(int32_t)(8 * byte + bit), (int32_t)number};
                problem = grow_append(pairs, pair, sizeof pair);
            }
        }
    }
    return problem;
}

/* The set of what any parent has: one that is kept, or put together in `before`. */
static const uint8_t *
set_before(Lives *lives, const int64_t *row)
{
    int32_t class = 0;
    int mixed = 0;

    for (const int64_t *parent = row + HEAD; parent < next_row(row); parent++) {
        int32_t more = class_of(lives, find_row(lives->graph, *parent));
        if (more == 0 || more == class) {
            continue;
        }
        if (class == 0) {
            class = more;
            continue;
        }
        if (!mixed) {
            memcpy(lives->before, set_of(lives, class), lives->width);
            mixed = 1;
        }
        set_add(lives->before, set_of(lives, more), lives->width);
    }
    return mixed ? lives->before : set_of(lives, class);
}

static Problem
tell_changes(Lives *lives)
{
    const CommitGraph *graph = lives->graph;
    const int64_t *row = graph->words, *end = row + graph->word_count;
    Problem problem = NULL;

    for (; row < end && problem == NULL; row = next_row(row)) {
        const uint8_t *own = set_of(lives, class_of(lives, row));
        const uint8_t *before = set_before(lives, row);
        if (own == before || find_row(graph, row[NUMBER]) != row) {
            continue;
        }
        problem = tell_change(lives, own, before, row[NUMBER], &lives->introduced);
        if (problem == NULL) {
            problem = tell_change(lives, before, own, row[NUMBER], &lives->removed);
        }
    }
    return problem;
}

static Problem
find_lives(Lives *lives)
{
    Problem problem = check_classes(lives->classes, lives->class_count, lives->set_count);

    if (problem != NULL) {
        return problem;
    }
    lives->counts = PyMem_RawCalloc(lives->set_count, sizeof *lives->counts);
    lives->alive = PyMem_RawCalloc(lives->set_count, 1);
    lives->exposed = PyMem_RawCalloc(lives->set_count, 1);
    lives->living = PyMem_RawCalloc(lives->width, 1);
    lives->before = PyMem_RawCalloc(lives->width, 1);
    if (lives->counts == NULL || lives->alive == NULL || lives->exposed == NULL || lives->living == NULL
        || lives->before == NULL) {
        return kernel_no_memory;
    }
    count_commits(lives);
    problem = sum_up(lives);
    return problem != NULL ? problem : tell_changes(lives);
}

static void
free_lives(Lives *lives)
{
    PyMem_RawFree(lives->counts);
    PyMem_RawFree(lives->alive);
    PyMem_RawFree(lives->exposed);
    PyMem_RawFree(lives->living);
    PyMem_RawFree(lives->before);
    grow_free(&lives->facts);
    grow_free(&lives->introduced);
    grow_free(&lives->removed);
}

static PyObject *
pack_grown(const Grow *const *parts, Py_ssize_t count)
{
    PyObject *packed = PyTuple_New(count);

    for (Py_ssize_t at = 0; packed != NULL && at < count; at++) {
        PyObject *bytes = grow_to_bytes(parts[at]);
        if (bytes == NULL) {
            Py_CLEAR(packed);
        }
        else {
            PyTuple_SET_ITEM(packed, at, bytes);
        }
    }
    return packed;
}

/* ---- which of some sets hold each finding --------------------------------------------------- */

/* Adds `more` to the count of each finding in a set. */
static void
add_to_counts(const uint8_t *set, size_t width, int64_t more, int64_t *counts)
{
    for (size_t byte = 0; byte < width; byte++) {
        for (unsigned bits = set[byte], bit = 0; bits >> bit != 0; bit++) {
            counts[8 * byte + bit] += bits >> bit & 1 ? more : 0;
        }
    }
}

/* Writes the places of the classes that hold each finding, those of finding k from ends[k] on, which moves. */
static void
write_members(const int32_t *classes, size_t count, const uint8_t *sets, size_t width, int64_t *ends, int32_t *members)
{
    for (size_t at = 0; at < count; at++) {
        const uint8_t *set = sets + (size_t)classes[at] * width;
        for (size_t byte = 0; byte < width; byte++) {
            for (unsigned bits = set[byte], bit = 0; bits >> bit != 0; bit++) {
                if (bits >> bit & 1) {
                    members[ends[8 * byte + bit]++] = (int32_t)at;
                }
            }
        }
    }
}

/* `ends` becomes an int64_t a finding: where its part of `members` ends. */
static Problem
find_members(Span classes, Span sets, size_t width, Grow *ends, Grow *members)
{
    const int32_t *class = (const int32_t *)(const void *)classes.at;
    size_t count = classes.len / 4, key_count = 8 * width;
    Problem problem = check_classes(class, count, sets.len / width);
    int64_t sum = 0, *end;

    if (problem == NULL) {
        problem = grow_reserve(ends, key_count * sizeof *end);
    }
    if (problem != NULL) {
        return problem;
    }
    end = (int64_t *)(void *)ends->at;
    ends->used = key_count * sizeof *end;
    memset(end, 0, ends->used);
    for (size_t at = 0; at < count; at++) {
        add_to_counts(sets.at + (size_t)class[at] * width, width, 1, end);
    }
    for (size_t key = 0; key < key_count; key++) {
        int64_t found = end[key];
        end[key] = sum;
        sum += found;
    }
    problem = grow_reserve(members, (size_t)sum * sizeof(int32_t));
    if (problem == NULL && sum > 0) {
        members->used = (size_t)sum * sizeof(int32_t);
        write_members(class, count, sets.at, width, end, (int32_t *)(void *)members->at);
    }
    return problem;
}

PyObject *
kernel_members(PyObject *module, PyObject *const *args, Py_ssize_t given)
{
    Py_buffer views[2];
    Span spans[2];
    int opened;
    Grow ends = {0}, members = {0};
    PyObject *result = NULL;
    Py_ssize_t width;

    if (kernel_arguments("members", given, 3) < 0) {
        return NULL;
    }
    width = PyNumber_AsSsize_t(args[2], PyExc_OverflowError);
    if (PyErr_Occurred()) {
        return NULL;
    }
    opened = kernel_open_all(args, 2, views, spans);
    if (opened == 2) {
        Problem problem = BAD_CLASSES;
        if (width > 0 && width % 8 == 0 && spans[0].len % 4 == 0 && spans[0].len / 4 < INT32_MAX
            && spans[1].len % (size_t)width == 0) {
            PyThreadState *saved = PyEval_SaveThread();
            problem = find_members(spans[0], spans[1], (size_t)width, &ends, &members);
            PyEval_RestoreThread(saved);
        }
        result = problem != NULL ? kernel_raise(kernel_state(module)->error, problem)
                                 : pack_grown((const Grow *const[]){&ends, &members}, 2);
    }
    kernel_close_all(views, opened);
    grow_free(&ends);
    grow_free(&members);
    return result;
}

/* ---- the Python side ------------------------------------------------------------------------ */

static PyObject *
graph_find(PyObject *self, PyObject *number_object)
{
    long long number = PyLong_AsLongLong(number_object);
    const int64_t *row;
    PyObject *parents, *result;

    if (number == -1 && PyErr_Occurred()) {
        return NULL;
    }
    row = find_row((const CommitGraph *)self, number);
    if (row == NULL) {
        Py_RETURN_NONE;
    }
    parents = PyTuple_New((Py_ssize_t)row[PARENTS]);
    for (int64_t at = 0; parents != NULL && at < row[PARENTS]; at++) {
        PyObject *parent = PyLong_FromLongLong(row[HEAD + at]);
        if (parent == NULL) {
            Py_CLEAR(parents);
        }
        else {
            PyTuple_SET_ITEM(parents, (Py_ssize_t)at, parent);
        }
    }
    result = parents == NULL ? NULL : Py_BuildValue("LNL", (long long)row[TREE], parents, (long long)row[TIME]);
    return result;
}

static PyObject *
graph_ancestors(PyObject *self, PyObject *tips_object)
{
    const CommitGraph *graph = (const CommitGraph *)self;
    KernelState *state = PyType_GetModuleState(Py_TYPE(self));
    Py_ssize_t len = (Py_ssize_t)(graph->total / 8 + 1);
    Problem problem = BAD_ROWS;
    PyObject *bits;
    Py_buffer view;
    Span tips;

    if (state == NULL || kernel_open(tips_object, &view, &tips) < 0) {
        return NULL;
    }
    bits = PyBytes_FromStringAndSize(NULL, len);
    if (bits != NULL && tips.len % 4 == 0) {
        PyThreadState *saved = PyEval_SaveThread();
        memset(PyBytes_AS_STRING(bits), 0, (size_t)len);
        problem = add_ancestors(graph, (const int32_t *)(const void *)tips.at, tips.len / 4,
                                (uint8_t *)PyBytes_AS_STRING(bits));
        PyEval_RestoreThread(saved);
    }
    PyBuffer_Release(&view);
    if (bits != NULL && problem != NULL) {
        Py_CLEAR(bits);
        kernel_raise(state->error, problem);
    }
    return bits;
}

static Problem
add_edges(const CommitGraph *graph, EdgeWriter *edges)
{
    const int64_t *row = graph->words, *end = row + graph->word_count;
    Grow parents = {0};
    Problem problem = NULL;

    for (; row < end && problem == NULL; row = next_row(row)) {
        parents.used = 0;
        for (const int64_t *parent = row + HEAD; parent < next_row(row) && problem == NULL; parent++) {
            int32_t number = (int32_t)*parent;
            if (find_row(graph, *parent) != NULL) {
                problem = grow_append(&parents, &number, sizeof number);
            }
        }
        if (problem == NULL && parents.used > 0 && find_row(graph, row[NUMBER]) == row) {
            problem = edges_add(edges, (int32_t)row[NUMBER], (const int32_t *)(const void *)parents.at,
                                parents.used / sizeof(int32_t));
        }
    }
    grow_free(&parents);
    return problem;
}

static PyObject *
graph_edges(PyObject *self, PyObject *Py_UNUSED(unused))
{
    KernelState *state = PyType_GetModuleState(Py_TYPE(self));
    PyObject *result = NULL;
    EdgeWriter edges = {0};
    Problem problem;

    if (state != NULL) {
        problem = add_edges((const CommitGraph *)self, &edges);
        result = problem == NULL ? grow_to_bytes(&edges.rows) : kernel_raise(state->error, problem);
    }
    edges_free(&edges);
    return result;
}

static PyObject *
run_lives(KernelState *state, Lives *lives)
{
    PyThreadState *saved = PyEval_SaveThread();
    Problem problem = find_lives(lives);
    PyObject *result;

    PyEval_RestoreThread(saved);
    result = problem != NULL
                 ? kernel_raise(state->error, problem)
                 : pack_grown((const Grow *const[]){&lives->facts, &lives->introduced, &lives->removed}, 3);
    free_lives(lives);
    return result;
}

static PyObject *
graph_lives(PyObject *self, PyObject *const *args, Py_ssize_t given)
{
    const CommitGraph *graph = (const CommitGraph *)self;
    KernelState *state = PyType_GetModuleState(Py_TYPE(self));
    Py_buffer views[4];
    Span spans[4];
    int opened;
    PyObject *result = NULL;
    Py_ssize_t width;

    if (state == NULL || kernel_arguments("lives", given, 5) < 0) {
        return NULL;
    }
    width = PyNumber_AsSsize_t(args[4], PyExc_OverflowError);
    if (PyErr_Occurred()) {
        return NULL;
    }
    opened = kernel_open_all(args, 4, views, spans);
    if (opened == 4 && (width <= 0 || width % 8 != 0 || spans[0].len % 4 != 0 || spans[1].len == 0
                        || spans[1].len % (size_t)width != 0 || spans[2].len != graph->total / 8 + 1
                        || spans[3].len != graph->total / 8 + 1)) {
        kernel_raise(state->error, BAD_CLASSES);
    }
    else if (opened == 4) {
        Lives lives = {
            .graph = graph,
            .classes = (const int32_t *)(const void *)spans[0].at,
            .class_count = spans[0].len / 4,
            .sets = spans[1].at,
            .set_count = spans[1].len / (size_t)width,
            .width = (size_t)width,
            .reachable = spans[2].at,
            .pushed = spans[3].at,
        };
        result = run_lives(state, &lives);
    }
    kernel_close_all(views, opened);
    return result;
}

static Problem
open_rows(CommitGraph *graph, Py_ssize_t total)
{
    if (graph->view.len % 8 != 0 || total < 0 || total >= INT32_MAX) {
        return BAD_ROWS;
    }
    graph->words = (const int64_t *)(graph->view.len > 0 ? graph->view.buf : "");
    graph->word_count = (size_t)graph->view.len / 8;
    graph->total = (size_t)total;
    if (graph->word_count >= UINT32_MAX) {
        return "there are more commits than can be counted";
    }
    graph->places = PyMem_RawCalloc(graph->total + 1, sizeof *graph->places);
    return graph->places == NULL ? kernel_no_memory : find_places(graph);
}

static PyObject *
graph_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    static char *keys[] = {"rows", "total", NULL};
    KernelState *state = PyType_GetModuleState(type);
    CommitGraph *graph;
    PyObject *rows;
    Py_ssize_t total;
    Problem problem;

    if (state == NULL || !PyArg_ParseTupleAndKeywords(args, keywords, "On", keys, &rows, &total)) {
        return NULL;
    }
    graph = (CommitGraph *)type->tp_alloc(type, 0);
    if (graph == NULL) {
        return NULL;
    }
    if (PyObject_GetBuffer(rows, &graph->view, PyBUF_SIMPLE) < 0) {
        Py_DECREF(graph);
        return NULL;
    }
    problem = open_rows(graph, total);
    if (problem != NULL) {
        Py_DECREF(graph);
        return kernel_raise(state->error, problem);
    }
    return (PyObject *)graph;
}

static void
graph_dealloc(PyObject *self)
{
    CommitGraph *graph = (CommitGraph *)self;
    PyTypeObject *type = Py_TYPE(self);

    if (graph->view.obj != NULL) {
        PyBuffer_Release(&graph->view);
    }
    PyMem_RawFree(graph->places);
    type->tp_free(self);
    Py_DECREF(type);
}

static Py_ssize_t
graph_len(PyObject *self)
{
    return (Py_ssize_t)((CommitGraph *)self)->count;
}

static PyMethodDef methods[] = {
    {"find", graph_find, METH_O, PyDoc_STR("find($self, number, /)\n--\n\nTree, parents and time of a commit.")},
    {"ancestors", graph_ancestors, METH_O,
     PyDoc_STR("ancestors($self, tips, /)\n--\n\nA bit an object: the commits that lead to tips, and these.")},
    {"edges", graph_edges, METH_NOARGS, PyDoc_STR("edges($self, /)\n--\n\nThe parents as `reach` takes edges.")},
    {"lives", (PyCFunction)(void (*)(void))graph_lives, METH_FASTCALL,
     PyDoc_STR("lives($self, classes, sets, reachable, pushed, width, /)\n--\n\nWhat became of each finding.")},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_doc, (void *)PyDoc_STR("CommitGraph(rows, total)\n--\n\nAll commits, as the rows they were read to.")},
    {Py_tp_new, (void *)graph_new},
    {Py_tp_dealloc, (void *)graph_dealloc},
    {Py_tp_methods, methods},
    {Py_sq_length, (void *)graph_len},
    {0, NULL},
};

/* Not a base type: its methods find the module's state through the exact type. */
PyType_Spec commit_graph_spec = {
    "leakguard.git._kernel.CommitGraph", sizeof(CommitGraph), 0, Py_TPFLAGS_DEFAULT, slots,
};
