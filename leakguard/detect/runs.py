"""Runs: twenty characters of tokens in a row, which nearly every secret has and few lines of a text.

An anchor whose every match holds a run needs to be looked for only in the lines that hold one, and in a line of
minified code only around them. `least_run` proves it of an anchor; `lines_with_runs` finds those lines, many times
faster than any anchor is found.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

from leakguard.detect.syntax import sre_parse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from typing_extensions import Buffer

RUN = 20
"""How long a run is. Of the lines of source text one in seven holds one; with 16 it would be two."""
_CHARACTERS = frozenset(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-+/=")

_Runs = tuple[int, int, int, bool]
"""What is certain of an expression's matches: the run they begin with, the one they end with, the longest in them, and
whether they are one run and nothing else."""
_BREAK: _Runs = (0, 0, 0, False)


def least_run(expression: str) -> int:
    """The longest run that every match of `expression` holds for certain."""
    try:
        return _sequence(sre_parse.parse(expression))[2]
    except re.error:
        return 0  # Hyperscan says what is wrong with it.


def _sequence(parsed: Iterable[Any]) -> _Runs:
    first = last = longest = 0
    whole = True
    for op, argument in parsed:
        name = str(op)
        if name == "AT":
            continue
        begin, end, inside, one = _item(name, argument)
        longest = max(longest, inside, last + begin)
        first += begin if whole else 0
        last = last + begin if one else end
        whole &= one
    return first, last, longest, whole


def _item(name: str, argument: Any) -> _Runs:
    if name == "LITERAL":
        return (1, 1, 1, True) if argument in _CHARACTERS else _BREAK
    if name == "IN":
        return (1, 1, 1, True) if all(_in_runs(str(op), value) for op, value in argument) else _BREAK
    if name == "SUBPATTERN":
        return _sequence(argument[3])
    if name == "BRANCH":
        ways = [_sequence(way) for way in argument[1]]
        begin, end, inside = (min(way[at] for way in ways) for at in range(3))
        return begin, end, inside, all(way[3] for way in ways)
    if name in ("MAX_REPEAT", "MIN_REPEAT"):
        return _repeated(argument[0], _sequence(argument[2]))
    return _BREAK


def _repeated(least: int, runs: _Runs) -> _Runs:
    begin, end, inside, one = runs
    if one:
        return begin * least, begin * least, begin * least, True
    return (begin, end, inside, False) if least else _BREAK


def _in_runs(name: str, value: Any) -> bool:
    if name == "LITERAL":
        return value in _CHARACTERS
    if name == "RANGE":
        return _CHARACTERS.issuperset(range(value[0], value[1] + 1))
    return name == "CATEGORY" and str(value) in ("CATEGORY_DIGIT", "CATEGORY_WORD")


def every_line(data: Buffer, _least: int, _reach: int, /) -> tuple[bytes, bytes]:
    """What stands in for `lines_with_runs` where it was not compiled: all of `data`, one block."""
    return bytes(data), bytes(16) if memoryview(data).nbytes else b""


def _choose() -> Any:
    if os.environ.get("LEAKGUARD_KERNEL") != "python":
        try:
            from leakguard.detect._runs import lines_with_runs as compiled
        except ImportError:
            pass  # Installed where no compiler was: all lines are looked at, which finds the same and takes longer.
        else:
            return compiled
    return every_line


lines_with_runs = _choose()
"""`lines_with_runs(data, least, reach)`: the lines of `data` that hold a run of at least so many characters, joined,
and a row of two 64-bit numbers for each block of neighbouring lines: where it begins in what was joined, and in `data`.
Of a line that is many times as long as `reach`, what lies farther than that from every run is left out, and a newline
stands in its place: whatever holds a run and is at most `reach` bytes wide is there, with what stands on both sides."""
