/* Sets of findings, each once, by a number. */
#include "sets.h"

#define LINE 64

/* Zeroed memory that begins where a line of the cache does. What is to be freed is *block. */
uint8_t *
sets_allocate(size_t len, void **block)
{
    *block = len < (size_t)PY_SSIZE_T_MAX - LINE ? PyMem_RawCalloc(len + LINE, 1) : NULL;
    return *block != NULL ? (uint8_t *)*block + (LINE - (uintptr_t)*block % LINE) : NULL;
}

static size_t
room_of(size_t width)
{
    size_t room = 8;

    while (room < width && room < LINE) {
        room *= 2;
    }
    return room < width ? (width + LINE - 1) / LINE * LINE : room;
}

static uint64_t
mix(uint64_t value)
{
    value ^= value >> 32;
    value *= UINT64_C(0xd6e8feb86659fd93);
    value ^= value >> 32;
    return value;
}

static size_t
first_slot(const Sets *sets, const uint8_t *set)
{
    uint64_t hash = 0, word;

    for (size_t at = 0; at < sets->room; at += 8) {
        memcpy(&word, set + at, 8);
        hash = mix(hash ^ word) + at;
    }
    return (size_t)mix(hash) & sets->slot_mask;
}

/* The slot of an equal set, or the free one where it belongs. */
static size_t
find_slot(const Sets *sets, const uint8_t *set)
{
    size_t slot = first_slot(sets, set);

    while (sets->slots[slot] != 0
           && memcmp(sets_row(sets, (int32_t)(sets->slots[slot] - 1)), set, sets->room) != 0) {
        slot = (slot + 1) & sets->slot_mask;
    }
    return slot;
}

static Problem
make_slots(Sets *sets, size_t count)
{
    uint32_t *slots = PyMem_RawCalloc(count, sizeof *slots);

    if (slots == NULL) {
        return kernel_no_memory;
    }
    PyMem_RawFree(sets->slots);
    sets->slots = slots;
    sets->slot_mask = count - 1;
    for (size_t class = 0; class < sets->count; class++) {
        slots[find_slot(sets, sets_row(sets, (int32_t)class))] = (uint32_t)class + 1;
    }
    return NULL;
}

static Problem
make_rows(Sets *sets, size_t most)
{
    void *block;
    uint8_t *rows = most <= (size_t)PY_SSIZE_T_MAX / sets->room ? sets_allocate(most * sets->room, &block) : NULL;

    if (rows == NULL) {
        return kernel_no_memory;
    }
    if (sets->count > 0) {
        memcpy(rows, sets->rows, sets->count * sets->room);
    }
    PyMem_RawFree(sets->block);
    sets->block = block;
    sets->rows = rows;
    sets->most = most;
    return NULL;
}

static Problem
add_row(Sets *sets, const uint8_t *set)
{
    Problem problem = sets->count == sets->most ? make_rows(sets, 2 * sets->most + 16) : NULL;

    if (problem == NULL) {
        memcpy(sets->rows + sets->count * sets->room, set, sets->room);
        sets->count++;
    }
    return problem;
}

/* Finds the class of a set of `room` bytes, a new one where it is new. `set` must not lie in `sets`. */
Problem
sets_class(Sets *sets, const uint8_t *set, int32_t *class)
{
    size_t slot = find_slot(sets, set);
    Problem problem;

    if (sets->slots[slot] == 0) {
        if (sets->count >= INT32_MAX) {
            return kernel_no_memory;
        }
        problem = add_row(sets, set);
        if (problem == NULL && 2 * sets->count > sets->slot_mask) {
            problem = make_slots(sets, 2 * (sets->slot_mask + 1));
            slot = find_slot(sets, set);
        }
        if (problem != NULL) {
            return problem;
        }
        sets->slots[slot] = (uint32_t)sets->count;
    }
    *class = (int32_t)(sets->slots[slot] - 1);
    return NULL;
}

/* Begins with class 0, the empty set. */
Problem
sets_open(Sets *sets, size_t width)
{
    uint8_t *empty = PyMem_RawCalloc(room_of(width), 1);
    Problem problem = kernel_no_memory;
    int32_t class;

    memset(sets, 0, sizeof *sets);
    sets->width = width;
    sets->room = room_of(width);
    if (empty != NULL) {
        problem = make_slots(sets, 64);
    }
    if (problem == NULL) {
        problem = sets_class(sets, empty, &class);
    }
    PyMem_RawFree(empty);
    return problem;
}

void
sets_free(Sets *sets)
{
    PyMem_RawFree(sets->block);
    PyMem_RawFree(sets->slots);
}

/* The rows of all classes, `width` bytes each. */
PyObject *
sets_to_bytes(const Sets *sets)
{
    PyObject *bytes = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)(sets->count * sets->width));

    for (size_t class = 0; bytes != NULL && class < sets->count; class++) {
        memcpy(PyBytes_AS_STRING(bytes) + class * sets->width, sets_row(sets, (int32_t)class), sets->width);
    }
    return bytes;
}
