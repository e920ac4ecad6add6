/* Cuts a pack's order into spans of whole delta trees. */
#include "kernel.h"

static const char NO_TABLE[] = "the columns do not belong to one pack";

typedef struct {
    const int32_t *order;
    const int32_t *depths;
    size_t reached;
    const int64_t *offsets;
    size_t count;
    size_t step;
    int64_t budget;
} Forest;

static Problem
check_forest(const Forest *forest)
{
    size_t place;

    for (place = 0; place < forest->reached; place++) {
        if (forest->order[place] < 0 || (size_t)forest->order[place] >= forest->count) {
            return NO_TABLE;
        }
    }
    return NULL;
}

/* The end of the span from `begin` on: after `step` objects and as often again as it is too light, and after the last
 * tree that is begun. The sums wrap where a hostile table asks for it, and are nothing but weights. */
static size_t
end_span(const Forest *forest, size_t begin, int64_t *weight)
{
    size_t end = begin, place;
    uint64_t sum = 0;

    while (end < forest->reached && (int64_t)sum < forest->budget) {
        size_t stop = forest->reached - end < forest->step ? forest->reached : end + forest->step;
        for (place = end; place < stop; place++) {
            const int64_t *offset = forest->offsets + forest->order[place];
            sum += (uint64_t)offset[1] - (uint64_t)offset[0];
        }
        end = stop;
    }
    while (end < forest->reached && forest->depths[end] != 0) {
        end++;
    }
    *weight = (int64_t)sum;
    return end;
}

static PyObject *
cut(const Forest *forest)
{
    PyObject *spans = PyList_New(0);
    size_t begin = 0, end;
    int64_t weight;

    for (; spans != NULL && begin < forest->reached; begin = end) {
        PyObject *span;
        end = end_span(forest, begin, &weight);
        span = Py_BuildValue("(nnL)", (Py_ssize_t)begin, (Py_ssize_t)end, (long long)weight);
        if (span == NULL || PyList_Append(spans, span) < 0) {
            Py_CLEAR(spans);
        }
        Py_XDECREF(span);
    }
    return spans;
}

PyObject *
kernel_families(PyObject *module, PyObject *const *args, Py_ssize_t given)
{
    Py_buffer views[3];
    Span spans[3];
    Forest forest = {0};
    PyObject *result = NULL;
    Problem problem = NO_TABLE;
    Py_ssize_t step, budget;
    int opened;

    if (kernel_arguments("families", given, 5) < 0) {
        return NULL;
    }
    step = PyNumber_AsSsize_t(args[3], PyExc_OverflowError);
    budget = PyErr_Occurred() ? -1 : PyNumber_AsSsize_t(args[4], PyExc_OverflowError);
    if (PyErr_Occurred()) {
        return NULL;
    }
    opened = kernel_open_all(args, 3, views, spans);
    if (opened == 3) {
        forest.order = (const int32_t *)spans[0].at;
        forest.depths = (const int32_t *)spans[1].at;
        forest.reached = spans[0].len / 4;
        forest.offsets = (const int64_t *)spans[2].at;
        forest.count = spans[2].len >= 8 ? spans[2].len / 8 - 1 : 0;
        forest.step = step > 0 ? (size_t)step : 1;
        forest.budget = budget > 0 ? budget : 1;
        if (spans[0].len == spans[1].len && spans[0].len % 4 == 0 && spans[2].len % 8 == 0) {
            problem = check_forest(&forest);
        }
        result = problem == NULL ? cut(&forest) : kernel_raise(kernel_state(module)->error, problem);
    }
    kernel_close_all(views, opened);
    return result;
}
