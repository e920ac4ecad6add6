/* The extension module leakguard.detect._runs. Documented in leakguard.detect.runs, which does the same without it. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>
#include <string.h>
#if defined(__SSE2__) || defined(_M_X64)
#include <emmintrin.h>
#endif

typedef struct {
    size_t start;
    size_t end;
} Block;

typedef struct {
    Block *items;
    size_t count;
    size_t room;
} Blocks;

#define WORD 64

#if defined(__SSE2__) || defined(_M_X64)

static __m128i
in_range(__m128i bytes, char first, char last)
{
    __m128i above = _mm_sub_epi8(bytes, _mm_set1_epi8(first));

    return _mm_cmpeq_epi8(_mm_min_epu8(above, _mm_set1_epi8((char)(last - first))), above);
}

static __m128i
is_one(__m128i bytes, char one)
{
    return _mm_cmpeq_epi8(bytes, _mm_set1_epi8(one));
}

/* A bit for each of 64 bytes: is it one that runs are made of? */
static uint64_t
token_bits(const uint8_t *data)
{
    uint64_t bits = 0;
    int at;

    for (at = 0; at < WORD; at += 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(data + at));
        __m128i letters = in_range(_mm_or_si128(bytes, _mm_set1_epi8(0x20)), 'a', 'z');
        __m128i digits = in_range(bytes, '/', '9');
        __m128i signs = _mm_or_si128(_mm_or_si128(is_one(bytes, '_'), is_one(bytes, '-')),
                                     _mm_or_si128(is_one(bytes, '+'), is_one(bytes, '=')));

        bits |= (uint64_t)(uint32_t)_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(letters, digits), signs)) << at;
    }
    return bits;
}

#else

static uint64_t
token_bits(const uint8_t *data)
{
    uint64_t bits = 0;
    int at;

    for (at = 0; at < WORD; at++) {
        uint8_t byte = data[at], letter = byte | 0x20;

        bits |= (uint64_t)((letter >= 'a' && letter <= 'z') | (byte >= '/' && byte <= '9') | (byte == '_') |
                           (byte == '-') | (byte == '+') | (byte == '='))
                << at;
    }
    return bits;
}

#endif

/* The token bits of the (at most 64) bytes that begin at `at`. */
static uint64_t
bits_at(const uint8_t *data, size_t len, size_t at)
{
    uint8_t rest[WORD] = {0};

    if (len - at >= WORD) {
        return token_bits(data + at);
    }
    memcpy(rest, data + at, len - at);
    return token_bits(rest);
}

static size_t
low_bit(uint64_t bits)
{
    size_t place = 0;

    while (!(bits & 0xff)) {
        bits >>= 8;
        place += 8;
    }
    while (!(bits & 1)) {
        bits >>= 1;
        place++;
    }
    return place;
}

/* Some place in the first run of `least` bytes (1 to 32) that begins at `at` or later; `len` where none does. */
static size_t
find_run(const uint8_t *data, size_t len, size_t at, size_t least)
{
    uint64_t before = 0; /* The bits of the 64 bytes before `at`. */

    for (; at < len; at += WORD) {
        uint64_t bits = bits_at(data, len, at), runs = bits, crossing;
        size_t size = 1;

        /* Bit n of `runs` says: `size` bytes from n on are token bytes. `crossing` alike, of 64 bytes from the middle. */
        crossing = before >> (WORD / 2) | bits << (WORD / 2);
        for (; 2 * size <= least; size *= 2) {
            runs &= runs >> size;
            crossing &= crossing >> size;
        }
        runs &= runs >> (least - size);
        crossing &= crossing >> (least - size);
        if (crossing) {
            return at - WORD / 2 + low_bit(crossing);
        }
        if (runs) {
            return at + low_bit(runs);
        }
        before = bits;
    }
    return len;
}

static int
add_block(Blocks *blocks, size_t start, size_t end)
{
    if (blocks->count > 0 && blocks->items[blocks->count - 1].end == start) {
        blocks->items[blocks->count - 1].end = end;
        return 0;
    }
    if (blocks->count == blocks->room) {
        size_t room = blocks->room ? 2 * blocks->room : 64;
        Block *items = PyMem_RawRealloc(blocks->items, room * sizeof(Block));

        if (items == NULL) {
            return -1;
        }
        blocks->items = items;
        blocks->room = room;
    }
    blocks->items[blocks->count++] = (Block){start, end};
    return 0;
}

/* The lines that hold a run, each with its newline; neighbours are one block. */
static int
find_blocks(const uint8_t *data, size_t len, size_t least, Blocks *blocks)
{
    size_t at = 0; /* Always the beginning of a line. */

    for (;;) {
        size_t run = find_run(data, len, at, least);
        const uint8_t *newline;

        if (run == len) {
            return 0;
        }
        newline = memchr(data + run, '\n', len - run);
        while (run > at && data[run - 1] != '\n') {
            run--;
        }
        at = newline == NULL ? len : (size_t)(newline - data) + 1;
        if (add_block(blocks, run, at) < 0) {
            return -1;
        }
        if (at == len) {
            return 0;
        }
    }
}

static PyObject *
copy_blocks(const uint8_t *data, const Blocks *blocks)
{
    size_t total = 0, i;
    PyObject *gathered, *rows;
    char *out;
    int64_t *row;

    for (i = 0; i < blocks->count; i++) {
        total += blocks->items[i].end - blocks->items[i].start;
    }
    gathered = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)total);
    rows = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)(2 * blocks->count * sizeof(int64_t)));
    if (gathered == NULL || rows == NULL) {
        Py_XDECREF(gathered);
        Py_XDECREF(rows);
        return NULL;
    }
    out = PyBytes_AS_STRING(gathered);
    row = (int64_t *)PyBytes_AS_STRING(rows);
    total = 0;
    for (i = 0; i < blocks->count; i++) {
        size_t size = blocks->items[i].end - blocks->items[i].start;

        memcpy(out + total, data + blocks->items[i].start, size);
        *row++ = (int64_t)total;
        *row++ = (int64_t)blocks->items[i].start;
        total += size;
    }
    return Py_BuildValue("NN", gathered, rows);
}

static PyObject *
lines_with_runs(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t count)
{
    Py_buffer view;
    Blocks blocks = {NULL, 0, 0};
    PyObject *result;
    Py_ssize_t least;
    int failed;

    if (count != 2) {
        return PyErr_Format(PyExc_TypeError, "lines_with_runs() takes 2 positional arguments but %zd were given", count);
    }
    least = PyNumber_AsSsize_t(args[1], PyExc_OverflowError);
    if (least == -1 && PyErr_Occurred()) {
        return NULL;
    }
    if (least < 1 || least > WORD / 2) {
        PyErr_SetString(PyExc_ValueError, "a run has 1 to 32 bytes");
        return NULL;
    }
    if (PyObject_GetBuffer(args[0], &view, PyBUF_SIMPLE) < 0) {
        return NULL;
    }
    failed = find_blocks(view.buf, (size_t)view.len, (size_t)least, &blocks);
    result = failed < 0 ? PyErr_NoMemory() : copy_blocks(view.buf, &blocks);
    PyMem_RawFree(blocks.items);
    PyBuffer_Release(&view);
    return result;
}

static PyMethodDef functions[] = {
    {"lines_with_runs", (PyCFunction)(void (*)(void))lines_with_runs, METH_FASTCALL,
     PyDoc_STR("lines_with_runs($module, data, least, /)\n--\n\nThe lines of `data` that hold a run, and their places.")},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    .m_base = PyModuleDef_HEAD_INIT,
    .m_name = "leakguard.detect._runs",
    .m_doc = PyDoc_STR("Lines that hold long runs of the characters of tokens. Documented in leakguard.detect.runs."),
    .m_size = 0,
    .m_methods = functions,
};

PyMODINIT_FUNC
PyInit__runs(void)
{
    return PyModuleDef_Init(&definition);
}
