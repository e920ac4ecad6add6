/* Sets of findings, each once, by a number. */
#include "sets.h"

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

    for (size_t at = 0; at < sets->width; at += 8) {
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
           && memcmp(sets_row(sets, (int32_t)(sets->slots[slot] - 1)), set, sets->width) != 0) {
        slot = (slot + 1) & sets->slot_mask;
    }
    return slot;
}

static Problem
make_slots(Sets *sets, size_t room)
{
    uint32_t *slots = PyMem_RawCalloc(room, sizeof *slots);

    if (slots == NULL) {
        return kernel_no_memory;
    }
    PyMem_RawFree(sets->slots);
    sets->slots = slots;
    sets->slot_mask = room - 1;
    for (size_t class = 0; class < sets->count; class++) {
        slots[find_slot(sets, sets_row(sets, (int32_t)class))] = (uint32_t)class + 1;
    }
    return NULL;
}

/* Finds the class of a set, a new one where it is new. `set` must not lie in `sets`. */
Problem
sets_class(Sets *sets, const uint8_t *set, int32_t *class)
{
    size_t slot = find_slot(sets, set);
    Problem problem;

    if (sets->slots[slot] == 0) {
        if (sets->count >= INT32_MAX) {
            return kernel_no_memory;
        }
        problem = grow_append(&sets->rows, set, sets->width);
        if (problem == NULL && 2 * ++sets->count > sets->slot_mask) {
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
    uint8_t *empty = PyMem_RawCalloc(width, 1);
    Problem problem = kernel_no_memory;
    int32_t class;

    memset(sets, 0, sizeof *sets);
    sets->width = width;
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
    grow_free(&sets->rows);
    PyMem_RawFree(sets->slots);
}
