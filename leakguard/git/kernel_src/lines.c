/* Lines are what is scanned once: an anchor lies in one line, and nothing around that line matters to it.
 *
 * Histories say the same lines again and again: in other branches of deltas, in other files, in windows that differ
 * by a line. What is scanned of an object are the lines of its windows in which nothing was found before.
 */
#include "lines.h"

/* So many lines are looked at together: all are marked before the first is looked for, so that their places are on the
 * way from memory by then. */
#define TOGETHER 256
/* Seen lines of fewer bytes between two new ones are scanned again: a window of their own costs more. */
#define LEAST_SEEN 32
/* New lines of one object that are remembered at most. */
#define MOST_LINES ((size_t)1 << 16)

typedef struct {
    const Window *window;
    int64_t start;
    int64_t end;
    Mark128 mark;
} Line;

typedef struct {
    const Seen *seen;
    Grow *windows;
    Grow *lines;
    const Window *latest; /* what the last of the windows was cut from */
    size_t count;
    Line waiting[TOGETHER];
} Sieve;

/* Adds a line to the last window where it belongs to the same one and follows closely, else begins a window with it. */
static Problem
add_line(Sieve *sieve, const Line *line)
{
    size_t count = sieve->windows->used / sizeof(Window);
    Window *last = count > 0 ? (Window *)(void *)sieve->windows->at + count - 1 : NULL;
    NewLine new_line = {line->mark, 0};
    Problem problem = NULL;

    if (last != NULL && sieve->latest == line->window &&
        line->start - last->start < last->gather_end - last->gather_start + LEAST_SEEN) {
        last->gather_end = last->gather_start + line->end - last->start;
        new_line.end = last->gather_end;
    }
    else {
        Window window = *line->window;
        window.start = line->start;
        window.gather_start = last != NULL ? last->gather_end + 1 : 0;
        window.gather_end = new_line.end = window.gather_start + line->end - line->start;
        problem = grow_append(sieve->windows, &window, sizeof window);
        sieve->latest = line->window;
    }
    if (problem == NULL && sieve->lines->used < MOST_LINES * sizeof new_line) {
        problem = grow_append(sieve->lines, &new_line, sizeof new_line);
    }
    return problem;
}

/* First all are looked for, then the few that were not found are added: so no guess of the processor about one line has
 * to wait for the memory of the next. */
static Problem
settle(Sieve *sieve)
{
    uint8_t added[TOGETHER];
    size_t number, count = 0;
    Problem problem = NULL;

    for (number = 0; number < sieve->count; number++) {
        added[count] = (uint8_t)number;
        count += !seen_has(sieve->seen, sieve->waiting[number].mark);
    }
    for (number = 0; number < count && problem == NULL; number++) {
        problem = add_line(sieve, &sieve->waiting[added[number]]);
    }
    sieve->count = 0;
    return problem;
}

static Problem
take_window(Sieve *sieve, Span content, const Window *window)
{
    const uint8_t *at = content.at + window->start, *stop = at + (window->gather_end - window->gather_start);

    for (; at < stop; at++) {
        Line *line = &sieve->waiting[sieve->count];

        if (*at == '\n') {
            continue; /* An anchor is no nothing. */
        }
        line->window = window;
        line->start = at - content.at;
        at = seen_mark_line(sieve->seen, at, stop, content.at + content.len, &line->mark);
        line->end = at - content.at;
        seen_expect(sieve->seen, line->mark);
        if (++sieve->count == TOGETHER) {
            Problem problem = settle(sieve);
            if (problem != NULL) {
                return problem;
            }
        }
    }
    return NULL;
}

/* Appends to `windows` what is left of the `whole` ones without the lines that were seen, and to `lines` a NewLine for
 * each other one. */
Problem
lines_find_new(const Seen *seen, Span content, const Grow *whole, Grow *windows, Grow *lines)
{
    const Window *window = (const Window *)(const void *)whole->at, *end = window + whole->used / sizeof *window;
    Problem problem = NULL;
    Sieve sieve;

    sieve.seen = seen;
    sieve.windows = windows;
    sieve.lines = lines;
    sieve.latest = NULL;
    sieve.count = 0;
    for (; window < end && problem == NULL; window++) {
        problem = take_window(&sieve, content, window);
    }
    return problem != NULL ? problem : settle(&sieve);
}

/* Has the line not remembered in which something ends at `end` of what was gathered. */
void
lines_drop(Grow *lines, int64_t end)
{
    NewLine *line = (NewLine *)(void *)lines->at;
    size_t count = lines->used / sizeof *line;
    size_t number = count > 0 ? first_not_below(&line->end, sizeof *line, count, end) : 0;

    if (number < count) {
        line[number].mark.tag = 0;
    }
}

/* Takes note that nothing was found in the lines that were not dropped. */
Problem
lines_remember(Seen *seen, Grow *lines)
{
    const NewLine *line = (const NewLine *)(const void *)lines->at, *end = line + lines->used / sizeof *line;
    Problem problem = NULL;

    for (; line < end && problem == NULL; line++) {
        if (line->mark.tag != 0) {
            problem = seen_add(seen, line->mark);
        }
    }
    lines->used = 0;
    return problem;
}
