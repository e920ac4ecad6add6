/* The extension module leakguard.detect._runs. Documented in leakguard.detect.runs, which does the same without it. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>
#include <string.h>
#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define NEWER __attribute__((target("avx2,bmi")))
#define INLINE inline __attribute__((always_inline))
#elif defined(__SSE2__) || defined(_M_X64)
#include <emmintrin.h>
#define INLINE inline
#else
#define INLINE inline
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
/* A line of more than so many times what is kept on each side of a run is long. */
#define LONG_LINE 4
#define MOST_REACH (1 << 20)

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

#ifdef NEWER

/* The same by instructions that processors have since 2013. A byte is one of those if the tables of its low and of its
   high four bits have a bit in common: 1 for the signs from 0x20 on, 2 for 0x30, 4 for 0x40 and 0x60, 8 for 0x50, 16 for
   0x70. */
static NEWER uint64_t
token_bits_newer(const uint8_t *data)
{
    const __m256i low = _mm256_setr_epi8(26, 30, 30, 30, 30, 30, 30, 30, 30, 30, 28, 5, 4, 7, 4, 13,
                                         26, 30, 30, 30, 30, 30, 30, 30, 30, 30, 28, 5, 4, 7, 4, 13);
    const __m256i high = _mm256_setr_epi8(0, 0, 1, 2, 4, 8, 4, 16, 0, 0, 0, 0, 0, 0, 0, 0,
                                          0, 0, 1, 2, 4, 8, 4, 16, 0, 0, 0, 0, 0, 0, 0, 0);
    uint64_t others = 0;
    int at;

    for (at = 0; at < WORD; at += 32) {
        __m256i bytes = _mm256_loadu_si256((const __m256i *)(data + at));
        __m256i upper = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), _mm256_set1_epi8(0x0f));
        __m256i common = _mm256_and_si256(_mm256_shuffle_epi8(low, bytes), _mm256_shuffle_epi8(high, upper));
        __m256i none = _mm256_cmpeq_epi8(common, _mm256_setzero_si256());

        others |= (uint64_t)(uint32_t)_mm256_movemask_epi8(none) << at;
    }
    return ~others;
}

#endif

typedef uint64_t (*TokenBits)(const uint8_t *data);

/* The token bits of the (at most 64) bytes that begin at `at`. */
static INLINE uint64_t
bits_at(const uint8_t *data, size_t len, size_t at, TokenBits bits_of)
{
    uint8_t rest[WORD] = {0};

    if (len - at >= WORD) {
        return bits_of(data + at);
    }
    memcpy(rest, data + at, len - at);
    return bits_of(rest);
}

static INLINE size_t
low_bit(uint64_t bits)
{
#ifdef __GNUC__
    return (size_t)__builtin_ctzll(bits);
#else
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
#endif
}

/* Where the first run of `least` bytes (1 to 32) begins, from `at` on; `len` where none does. */
static INLINE size_t
search_run(const uint8_t *data, size_t len, size_t at, size_t least, TokenBits bits_of)
{
    /* So that every run lies in one word, words overlap. */
    for (; at < len; at += WORD - least + 1) {
        uint64_t runs = bits_at(data, len, at, bits_of);
        size_t size = 1;

        /* Bit n of `runs` says: `size` bytes from n on are token bytes. */
        for (; 2 * size <= least; size *= 2) {
            runs &= runs >> size;
        }
        runs &= runs >> (least - size);
        if (runs) {
            return at + low_bit(runs);
        }
    }
    return len;
}

/* Where the run that holds the byte at `at` ends. */
static size_t
run_end(const uint8_t *data, size_t len, size_t at)
{
    for (; at < len; at += WORD) {
        uint64_t others = ~bits_at(data, len, at, token_bits);

        if (others) {
            size_t end = at + low_bit(others);

            return end < len ? end : len;
        }
    }
    return len;
}

static size_t
find_run_older(const uint8_t *data, size_t len, size_t at, size_t least)
{
    return search_run(data, len, at, least, token_bits);
}

typedef size_t (*FindRun)(const uint8_t *data, size_t len, size_t at, size_t least);

static FindRun find_run = find_run_older;

#ifdef NEWER

static NEWER size_t
find_run_newer(const uint8_t *data, size_t len, size_t at, size_t least)
{
    return search_run(data, len, at, least, token_bits_newer);
}

#endif

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

/* Of one line that is long, what lies within `reach` bytes of a run. The first run begins at `run`. */
static int
add_parts(const uint8_t *data, size_t line, size_t stop, size_t run, size_t least, size_t reach, Blocks *blocks)
{
    size_t begin = run - line > reach ? run - reach : line;

    while (run < stop) {
        size_t past = run_end(data, stop, run);
        size_t end = stop - past > reach ? past + reach : stop;

        run = find_run(data, stop, past, least);
        if (run == stop || (run > reach && run - reach > end)) {
            if (add_block(blocks, begin, end) < 0) {
                return -1;
            }
            begin = run > reach ? run - reach : 0;
        }
    }
    return 0;
}

/* The lines that hold a run, each with its newline, and of long ones only the parts around runs; what lies side by side
   is one block. */
static int
find_blocks(const uint8_t *data, size_t len, size_t least, size_t reach, Blocks *blocks)
{
    size_t at = 0; /* Always the beginning of a line. */

    while (at < len) {
        size_t run = find_run(data, len, at, least), line = run, stop;
        const uint8_t *newline;
        int failed;

        if (run == len) {
            return 0;
        }
        newline = memchr(data + run, '\n', len - run);
        while (line > at && data[line - 1] != '\n') {
            line--;
        }
        stop = newline == NULL ? len : (size_t)(newline - data) + 1;
        if (stop - line > LONG_LINE * reach) {
            failed = add_parts(data, line, stop, run, least, reach, blocks);
        } else {
            failed = add_block(blocks, line, stop);
        }
        if (failed < 0) {
            return -1;
        }
        at = stop;
    }
    return 0;
}

/* Whether something has to stand between a block and the next one, so that they are not read as one line. */
static size_t
is_open(const uint8_t *data, const Blocks *blocks, size_t number)
{
    return number + 1 < blocks->count && data[blocks->items[number].end - 1] != '\n';
}

static PyObject *
copy_blocks(const uint8_t *data, const Blocks *blocks)
{
    size_t total = 0, i;
    PyObject *gathered, *rows;
    char *out;
    int64_t *row;

    for (i = 0; i < blocks->count; i++) {
        total += blocks->items[i].end - blocks->items[i].start + is_open(data, blocks, i);
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
        if (is_open(data, blocks, i)) {
            out[total++] = '\n';
        }
    }
    return Py_BuildValue("NN", gathered, rows);
}

static PyObject *
lines_with_runs(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t count)
{
    Py_buffer view;
    Blocks blocks = {NULL, 0, 0};
    PyObject *result;
    Py_ssize_t least, reach;
    int failed;

    if (count != 3) {
        return PyErr_Format(PyExc_TypeError, "lines_with_runs() takes 3 positional arguments but %zd were given", count);
    }
    least = PyNumber_AsSsize_t(args[1], PyExc_OverflowError);
    reach = PyErr_Occurred() ? -1 : PyNumber_AsSsize_t(args[2], PyExc_OverflowError);
    if (PyErr_Occurred()) {
        return NULL;
    }
    if (least < 1 || least > WORD / 2 || reach < 1 || reach > MOST_REACH) {
        PyErr_SetString(PyExc_ValueError, "a run has 1 to 32 bytes, and at most a megabyte is kept around it");
        return NULL;
    }
    if (PyObject_GetBuffer(args[0], &view, PyBUF_SIMPLE) < 0) {
        return NULL;
    }
    failed = find_blocks(view.buf, (size_t)view.len, (size_t)least, (size_t)reach, &blocks);
    result = failed < 0 ? PyErr_NoMemory() : copy_blocks(view.buf, &blocks);
    PyMem_RawFree(blocks.items);
    PyBuffer_Release(&view);
    return result;
}

static PyObject *
use_newer(PyObject *Py_UNUSED(module), PyObject *use)
{
    int truth = PyObject_IsTrue(use);

    if (truth < 0) {
        return NULL;
    }
    find_run = find_run_older;
#ifdef NEWER
    if (truth && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi")) {
        find_run = find_run_newer;
    }
#endif
    Py_RETURN_NONE;
}

static PyMethodDef functions[] = {
    {"lines_with_runs", (PyCFunction)(void (*)(void))lines_with_runs, METH_FASTCALL,
     PyDoc_STR("lines_with_runs($module, data, least, reach, /)\n--\n\n"
               "The lines of `data` that hold a run, of long ones what lies around runs, and their places.")},
    {"use_newer", use_newer, METH_O,
     PyDoc_STR("use_newer($module, use, /)\n--\n\nWhether runs are looked for by instructions that not every processor "
               "has, where it has them: as they are, unless a test asks for the others.")},
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
    Py_XDECREF(use_newer(NULL, Py_True));
    return PyModuleDef_Init(&definition);
}
