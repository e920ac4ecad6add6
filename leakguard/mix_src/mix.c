/* The extension module leakguard._mix: scrypt's memory-hard middle (RFC 7914, section 5), for several secrets at once.

   One of them leaves most of the processor idle: each step of Salsa20/8 waits for the one before. Where no SSE2 is, the
   module is not built, and hashlib does the same. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>
#include <string.h>
#if !defined(__SSE2__) && !defined(_M_X64)
#error "needs SSE2"
#endif
#include <emmintrin.h>

#define WAYS 3 /* So many secrets go side by side. */
#define SALSAS 16 /* Blocks of Salsa20/8 in one block of the mix: 2 * r, with r = 8. */
#define VECTORS (SALSAS * 4)
#define BYTES (SALSAS * 64)

typedef struct {
    __m128i vectors[WAYS][VECTORS];
} Block;

#define EACH for (way = 0; way < WAYS; way++)

#define STEP(to, one, two, bits)                                                                                      \
    EACH                                                                                                              \
    {                                                                                                                 \
        __m128i sum = _mm_add_epi32(x[way][one], x[way][two]);                                                        \
        x[way][to] = _mm_xor_si128(x[way][to], _mm_slli_epi32(sum, bits));                                            \
        x[way][to] = _mm_xor_si128(x[way][to], _mm_srli_epi32(sum, 32 - bits));                                       \
    }

#define TURN(one, two, three)                                                                                         \
    EACH                                                                                                              \
    {                                                                                                                 \
        x[way][one] = _mm_shuffle_epi32(x[way][one], 0x93);                                                           \
        x[way][two] = _mm_shuffle_epi32(x[way][two], 0x4E);                                                           \
        x[way][three] = _mm_shuffle_epi32(x[way][three], 0x39);                                                       \
    }

/* x = Salsa20/8(x ^ in), for each way. */
static inline void
salsa(__m128i x[WAYS][4], const Block *in, const __m128i *const with[WAYS], int at)
{
    __m128i begin[WAYS][4];
    int way, part, round;

    EACH
    {
        for (part = 0; part < 4; part++) {
            x[way][part] = _mm_xor_si128(x[way][part], in->vectors[way][at + part]);
            if (with != NULL) {
                x[way][part] = _mm_xor_si128(x[way][part], _mm_loadu_si128(&with[way][at + part]));
            }
            begin[way][part] = x[way][part];
        }
    }
    for (round = 0; round < 4; round++) {
        STEP(1, 0, 3, 7)
        STEP(2, 1, 0, 9)
        STEP(3, 2, 1, 13)
        STEP(0, 3, 2, 18)
        TURN(1, 2, 3)
        STEP(3, 0, 1, 7)
        STEP(2, 3, 0, 9)
        STEP(1, 2, 3, 13)
        STEP(0, 1, 2, 18)
        TURN(3, 2, 1)
    }
    EACH
    {
        for (part = 0; part < 4; part++) {
            x[way][part] = _mm_add_epi32(x[way][part], begin[way][part]);
        }
    }
}

/* scryptBlockMix of `in`, xored with what `with` points to unless it is NULL. */
static inline void
mix_block(const Block *in, const __m128i *const with[WAYS], Block *out)
{
    __m128i x[WAYS][4];
    int way, part, at;

    EACH
    {
        for (part = 0; part < 4; part++) {
            x[way][part] = in->vectors[way][VECTORS - 4 + part];
            if (with != NULL) {
                x[way][part] = _mm_xor_si128(x[way][part], with[way][VECTORS - 4 + part]);
            }
        }
    }
    for (at = 0; at < SALSAS; at++) {
        int to = (at / 2 + at % 2 * (SALSAS / 2)) * 4;

        salsa(x, in, with, at * 4);
        EACH
        {
            for (part = 0; part < 4; part++) {
                out->vectors[way][to + part] = x[way][part];
            }
        }
    }
}

static void
mix(Block *block, Block *other, Block *kept, uint32_t rounds)
{
    const __m128i *with[WAYS];
    uint32_t round;
    int way;

    for (round = 0; round < rounds; round += 2) {
        kept[round] = *block;
        mix_block(block, NULL, other);
        kept[round + 1] = *other;
        mix_block(other, NULL, block);
    }
    for (round = 0; round < rounds; round += 2) {
        EACH
        {
            with[way] = kept[(uint32_t)_mm_cvtsi128_si32(block->vectors[way][VECTORS - 4]) & (rounds - 1)].vectors[way];
        }
        mix_block(block, with, other);
        EACH
        {
            with[way] = kept[(uint32_t)_mm_cvtsi128_si32(other->vectors[way][VECTORS - 4]) & (rounds - 1)].vectors[way];
        }
        mix_block(other, with, block);
    }
}

/* Words of a block lie along the diagonals of Salsa20's square, so that a step needs no more than a turn of them. */
static void
load(Block *block, int way, const uint8_t *bytes)
{
    uint32_t words[16];
    int at, word;

    for (at = 0; at < SALSAS; at++) {
        for (word = 0; word < 16; word++) {
            memcpy(&words[word], bytes + at * 64 + word * 5 % 16 * 4, 4);
        }
        memcpy(&block->vectors[way][at * 4], words, 64);
    }
}

static void
store(const Block *block, int way, uint8_t *bytes)
{
    uint32_t words[16];
    int at, word;

    for (at = 0; at < SALSAS; at++) {
        memcpy(words, &block->vectors[way][at * 4], 64);
        for (word = 0; word < 16; word++) {
            memcpy(bytes + at * 64 + word * 5 % 16 * 4, &words[word], 4);
        }
    }
}

static void
mix_all(uint8_t *bytes, Py_ssize_t blocks, uint32_t rounds, Block *kept)
{
    Block *block = &kept[rounds], *other = &kept[rounds + 1];
    Py_ssize_t first, left;
    int way;

    for (first = 0; first < blocks; first += WAYS) {
        left = blocks - first;
        EACH
        {
            load(block, way, bytes + (first + (way < left ? way : 0)) * BYTES);
        }
        mix(block, other, kept, rounds);
        for (way = 0; way < WAYS && way < left; way++) {
            store(block, way, bytes + (first + way) * BYTES);
        }
    }
}

static PyObject *
mixed(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t count)
{
    PyObject *result;
    Py_ssize_t rounds;
    Block *kept;

    if (count != 2 || !PyBytes_Check(args[0])) {
        PyErr_SetString(PyExc_TypeError, "mixed() takes bytes and a number");
        return NULL;
    }
    rounds = PyNumber_AsSsize_t(args[1], PyExc_OverflowError);
    if (rounds == -1 && PyErr_Occurred()) {
        return NULL;
    }
    if (rounds < 2 || rounds > 1 << 16 || (rounds & (rounds - 1)) != 0) {
        PyErr_SetString(PyExc_ValueError, "the rounds are a power of two up to 65536");
        return NULL;
    }
    if (PyBytes_GET_SIZE(args[0]) % BYTES != 0) {
        PyErr_SetString(PyExc_ValueError, "a block has 1024 bytes");
        return NULL;
    }
    result = PyBytes_FromStringAndSize(PyBytes_AS_STRING(args[0]), PyBytes_GET_SIZE(args[0]));
    kept = PyMem_RawMalloc(sizeof(Block) * ((size_t)rounds + 2));
    if (result == NULL || kept == NULL) {
        Py_XDECREF(result);
        PyMem_RawFree(kept);
        return PyErr_NoMemory();
    }
    Py_BEGIN_ALLOW_THREADS
    mix_all((uint8_t *)PyBytes_AS_STRING(result), PyBytes_GET_SIZE(result) / BYTES, (uint32_t)rounds, kept);
    Py_END_ALLOW_THREADS
    PyMem_RawFree(kept);
    return result;
}

static PyMethodDef functions[] = {
    {"mixed", (PyCFunction)(void (*)(void))mixed, METH_FASTCALL,
     PyDoc_STR("mixed($module, blocks, rounds, /)\n--\n\nscryptROMix of each block of 1024 bytes (r = 8).")},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    .m_base = PyModuleDef_HEAD_INIT,
    .m_name = "leakguard._mix",
    .m_doc = PyDoc_STR("The middle of scrypt for several secrets at once. Used by leakguard.fingerprint."),
    .m_size = 0,
    .m_methods = functions,
};

PyMODINIT_FUNC
PyInit__mix(void)
{
    return PyModuleDef_Init(&definition);
}
