/* Git's pack deltas: applying them, and telling which bytes of the result are not simply the base's.
 *
 * The format is git's Documentation/gitformat-pack, "Deltified representation". What clean copies and
 * dirty windows are, and why each end of an anchor belongs to exactly one of them, is written in
 * kernel_py.apply_delta_dirty, whose twin this is.
 */
#include "kernel.h"

/* A copy whose unscanned middle would be shorter than this is scanned whole: a row costs more. */
#define LEAST_GAP 64
#define MOST_MARGIN (1 << 20)
#define ROW 5

static const char TRUNCATED[] = "the delta is truncated";
static const char OVERSIZE_FIELD[] = "a size in the delta is out of range";
static const char OTHER_BASE[] = "the delta was made for a base of another size";
static const char OVER_LIMIT[] = "the delta's result is over the size limit";
static const char BEYOND_BASE[] = "the delta copies from beyond its base";
static const char TOO_LONG[] = "the delta's result is longer than its header says";
static const char TOO_SHORT[] = "the delta's result is shorter than its header says";
static const char RESERVED[] = "the delta holds the reserved opcode 0";

typedef struct {
    const uint8_t *at;
    const uint8_t *end;
} Cursor;

/* Follows the copies of one delta and cuts its result into clean copies and dirty windows. */
typedef struct {
    const uint8_t *child;
    int64_t child_len;
    int64_t base_len;
    int64_t margin;
    /* The copy that may still grow: [copy_start, copy_end) of the child; empty when there is none. */
    int64_t copy_start;
    int64_t copy_end;
    int64_t copy_base;
    /* The window that is open, if any. */
    int open;
    int64_t window_start;
    int64_t accept_lo;
    int64_t gathered;
    Grow windows;
    Grow clean;
} Seams;

static Problem
read_size(Cursor *delta, uint64_t *size)
{
    unsigned shift = 0;
    uint8_t byte;

    *size = 0;
    do {
        if (delta->at == delta->end) {
            return TRUNCATED;
        }
        if (shift > 56) {
            return OVERSIZE_FIELD;
        }
        byte = *delta->at++;
        *size |= (uint64_t)(byte & 0x7f) << shift;
        shift += 7;
    } while (byte & 0x80);
    return NULL;
}

static Problem
read_header(Cursor *delta, size_t base_len, Py_ssize_t limit, size_t *result_len)
{
    uint64_t size;
    Problem problem = read_size(delta, &size);

    if (problem != NULL) {
        return problem;
    }
    if (size != base_len) {
        return OTHER_BASE;
    }
    problem = read_size(delta, &size);
    if (problem != NULL) {
        return problem;
    }
    if (limit < 0 || size > (uint64_t)limit) {
        return OVER_LIMIT;
    }
    *result_len = (size_t)size;
    return NULL;
}

/* Reads what follows a copy's opcode: up to four bytes of offset and three of size. */
static Problem
read_copy(Cursor *delta, unsigned opcode, uint32_t *offset, uint32_t *size)
{
    static const uint8_t bits[16] = {0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4};
    const uint8_t *at = delta->at;

    if (delta->end - at < bits[opcode & 15] + bits[opcode >> 4 & 7]) {
        return TRUNCATED;
    }
    *offset = 0;
    *size = 0;
    if (opcode & 0x01) *offset = *at++;
    if (opcode & 0x02) *offset |= (uint32_t)*at++ << 8;
    if (opcode & 0x04) *offset |= (uint32_t)*at++ << 16;
    if (opcode & 0x08) *offset |= (uint32_t)*at++ << 24;
    if (opcode & 0x10) *size = *at++;
    if (opcode & 0x20) *size |= (uint32_t)*at++ << 8;
    if (opcode & 0x40) *size |= (uint32_t)*at++ << 16;
    if (*size == 0) {
        *size = 0x10000;
    }
    delta->at = at;
    return NULL;
}

static Problem
add_window(Seams *seams, int64_t end, int64_t accept_hi)
{
    int64_t len = end - seams->window_start;
    int64_t row[ROW];

    row[0] = seams->gathered;
    row[1] = seams->gathered + len;
    row[2] = seams->window_start;
    row[3] = seams->accept_lo;
    row[4] = accept_hi;
    seams->gathered += len + 1;
    seams->open = 0;
    return grow_append(&seams->windows, row, sizeof row);
}

/* The position after the last newline of [from, to), or `from` where there is none. */
static int64_t
after_last_newline(const uint8_t *text, int64_t from, int64_t to)
{
    while (to > from && text[to - 1] != '\n') {
        to--;
    }
    return to;
}

/* Decides about the copy that has ended: clean, or part of the window that is open. */
static Problem
end_copy(Seams *seams)
{
    int64_t start = seams->copy_start, end = seams->copy_end, margin = seams->margin;
    int64_t shift = start - seams->copy_base;
    int at_start = start == 0 && shift == 0;
    int at_end = end == seams->child_len && end - shift == seams->base_len;
    int64_t lo = start, left_end = start, accept_hi = start, hi = end, right_start = end;
    int64_t row[ROW];
    Problem problem;

    if (end - start < LEAST_GAP && !(at_start && at_end)) {
        return NULL;
    }
    if (!at_start) {
        int64_t reach = end - start > margin ? start + margin + 1 : end;
        const uint8_t *newline = memchr(seams->child + start, '\n', (size_t)(reach - start));
        accept_hi = newline != NULL ? newline - seams->child : start + margin;
        lo = left_end = accept_hi + 1;
    }
    if (!at_end) {
        hi = end - 1;
        right_start = after_last_newline(seams->child, end - start > margin ? end - margin - 1 : start, end);
    }
    if (right_start - left_end < LEAST_GAP && !(at_start && at_end)) {
        return NULL;
    }
    if (!at_start) {
        problem = add_window(seams, left_end, accept_hi);
        if (problem != NULL) {
            return problem;
        }
    }
    seams->open = !at_end;
    seams->window_start = right_start;
    seams->accept_lo = end;
    row[0] = lo;
    row[1] = hi;
    row[2] = shift;
    row[3] = start;
    row[4] = end;
    return grow_append(&seams->clean, row, sizeof row);
}

static Problem
see_copy(Seams *seams, size_t done, uint32_t offset, uint32_t size)
{
    int64_t len = seams->copy_end - seams->copy_start;

    if (len > 0) {
        Problem problem;
        /* Git splits a long copy into several: where the base goes on, there is no seam. */
        if (seams->copy_end == (int64_t)done && seams->copy_base + len == (int64_t)offset) {
            seams->copy_end += size;
            return NULL;
        }
        problem = end_copy(seams);
        if (problem != NULL) {
            return problem;
        }
    }
    seams->copy_start = (int64_t)done;
    seams->copy_end = (int64_t)done + size;
    seams->copy_base = offset;
    return NULL;
}

static Problem
end_child(Seams *seams)
{
    if (seams->copy_end > seams->copy_start) {
        Problem problem = end_copy(seams);
        if (problem != NULL) {
            return problem;
        }
    }
    if (seams->open && seams->child_len > 0) {
        return add_window(seams, seams->child_len, seams->child_len);
    }
    return NULL;
}

/* Runs the delta's operations into `out`; `seams` may be NULL. */
static Problem
run(Span base, Cursor delta, uint8_t *out, size_t out_len, Seams *seams)
{
    size_t done = 0;

    while (delta.at < delta.end) {
        unsigned opcode = *delta.at++;
        if (opcode & 0x80) {
            uint32_t offset, size;
            Problem problem = read_copy(&delta, opcode, &offset, &size);
            if (problem != NULL) {
                return problem;
            }
            if (offset > base.len || size > base.len - offset) {
                return BEYOND_BASE;
            }
            if (size > out_len - done) {
                return TOO_LONG;
            }
            memcpy(out + done, base.at + offset, size);
            if (seams != NULL) {
                problem = see_copy(seams, done, offset, size);
                if (problem != NULL) {
                    return problem;
                }
            }
            done += size;
        }
        else if (opcode != 0) {
            if (opcode > (size_t)(delta.end - delta.at)) {
                return TRUNCATED;
            }
            if (opcode > out_len - done) {
                return TOO_LONG;
            }
            memcpy(out + done, delta.at, opcode);
            delta.at += opcode;
            done += opcode;
        }
        else {
            return RESERVED;
        }
    }
    if (done != out_len) {
        return TOO_SHORT;
    }
    return seams != NULL ? end_child(seams) : NULL;
}

/* Makes the child as a new bytes object. `seams` may be NULL; its margin is set by the caller. */
static PyObject *
make_child(PyObject *error, Span base, Span delta, Py_ssize_t limit, Seams *seams)
{
    Cursor cursor = {delta.at, delta.at + delta.len};
    PyThreadState *saved;
    PyObject *child;
    uint8_t *out;
    size_t out_len;
    Problem problem = read_header(&cursor, base.len, limit, &out_len);

    if (problem != NULL) {
        return kernel_raise(error, problem);
    }
    child = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)out_len);
    if (child == NULL) {
        return NULL;
    }
    out = (uint8_t *)PyBytes_AS_STRING(child);
    if (seams != NULL) {
        seams->child = out;
        seams->child_len = (int64_t)out_len;
        seams->base_len = (int64_t)base.len;
        seams->open = 1;
    }
    saved = kernel_release_gil(out_len + delta.len);
    problem = run(base, cursor, out, out_len, seams);
    kernel_retake_gil(saved);
    if (problem != NULL) {
        Py_DECREF(child);
        return kernel_raise(error, problem);
    }
    return child;
}

PyObject *
kernel_apply_delta(PyObject *module, PyObject *const *args, Py_ssize_t given)
{
    Py_buffer base_view, delta_view;
    Span base, delta;
    PyObject *child = NULL;
    Py_ssize_t limit;

    if (kernel_arguments("apply_delta", given, 3) < 0) {
        return NULL;
    }
    limit = PyNumber_AsSsize_t(args[2], PyExc_OverflowError);
    if (limit == -1 && PyErr_Occurred()) {
        return NULL;
    }
    if (kernel_open(args[0], &base_view, &base) < 0) {
        return NULL;
    }
    if (kernel_open(args[1], &delta_view, &delta) == 0) {
        child = make_child(kernel_state(module)->error, base, delta, limit, NULL);
        PyBuffer_Release(&delta_view);
    }
    PyBuffer_Release(&base_view);
    return child;
}

/* Copies each window and a newline to `out`, and moves the rows to where they are in the gather buffer. */
static void
copy_windows(Seams *seams, uint8_t *out, int64_t gather_len)
{
    size_t done;

    for (done = 0; done < seams->windows.used; done += sizeof(int64_t) * ROW) {
        int64_t *row = (int64_t *)(void *)(seams->windows.at + done);
        size_t len = (size_t)(row[1] - row[0]);
        memcpy(out, seams->child + row[2], len);
        out[len] = '\n';
        out += len + 1;
        row[0] += gather_len;
        row[1] += gather_len;
    }
}

static int
gather_windows(Seams *seams, PyObject *gather)
{
    Py_ssize_t len = PyByteArray_GET_SIZE(gather);
    PyThreadState *saved;
    Py_buffer view;

    if (seams->gathered == 0) {
        return 0;
    }
    if (seams->gathered > PY_SSIZE_T_MAX - len) {
        PyErr_NoMemory();
        return -1;
    }
    if (PyByteArray_Resize(gather, len + (Py_ssize_t)seams->gathered) < 0) {
        return -1;
    }
    /* While the view is held nobody can resize the buffer, so the copying needs no GIL. */
    if (PyObject_GetBuffer(gather, &view, PyBUF_WRITABLE) < 0) {
        return -1;
    }
    saved = kernel_release_gil((size_t)seams->gathered);
    copy_windows(seams, (uint8_t *)view.buf + len, len);
    kernel_retake_gil(saved);
    PyBuffer_Release(&view);
    return 0;
}

static PyObject *
child_and_rows(PyObject *child, const Seams *seams)
{
    PyObject *clean = grow_to_bytes(&seams->clean);
    PyObject *windows = grow_to_bytes(&seams->windows);
    PyObject *result = NULL;

    if (clean != NULL && windows != NULL) {
        result = PyTuple_Pack(3, child, clean, windows);
    }
    Py_XDECREF(clean);
    Py_XDECREF(windows);
    return result;
}

static PyObject *
make_dirty(PyObject *error, Span base, Span delta, Py_ssize_t limit, Py_ssize_t margin, PyObject *gather)
{
    Seams seams;
    PyObject *child, *result = NULL;

    memset(&seams, 0, sizeof seams);
    seams.margin = margin;
    child = make_child(error, base, delta, limit, &seams);
    if (child != NULL) {
        if (gather_windows(&seams, gather) == 0) {
            result = child_and_rows(child, &seams);
        }
        Py_DECREF(child);
    }
    grow_free(&seams.windows);
    grow_free(&seams.clean);
    return result;
}

PyObject *
kernel_apply_delta_dirty(PyObject *module, PyObject *const *args, Py_ssize_t given)
{
    PyObject *error = kernel_state(module)->error, *result = NULL;
    Py_buffer base_view, delta_view;
    Span base, delta;
    Py_ssize_t limit, margin;

    if (kernel_arguments("apply_delta_dirty", given, 5) < 0) {
        return NULL;
    }
    limit = PyNumber_AsSsize_t(args[2], PyExc_OverflowError);
    if (limit == -1 && PyErr_Occurred()) {
        return NULL;
    }
    margin = PyNumber_AsSsize_t(args[3], PyExc_OverflowError);
    if (margin == -1 && PyErr_Occurred()) {
        return NULL;
    }
    if (margin < 1 || margin > MOST_MARGIN) {
        return kernel_raise(error, "the margin is not between 1 and 1048576 bytes");
    }
    if (!PyByteArray_Check(args[4])) {
        PyErr_SetString(PyExc_TypeError, "gather must be a bytearray");
        return NULL;
    }
    if (kernel_open(args[0], &base_view, &base) < 0) {
        return NULL;
    }
    if (kernel_open(args[1], &delta_view, &delta) == 0) {
        result = make_dirty(error, base, delta, limit, margin, args[4]);
        PyBuffer_Release(&delta_view);
    }
    PyBuffer_Release(&base_view);
    return result;
}

/* ---- inherit -------------------------------------------------------------------------------- */

/* The buffers come from anywhere, so they need not be aligned. */
static int64_t
load(Span numbers, size_t number)
{
    int64_t value;
    memcpy(&value, numbers.at + number * sizeof value, sizeof value);
    return value;
}

/* The first of `ends`, which ascend, that is not before `least`. */
static size_t
lower_bound(Span ends, int64_t least)
{
    size_t low = 0, high = ends.len / sizeof(int64_t);

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (load(ends, middle) < least) {
            low = middle + 1;
        }
        else {
            high = middle;
        }
    }
    return low;
}

static Problem
inherit_row(Span clean, size_t row, Span ends, Grow *out)
{
    const int64_t most = (int64_t)1 << 62;
    int64_t lo = load(clean, row * ROW), hi = load(clean, row * ROW + 1), shift = load(clean, row * ROW + 2);
    size_t number, count = ends.len / sizeof(int64_t);

    if (lo < 0 || hi < lo || hi >= most || shift > lo || shift <= -most) {
        return "a clean interval is out of range";
    }
    for (number = lower_bound(ends, lo - shift); number < count; number++) {
        int64_t end = load(ends, number), triple[3];
        Problem problem;
        if (end > hi - shift) {
            break;
        }
        if (end < lo - shift) {
            return "the candidate ends do not ascend";
        }
        triple[0] = (int64_t)number;
        triple[1] = end + shift;
        triple[2] = (int64_t)row;
        problem = grow_append(out, triple, sizeof triple);
        if (problem != NULL) {
            return problem;
        }
    }
    return NULL;
}

static PyObject *
inherit(PyObject *error, Span clean, Span ends)
{
    Grow out = {NULL, 0, 0};
    PyThreadState *saved;
    PyObject *result;
    Problem problem = NULL;
    size_t row;

    if (clean.len % (sizeof(int64_t) * ROW) != 0 || ends.len % sizeof(int64_t) != 0) {
        return kernel_raise(error, "the packed rows have a broken length");
    }
    saved = kernel_release_gil(clean.len + ends.len);
    for (row = 0; row < clean.len / (sizeof(int64_t) * ROW) && problem == NULL; row++) {
        problem = inherit_row(clean, row, ends, &out);
    }
    kernel_retake_gil(saved);
    result = problem == NULL ? grow_to_bytes(&out) : kernel_raise(error, problem);
    grow_free(&out);
    return result;
}

PyObject *
kernel_inherit(PyObject *module, PyObject *const *args, Py_ssize_t given)
{
    Py_buffer clean_view, ends_view;
    Span clean, ends;
    PyObject *result = NULL;

    if (kernel_arguments("inherit", given, 2) < 0) {
        return NULL;
    }
    if (kernel_open(args[0], &clean_view, &clean) < 0) {
        return NULL;
    }
    if (kernel_open(args[1], &ends_view, &ends) == 0) {
        result = inherit(kernel_state(module)->error, clean, ends);
        PyBuffer_Release(&ends_view);
    }
    PyBuffer_Release(&clean_view);
    return result;
}
