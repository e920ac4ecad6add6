"""How long a rule's expression can be made to work: measured on texts that nearly match, all over.

Confirming a candidate reads a bounded neighbourhood, so a text of twice the size costs at most twice the time. What
remains to be measured is the constant: the work of one candidate in the worst of its neighbourhoods.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import regex

from leakguard.detect.template import expand

if TYPE_CHECKING:
    from collections.abc import Iterator

    from leakguard.model import Guidance, Rule

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
