/* Which trees lead to the trees of interest: a breadth-first walk over the edges, backwards. */
#include "kernel.h"

#include <stdlib.h>

static const char BAD_EDGES[] = "the edges do not belong to the counts, or name objects that are not there";

typedef struct {
    const int32_t *trees;   /* the numbers of some trees */
    const int32_t *counts;  /* how many edges each of them has */
    const int32_t *edges;   /* the subtrees, in a row */
    const int32_t *seeds;
    size_t tree_count;
    size_t edge_count;
    size_t seed_count;
    size_t total;
} Graph;

static int
in_range(const int32_t *numbers, size_t count, size_t total)
{
    for (size_t at = 0; at < count; at++) {
        if (numbers[at] < 0 || (size_t)numbers[at] >= total) {
            return 0;
        }
    }
    return 1;
}

static Problem
check_graph(const Graph *graph)
{
    size_t sum = 0;

    for (size_t at = 0; at < graph->tree_count; at++) {
        if (graph->counts[at] < 0 || (size_t)graph->counts[at] > graph->edge_count - sum) {
            return BAD_EDGES;
        }
        sum += (size_t)graph->counts[at];
    }
    if (sum != graph->edge_count || !in_range(graph->trees, graph->tree_count, graph->total)
        || !in_range(graph->edges, graph->edge_count, graph->total)
        || !in_range(graph->seeds, graph->seed_count, graph->total)) {
        return BAD_EDGES;
    }
    return NULL;
}

/* The edges sorted by subtree: heads[s]..heads[s+1] are the places in `from` of the trees that name s. */
static void
turn_edges(const Graph *graph, uint32_t *heads, int32_t *from)
{
    size_t edge = 0;

    for (size_t at = 0; at < graph->edge_count; at++) {
        heads[(size_t)graph->edges[at] + 1]++;
    }
    for (size_t at = 0; at < graph->total; at++) {
        heads[at + 1] += heads[at];
    }
    for (size_t at = 0; at < graph->tree_count; at++) {
        for (int32_t left = graph->counts[at]; left > 0; left--, edge++) {
            from[heads[graph->edges[edge]]++] = graph->trees[at];
        }
    }
    /* Filling moved every head to the next one's start. */
    memmove(heads + 1, heads, graph->total * sizeof *heads);
    heads[0] = 0;
}

typedef struct {
    uint8_t *seen;     /* 1 once a tree leads to a seed, 2 once its edges are told */
    int32_t *queue;    /* those trees, in the order in which they were met */
    int32_t *stack;    /* those of which all edges to others are told */
    uint32_t *waiting; /* how many of a tree's own edges are still to be told */
} Walk;

/* Meets every tree that leads to a seed, breadth first; how many they are. */
static size_t
walk_up(const Graph *graph, const uint32_t *heads, const int32_t *from, Walk *walk)
{
    size_t head = 0, tail = 0;

    for (size_t at = 0; at < graph->seed_count; at++) {
        int32_t seed = graph->seeds[at];
        if (!walk->seen[seed]) {
            walk->seen[seed] = 1;
            walk->queue[tail++] = seed;
        }
    }
    while (head < tail) {
        int32_t subtree = walk->queue[head++];
        for (uint32_t at = heads[subtree]; at < heads[subtree + 1]; at++) {
            int32_t tree = from[at];
            walk->waiting[tree]++;
            if (!walk->seen[tree]) {
                walk->seen[tree] = 1;
                walk->queue[tail++] = tree;
            }
        }
    }
    return tail;
}

/* Tells the edges to one tree. What waits for nothing more afterwards comes onto the stack. */
static Problem
tell_edges(int32_t subtree, const uint32_t *heads, const int32_t *from, Walk *walk, size_t *depth, Grow *pairs)
{
    walk->seen[subtree] = 2;
    for (uint32_t at = heads[subtree]; at < heads[subtree + 1]; at++) {
        int32_t pair[2] = {from[at], subtree};
        if (grow_append(pairs, pair, sizeof pair) != NULL) {
            return kernel_no_memory;
        }
        if (--walk->waiting[pair[0]] == 0 && walk->seen[pair[0]] == 1) {
            walk->stack[(*depth)++] = pair[0];
        }
    }
    return NULL;
}

/* Tells all edges to the trees that were met: the edges from a tree before those to it, but for cycles, which come
 * last. */
static Problem
tell_in_order(const uint32_t *heads, const int32_t *from, Walk *walk, size_t count, Grow *pairs)
{
    size_t depth = 0, next = 0;
    Problem problem = NULL;

    for (size_t at = 0; at < count; at++) {
        if (walk->waiting[walk->queue[at]] == 0) {
            walk->stack[depth++] = walk->queue[at];
        }
    }
    while (problem == NULL) {
        int32_t subtree;
        while (depth == 0 && next < count && walk->seen[walk->queue[next]] == 2) {
            next++;
        }
        if (depth == 0 && next == count) {
            break;
        }
        subtree = depth > 0 ? walk->stack[--depth] : walk->queue[next];
        problem = tell_edges(subtree, heads, from, walk, &depth, pairs);
    }
    return problem;
}

static Problem
reach(const Graph *graph, Grow *pairs)
{
    Problem problem = check_graph(graph);
    uint32_t *heads;
    int32_t *from;
    Walk walk;

    if (problem != NULL) {
        return problem;
    }
    if (graph->edge_count >= UINT32_MAX || graph->total >= INT32_MAX) {
        return "there are more edges than can be counted";
    }
    heads = calloc(graph->total + 2, sizeof *heads);
    from = malloc((graph->edge_count + 1) * sizeof *from);
    walk.queue = malloc((graph->total + 1) * sizeof *walk.queue);
    walk.stack = malloc((graph->total + 1) * sizeof *walk.stack);
    walk.waiting = calloc(graph->total + 1, sizeof *walk.waiting);
    walk.seen = calloc(graph->total + 1, 1);
    if (heads == NULL || from == NULL || walk.queue == NULL || walk.stack == NULL || walk.waiting == NULL
        || walk.seen == NULL) {
        problem = kernel_no_memory;
    }
    else {
        turn_edges(graph, heads, from);
        problem = tell_in_order(heads, from, &walk, walk_up(graph, heads, from, &walk), pairs);
    }
    free(heads);
    free(from);
    free(walk.queue);
    free(walk.stack);
    free(walk.waiting);
    free(walk.seen);
    return problem;
}

PyObject *
kernel_reach(PyObject *module, PyObject *const *args, Py_ssize_t given)
{
    Py_buffer views[4];
    Span spans[4];
    int opened = 0;
    Grow pairs = {0};
    PyObject *result = NULL;
    Py_ssize_t total;

    if (kernel_arguments("reach", given, 5) < 0) {
        return NULL;
    }
    total = PyNumber_AsSsize_t(args[4], PyExc_OverflowError);
    if (total == -1 && PyErr_Occurred()) {
        return NULL;
    }
    while (opened < 4 && kernel_open(args[opened], &views[opened], &spans[opened]) == 0) {
        opened++;
    }
    if (opened == 4) {
        Graph graph = {
            .trees = (const int32_t *)spans[0].at,
            .counts = (const int32_t *)spans[1].at,
            .edges = (const int32_t *)spans[2].at,
            .seeds = (const int32_t *)spans[3].at,
            .tree_count = spans[0].len / 4,
            .edge_count = spans[2].len / 4,
            .seed_count = spans[3].len / 4,
            .total = total < 0 ? 0 : (size_t)total,
        };
        Problem problem = BAD_EDGES;
        if (spans[0].len == spans[1].len && spans[0].len % 4 == 0 && spans[2].len % 4 == 0 && spans[3].len % 4 == 0) {
            PyThreadState *saved = PyEval_SaveThread();
            problem = reach(&graph, &pairs);
            PyEval_RestoreThread(saved);
        }
        result = problem == NULL ? grow_to_bytes(&pairs) : kernel_raise(kernel_state(module)->error, problem);
    }
    while (opened > 0) {
        PyBuffer_Release(&views[--opened]);
    }
    grow_free(&pairs);
    return result;
}
