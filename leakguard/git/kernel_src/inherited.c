/* The function inherited: which of a base's candidates an edit hands down. */
#include "delta.h"

typedef struct {
    int64_t number;
    int64_t shift;
    int64_t copy_start;
    int64_t copy_end;
} Inherited;

static Problem
append_inherited(Span clean, const int64_t *ends, size_t count, Grow *rows)
{
    const Clean *row = (const Clean *)(const void *)clean.at, *stop = row + clean.len / sizeof *row;
    Problem problem = NULL;

    for (; row < stop && problem == NULL; row++) {
        size_t number = first_not_below(ends, sizeof *ends, count, row->lo - row->shift);
        for (; number < count && ends[number] <= row->hi - row->shift && problem == NULL; number++) {
            Inherited inherited = {(int64_t)number, row->shift, row->start, row->end};
            problem = grow_append(rows, &inherited, sizeof inherited);
        }
    }
    return problem;
}

PyObject *
kernel_inherited(PyObject *module, PyObject *const *args, Py_ssize_t given)
{
    Py_buffer views[2];
    Span spans[2];
    Grow rows = {NULL, 0, 0};
    PyObject *result = NULL;
    Problem problem = "the rows are no chain's";
    int opened;

    if (kernel_arguments("inherited", given, 2) < 0) {
        return NULL;
    }
    opened = kernel_open_all(args, 2, views, spans);
    if (opened == 2) {
        if (spans[0].len % sizeof(Clean) == 0 && spans[1].len % sizeof(int64_t) == 0) {
            problem = append_inherited(spans[0], (const int64_t *)(const void *)spans[1].at,
                                       spans[1].len / sizeof(int64_t), &rows);
        }
        result = problem == NULL ? grow_to_bytes(&rows) : kernel_raise(kernel_state(module)->error, problem);
    }
    grow_free(&rows);
    kernel_close_all(views, opened);
    return result;
}
