"""How long a rule can be made to work: measured on texts that nearly match, all over.

Confirming a candidate reads a bounded neighbourhood, so a text of twice the size should cost twice the time. Two things
are measured: the work of one candidate in the worst of its neighbourhoods, and the work on a text as full of candidates
as the rule's own example makes it, in seconds a megabyte, at two sizes where the first says that it is dear.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import regex

from leakguard.detect.matching import Matcher
from leakguard.detect.template import expand

if TYPE_CHECKING:
    from collections.abc import Iterator

    from leakguard.detect.detector import Detector
    from leakguard.model import Guidance, Rule

SAMPLE = 1 << 12
"""Bytes of the text that is full of candidates; four times as many where it took long."""
TRIES = 3
"""A measurement is repeated so often while it is too slow: the machine may have been busy."""


def slowest(rule: Rule, guidance: Guidance, limit: float) -> tuple[float, str]:
    """(seconds, which text) of the slowest candidate of a rule; not measured more exactly than `limit` needs."""
    expression = regex.compile(rule.match.encode(), regex.VERSION0)
    worst, kind = 0.0, ""
    for name, text in hostile_texts(rule, guidance):
        spent = min_time(expression, text, limit)
        if spent > worst:
            worst, kind = spent, name
    return worst, kind


def min_time(expression: regex.Pattern[bytes], text: bytes, limit: float) -> float:
    """The processor's seconds to go through all of `text`, the least of a few tries where it is over `limit`."""
    best = float("inf")
    for _ in range(TRIES):
        begin = time.thread_time()
        try:
            for _match in expression.finditer(text, timeout=4.0):
                pass
        except TimeoutError:
            return 4.0
        best = min(best, time.thread_time() - begin)
        if best <= limit:
            break
    return best


def per_megabyte(detector: Detector, number: int, rule: Rule, guidance: Guidance, limit: float) -> float:
    """Seconds a megabyte that confirming takes on a text full of the rule's candidates, the worse of two sizes; not
    measured more exactly than `limit` needs."""
    small = _confirm_all(detector, number, dense_text(rule, guidance, SAMPLE), limit)
    if small < limit / 3 or small > limit:
        return small
    return max(small, _confirm_all(detector, number, dense_text(rule, guidance, 4 * SAMPLE), limit))


def _confirm_all(detector: Detector, number: int, text: bytes, limit: float) -> float:
    ends = [end for end, rule in detector.scanner.hits(text) if rule == number]
    best = float("inf")
    for _ in range(TRIES):
        matcher = Matcher(detector.rules)  # A new one: it would remember the answers.
        begin = time.thread_time()
        for end in ends:
            matcher.confirm(text, number, end)
        best = min(best, time.thread_time() - begin)
        if best * (1 << 20) / len(text) <= limit:
            break
    return best * (1 << 20) / len(text)


def dense_text(rule: Rule, guidance: Guidance, size: int) -> bytes:
    """The rule's first example cut short, over and over in one line, each time with another number behind it."""
    example = expand(guidance.examples[0], f"{rule.id}/dense").encode()
    flat = example if rule.multiline else example.replace(b"\n", b" ")
    text = bytearray()
    while len(text) < size:
        text += flat[:-1] + b" %d " % len(text)
    return bytes(text[:size])


def hostile_texts(rule: Rule, guidance: Guidance) -> Iterator[tuple[str, bytes]]:
    """Neighbourhoods full of near misses: an example cut short and repeated, its beginning repeated, one of its
    characters in a long run, and for rules that cross lines the same with line ends."""
    size = 2 * rule.reach
    joints = (b"", b"\n") if rule.multiline else (b"",)
    for number, template in enumerate(guidance.examples[:2]):
        example = expand(template, f"{rule.id}/hostile/{number}").encode()
        flat = example if rule.multiline else example.replace(b"\n", b" ")
        for joint in joints:
            yield f"example {number} cut short", _fill(flat[:-1] + joint, size)
            yield f"the beginning of example {number}", _fill(flat[: max(4, len(flat) // 3)] + joint, size)
        if number == 0:
            yield "a run of its last character", flat[: 2 * len(flat) // 3] + _fill(flat[-1:] or b"a", size)
            yield "a run of blanks", flat[: len(flat) // 2] + _fill(b" ", size)


def _fill(piece: bytes, size: int) -> bytes:
    return (piece * (size // len(piece) + 1))[:size]
