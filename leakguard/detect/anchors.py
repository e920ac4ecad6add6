"""Anchors: every rule's cheap expression, compiled to two Hyperscan databases that find them in a text.

One holds the anchors that need a run of a token's characters and reads only the lines that have one; the other reads
everything. `measure` proves of an anchor what the delta-aware sweep rests on: it lies in one line and is at most W
bytes wide.
"""

from __future__ import annotations

import os
import re
import sys
from bisect import bisect_left
from typing import TYPE_CHECKING, Any

import hyperscan

from leakguard.detect.runs import RUN, least_run, lines_with_runs
from leakguard.detect.syntax import sre_parse
from leakguard.model import ANCHOR_WIDTH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

_NEWLINE = 0x0A
_LENGTH = 8
"""Bytes that say how long the first of the two serialized databases is."""
_FLAGS = hyperscan.HS_FLAG_MULTILINE
_FORBIDDEN = {
    "ASSERT": "look-around",
    "ASSERT_NOT": "look-around",
    "GROUPREF": "a back-reference",
    "GROUPREF_EXISTS": "a condition",
}
_EDGES = {"AT_BOUNDARY", "AT_NON_BOUNDARY", "AT_BEGINNING", "AT_END"}


def measure(expression: str) -> int:
    """The most bytes that `expression` can match. ValueError where that is over W, or where it could match a newline,
    nothing at all, or what Hyperscan cannot find."""
    try:
        parsed = sre_parse.parse(expression)
    except (re.error, OverflowError, RecursionError) as problem:
        raise ValueError(f"does not parse ({problem})") from None
    _refuse(parsed)
    least, most = parsed.getwidth()
    if least == 0:
        raise ValueError("can match nothing at all; give it a fixed part")
    if most > ANCHOR_WIDTH:
        raise ValueError(
            f"can be {'endlessly' if most >= 2**16 else f'{most} bytes'} wide; the limit is {ANCHOR_WIDTH} bytes"
        )
    return int(most)


def _refuse(parsed: Iterable[Any]) -> None:
    """Walk a parse tree; ValueError for whatever an anchor may not hold."""
    for op, argument in parsed:
        name = str(op)
        if name in _FORBIDDEN:
            raise ValueError(f"holds {_FORBIDDEN[name]}; that belongs into match")
        if name == "LITERAL" and argument == _NEWLINE:
            raise ValueError("matches a newline; an anchor lies inside one line")
        if name == "NOT_LITERAL" and argument != _NEWLINE:
            raise ValueError(r"matches a newline with a negated class; add \n to it")
        if name == "IN" and _in_matches_newline(argument):
            raise ValueError(r"matches a newline with a character class; [^…] needs a \n, and \s is [ \t]")
        if name == "AT" and str(argument) not in _EDGES:
            raise ValueError(r"holds \A or \Z; only \b, ^ and $ are understood")
        for child in _children(name, argument):
            _refuse(child)


def _children(name: str, argument: Any) -> Sequence[Iterable[Any]]:
    if name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
        return [argument[2]]
    if name == "SUBPATTERN":
        return [argument[3]]
    if name == "BRANCH":
        return list(argument[1])
    return []


def _in_matches_newline(items: Sequence[tuple[Any, Any]]) -> bool:
    negated, hit = False, False
    for op, argument in items:
        name = str(op)
        if name == "NEGATE":
            negated = True
        elif name == "LITERAL":
            hit |= argument == _NEWLINE
        elif name == "RANGE":
            hit |= argument[0] <= _NEWLINE <= argument[1]
        elif name == "CATEGORY":
            hit |= str(argument) in ("CATEGORY_SPACE", "CATEGORY_NOT_DIGIT", "CATEGORY_NOT_WORD")
    return hit != negated


def compile_database(anchors: Sequence[tuple[int, str]]) -> bytes:
    """The two Hyperscan databases of all (rule number, expression) pairs, serialized. ValueError names the expression
    that Hyperscan refuses; compiling a thousand takes seconds, which is why the result is cached."""
    if not anchors:
        return b""
    parts: tuple[list[tuple[int, str]], list[tuple[int, str]]] = ([], [])
    for anchor in anchors:
        parts[least_run(anchor[1]) >= RUN].append(anchor)
    everywhere, in_runs = map(_compile, parts)
    return len(everywhere).to_bytes(_LENGTH, "little") + everywhere + in_runs


def _compile(anchors: Sequence[tuple[int, str]]) -> bytes:
    if not anchors:
        return b""
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    try:
        database.compile(
            expressions=[expression.encode() for _, expression in anchors],
            ids=[number for number, _ in anchors],
            flags=[_FLAGS] * len(anchors),
        )
    except hyperscan.HyperscanError as problem:
        raise ValueError(_culprit(anchors, problem)) from None
    return bytes(hyperscan.dumpb(database))


def _culprit(anchors: Sequence[tuple[int, str]], problem: Exception) -> str:
    for number, expression in anchors if len(anchors) > 1 else ():
        try:
            _compile([(number, expression)])
        except ValueError as single:
            return str(single)
    return f"Hyperscan cannot compile {anchors[0][1]!r} ({problem})"


def platform_key() -> str:
    """What a serialized database depends on beside its expressions: the library and the processor's family.

    Loading checks the processor's features once more and refuses a foreign database.
    """
    if hasattr(os, "uname"):
        machine = os.uname().machine
    else:
        import platform

        machine = platform.machine()
    return f"{getattr(hyperscan, '__version__', '')}|{sys.platform}|{machine}"


class AnchorScanner:
    """The loaded databases with their scratch space. One per thread: `hits` is not reentrant.

    `active` are the numbers of the rules to report; None means all of them.
    """

    def __init__(self, serialized: bytes | memoryview, active: frozenset[int] | None = None) -> None:
        self._hits: list[tuple[int, int]] = []
        self._collect = _collector(self._hits)
        self._active = active
        middle = _LENGTH + int.from_bytes(serialized[:_LENGTH], "little")
        self._everywhere = _load(bytes(serialized[_LENGTH:middle]))
        self._in_runs = _load(bytes(serialized[middle:]))

    def hits(self, data: bytes | bytearray) -> list[tuple[int, int]]:
        """Every (end offset, rule number) where an anchor fires in `data`, ascending, without repeats."""
        found = self._hits
        found.clear()
        if self._everywhere is not None and data:
            self._everywhere.scan(data, self._collect)  # type: ignore[type-var]
        if self._in_runs is not None and data:
            lines, rows = lines_with_runs(data, RUN, ANCHOR_WIDTH)
            if lines:
                before = len(found)
                self._in_runs.scan(lines, self._collect)
                found[before:] = _placed(found[before:], rows)
        if not found:
            return []
        active = self._active
        return sorted({hit for hit in found if active is None or hit[1] in active})


def _collector(hits: list[tuple[int, int]]) -> Callable[[int, int, int, int, object], None]:
    """What Hyperscan tells of each hit: most texts have none, so all that is done for each text counts."""
    append = hits.append

    def collect(rule: int, _start: int, end: int, _flags: int, _context: object) -> None:
        append((end, rule))

    return collect


def _load(serialized: bytes) -> hyperscan.Database | None:
    if not serialized:
        return None
    database = hyperscan.loadb(serialized, mode=hyperscan.HS_MODE_BLOCK)
    database.scratch = hyperscan.Scratch(database)
    return database


def _placed(hits: list[tuple[int, int]], rows: bytes) -> list[tuple[int, int]]:
    """Hits in the joined lines, at their places in the text that the lines were taken from."""
    if not hits:
        return hits
    numbers = memoryview(rows).cast("q").tolist()
    joined, starts = numbers[::2], numbers[1::2]
    placed = []
    for end, rule in hits:
        block = bisect_left(joined, end) - 1  # An end is one past the match, so never where its block begins.
        placed.append((starts[block] + end - joined[block], rule))
    return placed
