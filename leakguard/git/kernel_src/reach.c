/* Which findings each tree leads to: depth first, a tree's subtrees before the tree. */
#include "edges.h"
#include "sets.h"

static const char BAD_EDGES[] = "the edges name objects that are not there";

enum { NEW, OPEN, DONE };

typedef struct {
    Span edges;
    EdgeReader row;    /* goes through all rows, one after the other */
    EdgeReader reader; /* goes to and fro */
    const int32_t *holders; /* pairs: a tree, the place of a set in `given` */
    size_t holder_count;
    const uint8_t *given;
    size_t given_count;
    size_t total;
    uint32_t *rows;   /* by tree: the place of its row + 1, 0 where it has none */
    uint8_t *state;
    int32_t *classes; /* by tree; what it holds itself until it is done */
    void *scratch_block;
    uint8_t *scratch; /* a set, in it */
    Grow stack;
    Sets sets;
} Graph;

/* A tree whose subtrees are looked at, and the place of the next one. */
typedef struct {
    int32_t tree;
    size_t next;
} Frame;

static int
in_range(const Graph *graph, int32_t number)
{
    return number >= 0 && (size_t)number < graph->total;
}

/* Whether another row of a tree takes the place of an earlier one: none does among honest trees, where they are the
 * same. */
static int
is_greater(const EdgeReader *row, const EdgeReader *old)
{
    size_t count = edges_count(row), old_count = edges_count(old);

    if (count != old_count) {
        return count > old_count;
    }
    return count > 0 && memcmp(row->subtrees.at, old->subtrees.at, row->subtrees.used) > 0;
}

static Problem
take_row(Graph *graph, const EdgeReader *row)
{
    const int32_t *subtree = edges_first(row) + row->head, *end = subtree + row->fresh;
    uint32_t *place;

    for (; subtree < end; subtree++) {
        if (!in_range(graph, *subtree)) {
            return BAD_EDGES;
        }
    }
    if (!in_range(graph, row->tree)) {
        return BAD_EDGES;
    }
    place = &graph->rows[row->tree];
    if (*place != 0) {
        Problem problem = edges_seek(&graph->reader, *place - 1);
        if (problem != NULL || !is_greater(row, &graph->reader)) {
            return problem;
        }
    }
    *place = (uint32_t)row->begin + 1;
    return NULL;
}

static Problem
find_rows(Graph *graph)
{
    Problem problem = NULL;

    while (problem == NULL && edges_next(&graph->row, &problem)) {
        problem = take_row(graph, &graph->row);
    }
    graph->row.end = 0;
    return problem;
}

/* What trees hold themselves. A tree's pairs mostly lie in a row, and only what they come to is kept as a set. */
static Problem
take_holders(Graph *graph)
{
    size_t at = 0, width = graph->sets.width, room = graph->sets.room;
    Problem problem = NULL;

    while (at < graph->holder_count && problem == NULL) {
        int32_t tree = graph->holders[2 * at];
        if (!in_range(graph, tree)) {
            return BAD_EDGES;
        }
        memcpy(graph->scratch, sets_row(&graph->sets, graph->classes[tree]), room);
        for (; at < graph->holder_count && graph->holders[2 * at] == tree; at++) {
            int32_t place = graph->holders[2 * at + 1];
            if (place < 0 || (size_t)place >= graph->given_count) {
                return BAD_EDGES;
            }
            set_add(graph->scratch, graph->given + (size_t)place * width, width);
        }
        problem = sets_class(&graph->sets, graph->scratch, &graph->classes[tree]);
    }
    return problem;
}

static Problem
push(Graph *graph, int32_t tree)
{
    Frame frame = {tree, 0};

    graph->state[tree] = OPEN;
    return grow_append(&graph->stack, &frame, sizeof frame);
}

/* The class of a tree whose subtrees have theirs. One that is open is the tree's own ancestor: it adds nothing. */
static Problem
close_tree(Graph *graph, int32_t tree, const int32_t *subtree, const int32_t *end)
{
    int32_t class = graph->classes[tree], last = class;
    size_t room = graph->sets.room;
    int mixed = 0;

    for (; subtree < end; subtree++) {
        int32_t more = graph->classes[*subtree];
        if (more == 0 || more == last || graph->state[*subtree] == OPEN) {
            continue;
        }
        last = more;
        if (class == 0) {
            class = more;
            continue;
        }
        if (!mixed) {
            memcpy(graph->scratch, sets_row(&graph->sets, class), room);
            mixed = 1;
        }
        set_add(graph->scratch, sets_row(&graph->sets, more), room);
    }
    graph->state[tree] = DONE;
    graph->classes[tree] = class;
    return mixed ? sets_class(&graph->sets, graph->scratch, &graph->classes[tree]) : NULL;
}

/* Has a reader stand at a tree's row: mostly it is where all rows are gone through. */
static Problem
seek_row(Graph *graph, int32_t tree, const EdgeReader **reader)
{
    size_t begin = graph->rows[tree] - 1;
    EdgeReader *here = begin == graph->row.begin ? &graph->row : &graph->reader;

    *reader = here;
    return edges_seek(here, begin);
}

/* Goes on with the tree on top of the stack until it meets a new subtree, or is through. */
static Problem
step(Graph *graph)
{
    Frame *frame = (Frame *)(void *)(graph->stack.at + graph->stack.used) - 1;
    int32_t tree = frame->tree;
    const EdgeReader *reader;
    Problem problem = seek_row(graph, tree, &reader);
    const int32_t *first = edges_first(reader);
    size_t count = edges_count(reader);

    if (problem != NULL) {
        return problem;
    }
    while (frame->next < count) {
        int32_t subtree = first[frame->next++];
        if (graph->state[subtree] == NEW && graph->rows[subtree] != 0) {
            return push(graph, subtree);
        }
    }
    graph->stack.used -= sizeof *frame;
    return close_tree(graph, tree, first, first + count);
}

/* The trees in the order of their rows, so that most are a step from the one before. */
static Problem
close_all(Graph *graph)
{
    Problem problem = NULL;

    while (problem == NULL && edges_next(&graph->row, &problem)) {
        if (graph->state[graph->row.tree] == NEW) {
            problem = push(graph, graph->row.tree);
        }
        while (graph->stack.used > 0 && problem == NULL) {
            problem = step(graph);
        }
    }
    return problem;
}

static Problem
reach(Graph *graph)
{
    Problem problem = find_rows(graph);

    if (problem == NULL) {
        problem = take_holders(graph);
    }
    return problem != NULL ? problem : close_all(graph);
}

static Problem
open_graph(Graph *graph, size_t width)
{
    Problem problem;

    if (graph->edges.len >= UINT32_MAX - 1 || graph->total >= INT32_MAX) {
        return "there are more edges than can be counted";
    }
    graph->rows = PyMem_RawCalloc(graph->total + 1, sizeof *graph->rows);
    graph->state = PyMem_RawCalloc(graph->total + 1, 1);
    if (graph->rows == NULL || graph->state == NULL) {
        return kernel_no_memory;
    }
    problem = sets_open(&graph->sets, width);
    if (problem == NULL) {
        graph->scratch = sets_allocate(graph->sets.room, &graph->scratch_block);
        problem = graph->scratch != NULL ? NULL : kernel_no_memory;
    }
    return problem;
}

static void
close_graph(Graph *graph)
{
    PyMem_RawFree(graph->rows);
    PyMem_RawFree(graph->state);
    PyMem_RawFree(graph->scratch_block);
    grow_free(&graph->stack);
    grow_free(&graph->row.subtrees);
    grow_free(&graph->reader.subtrees);
    sets_free(&graph->sets);
}

static PyObject *
run(KernelState *state, Graph *graph, size_t width)
{
    PyObject *classes = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)(graph->total * sizeof *graph->classes));
    PyObject *sets = NULL, *result = NULL;
    PyThreadState *saved;
    Problem problem;

    if (classes == NULL) {
        return NULL;
    }
    graph->classes = (int32_t *)(void *)PyBytes_AS_STRING(classes);
    saved = PyEval_SaveThread();
    memset(graph->classes, 0, graph->total * sizeof *graph->classes);
    problem = open_graph(graph, width);
    if (problem == NULL) {
        problem = reach(graph);
    }
    PyEval_RestoreThread(saved);
    if (problem != NULL) {
        kernel_raise(state->error, problem);
    }
    else if ((sets = sets_to_bytes(&graph->sets)) != NULL) {
        result = PyTuple_Pack(2, classes, sets);
    }
    close_graph(graph);
    Py_XDECREF(sets);
    Py_DECREF(classes);
    return result;
}

PyObject *
kernel_reach(PyObject *module, PyObject *const *args, Py_ssize_t given)
{
    Py_buffer views[3];
    Span spans[3];
    int opened;
    PyObject *result = NULL;
    Py_ssize_t width, total;

    if (kernel_arguments("reach", given, 5) < 0) {
        return NULL;
    }
    width = PyNumber_AsSsize_t(args[3], PyExc_OverflowError);
    total = PyNumber_AsSsize_t(args[4], PyExc_OverflowError);
    if (PyErr_Occurred()) {
        return NULL;
    }
    opened = kernel_open_all(args, 3, views, spans);
    if (opened == 3 && (width <= 0 || width % 8 != 0 || total < 0 || total >= INT32_MAX
                        || spans[1].len % 8 != 0 || spans[2].len % (size_t)width != 0)) {
        kernel_raise(kernel_state(module)->error, BAD_EDGES);
    }
    else if (opened == 3) {
        Graph graph = {
            .edges = spans[0],
            .row = {.rows = spans[0]},
            .reader = {.rows = spans[0]},
            .holders = (const int32_t *)(const void *)spans[1].at,
            .holder_count = spans[1].len / 8,
            .given = spans[2].at,
            .given_count = spans[2].len / (size_t)width,
            .total = (size_t)total,
        };
        result = run(kernel_state(module), &graph, (size_t)width);
    }
    kernel_close_all(views, opened);
    return result;
}
