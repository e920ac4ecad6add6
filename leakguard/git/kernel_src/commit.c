/* The head of a commit: its tree, its parents and when it was committed, as numbers. */
#include "commit.h"

static const char MALFORMED[] = "has a malformed header";

typedef struct {
    const uint8_t *at;
    const uint8_t *end;
} Cursor;

static int
skip(Cursor *cursor, const char *word)
{
    size_t len = strlen(word);

    if ((size_t)(cursor->end - cursor->at) < len || memcmp(cursor->at, word, len) != 0) {
        return 0;
    }
    cursor->at += len;
    return 1;
}

static int
hex_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9' ? byte - '0' : byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

/* Reads an id in hex and the newline after it. */
static int
read_oid(Cursor *cursor, size_t hash_len, uint8_t *oid)
{
    size_t at;

    if ((size_t)(cursor->end - cursor->at) < 2 * hash_len + 1 || cursor->at[2 * hash_len] != '\n') {
        return 0;
    }
    for (at = 0; at < hash_len; at++) {
        int high = hex_digit(cursor->at[2 * at]), low = hex_digit(cursor->at[2 * at + 1]);
        if (high < 0 || low < 0) {
            return 0;
        }
        oid[at] = (uint8_t)(high << 4 | low);
    }
    cursor->at += 2 * hash_len + 1;
    return 1;
}

/* Moves to after the next newline; the line without it is returned. `line.at` is NULL where there is none. */
static Span
read_line(Cursor *cursor)
{
    const uint8_t *newline = memchr(cursor->at, '\n', (size_t)(cursor->end - cursor->at));
    Span line = {NULL, 0};

    if (newline != NULL) {
        line.at = cursor->at;
        line.len = (size_t)(newline - cursor->at);
        cursor->at = newline + 1;
    }
    return line;
}

static int
is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

/* The seconds in "... <...> SECONDS +ZONE", 0 where the line does not end like that. */
static int64_t
read_time(Span line)
{
    const uint8_t *start = line.at, *at = start + line.len, *end = at;
    int64_t time = 0;

    while (at > start && is_digit(at[-1])) {
        at--;
    }
    if (at == end || at - start < 2 || (at[-1] != '+' && at[-1] != '-') || at[-2] != ' ') {
        return 0;
    }
    end = at -= 2;
    while (at > start && is_digit(at[-1])) {
        at--;
    }
    if (at == end || end - at > 15 || at - start < 2 || at[-1] != ' ' || at[-2] != '>') {
        return 0;
    }
    for (; at < end; at++) {
        time = time * 10 + (*at - '0');
    }
    return time;
}

static Problem
add_number(Grow *row, int64_t number)
{
    return grow_append(row, &number, sizeof number);
}

static Problem
read_head(Span commit, int64_t number, const OidTable *objects, Grow *rows, int *complete)
{
    Cursor cursor = {commit.at, commit.at + commit.len};
    int64_t fixed[4] = {number, -1, 0, 0};
    uint8_t oid[32];
    size_t start = rows->used;
    Problem problem = grow_append(rows, fixed, sizeof fixed);
    Span line;

    if (problem != NULL) {
        return problem;
    }
    if (!skip(&cursor, "tree ") || !read_oid(&cursor, objects->hash_len, oid)) {
        return MALFORMED;
    }
    fixed[1] = oid_find(objects, oid);
    *complete = fixed[1] >= 0;
    while (skip(&cursor, "parent ")) {
        int32_t parent;
        if (!read_oid(&cursor, objects->hash_len, oid)) {
            return MALFORMED;
        }
        parent = oid_find(objects, oid);
        if (parent < 0) {
            *complete = 0;
            continue;
        }
        problem = add_number(rows, parent);
        if (problem != NULL) {
            return problem;
        }
        fixed[3]++;
    }
    if (!skip(&cursor, "author ") || read_line(&cursor).at == NULL || !skip(&cursor, "committer ")) {
        return MALFORMED;
    }
    line = read_line(&cursor);
    if (line.at == NULL) {
        return MALFORMED;
    }
    fixed[2] = read_time(line);
    memcpy(rows->at + start, fixed, sizeof fixed);
    return NULL;
}

/* Appends a commit's row to `rows`: number, tree, time, how many parents, parents. *complete becomes whether all objects
 * that it names are known. Where the commit is malformed nothing is appended. */
Problem
commit_append_row(Span commit, int64_t number, const OidTable *objects, Grow *rows, int *complete)
{
    size_t before = rows->used;
    Problem problem = read_head(commit, number, objects, rows, complete);

    if (problem != NULL) {
        rows->used = before;
    }
    return problem;
}

static int
append_row(PyObject *rows, const Grow *row)
{
    Py_ssize_t len = PyByteArray_GET_SIZE(rows);

    if (PyByteArray_Resize(rows, len + (Py_ssize_t)row->used) < 0) {
        return -1;
    }
    memcpy(PyByteArray_AS_STRING(rows) + len, row->at, row->used);
    return 0;
}

PyObject *
kernel_append_commit(PyObject *module, PyObject *const *args, Py_ssize_t given)
{
    KernelState *state = kernel_state(module);
    Grow row = {NULL, 0, 0};
    int complete = 0;
    PyObject *result = NULL;
    Py_buffer view;
    Span commit;
    Problem problem;
    long long number;

    if (kernel_arguments("append_commit", given, 4) < 0) {
        return NULL;
    }
    number = PyLong_AsLongLong(args[1]);
    if (number == -1 && PyErr_Occurred()) {
        return NULL;
    }
    if (!Py_IS_TYPE(args[2], state->oid_table) || !PyByteArray_Check(args[3])) {
        PyErr_SetString(PyExc_TypeError, "objects must be an OidTable and rows a bytearray");
        return NULL;
    }
    if (kernel_open(args[0], &view, &commit) < 0) {
        return NULL;
    }
    problem = commit_append_row(commit, number, (const OidTable *)args[2], &row, &complete);
    PyBuffer_Release(&view);
    if (problem != NULL) {
        kernel_raise(state->error, problem);
    }
    else if (append_row(args[3], &row) == 0) {
        result = PyBool_FromLong(complete);
    }
    grow_free(&row);
    return result;
}
