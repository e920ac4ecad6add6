/* Inflaters: what does not change of their tables, and which instructions they use. */
#include "inflate_stream.h"

static int use_newer = 1;

static int
is_newer(void)
{
#ifdef INFLATE_NEWER
    return use_newer && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
#else
    return 0;
#endif
}

static void
fill_entries(Inflater *inflater)
{
    unsigned symbol, base, extra;

    for (symbol = 0; symbol < sizeof inflater->literal_entries / sizeof *inflater->literal_entries; symbol++) {
        inflater->literal_entries[symbol] = symbol < END_OF_BLOCK ? LITERAL | symbol << 16 : UNUSUAL | WRONG;
    }
    inflater->literal_entries[END_OF_BLOCK] = UNUSUAL | END;
    for (symbol = 257, base = 3; symbol < 285; symbol++) {
        extra = symbol < 265 ? 0 : (symbol - 261) / 4;
        inflater->literal_entries[symbol] = base << 16 | extra;
        base += 1u << extra;
    }
    inflater->literal_entries[285] = LONGEST_MATCH << 16;
    for (symbol = 0, base = 1; symbol < MARKS; symbol++) {
        extra = symbol < 4 ? 0 : symbol / 2 - 1;
        inflater->distance_entries[symbol] = symbol < DISTANCES ? base << 16 | extra : UNUSUAL | WRONG;
        base += symbol < DISTANCES ? 1u << extra : 0;
    }
}

static void
fill_fixed(Inflater *inflater)
{
    uint8_t lengths[MARKS * GROUPS] = {0}, apart[MARKS] = {0};
    const Table literals = {inflater->fixed_literals, 1 << FIXED_LITERAL_BITS, FIXED_LITERAL_BITS,
                            inflater->literal_entries};
    const Table distances = {inflater->fixed_distances, 1 << FIXED_DISTANCE_BITS, FIXED_DISTANCE_BITS,
                             inflater->distance_entries};

    memset(lengths, 8, 144);
    memset(lengths + 144, 9, 112);
    memset(lengths + 256, 7, 24);
    memset(lengths + 280, 8, 8);
    memset(apart, FIXED_DISTANCE_BITS, DISTANCE_CODES);
    build(inflater, literals, lengths, GROUPS);
    build(inflater, distances, apart, 1);
}

Inflater *
inflater_new(void)
{
    Inflater *inflater = PyMem_RawCalloc(1, sizeof *inflater);
    unsigned number;

    if (inflater == NULL) {
        return NULL;
    }
    for (number = 1; number < 1 << LITERAL_BITS; number++) {
        unsigned half = inflater->reversed[number >> 1];
        inflater->reversed[number] = (uint16_t)(half >> 1 | (number & 1) << (LITERAL_BITS - 1));
    }
    inflater->is_newer = is_newer();
    fill_entries(inflater);
    fill_fixed(inflater);
    return inflater;
}

int
inflater_read(Inflater *inflater, Span pack, size_t start, size_t end, uint8_t *out, size_t size)
{
#ifdef INFLATE_NEWER
    if (inflater->is_newer) {
        return inflate_stream_newer(inflater, pack, start, end, out, size);
    }
#endif
    return inflate_stream(inflater, pack, start, end, out, size);
}

PyObject *
kernel_use_newer(PyObject *Py_UNUSED(module), PyObject *use)
{
    int truth = PyObject_IsTrue(use);

    if (truth < 0) {
        return NULL;
    }
    use_newer = truth;
    Py_RETURN_NONE;
}
