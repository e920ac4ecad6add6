"""Where the matches of an expression can begin, told by a cheap look for the words that their names hold.

The expressions of generic rules begin with a name: a run of its characters with a telling word in it. Trying them at
every byte of a window is most of what a confirmation costs; a match can begin only where the run around such a word
does.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from leakguard.detect.kept import plain
from leakguard.detect.rules import PIECE, top_level
from leakguard.detect.syntax import sre_parse

if TYPE_CHECKING:
    from collections.abc import Iterator

_HEAD = re.compile(r"\(\?<!\[\\w\.\\-\]\)\(\?P<name>\[\\w\.\\-\]\{0,(\d+)\}\?\(\?i:")
_FIRST = r"\A"
_CASED = re.compile(r"\\[A-Z]")
"""An escape that would mean something else in lower case."""
_NAME = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-"
r"""The characters of a name: [\w.\-]."""


class Starts:
    """The offsets in a window at which a match can begin: where the run of a name's characters around a word begins,
    and, where an alternative is bound to it, the window's first. `words` are in lower case, and so is what is looked
    through for them."""

    def __init__(self, words: str, before: int, first: bool) -> None:
        self._words = plain(words.encode())
        self._before, self._first = before, first
        self._beyond = before + sre_parse.parse(words).getwidth()[1]

    def between(self, window: bytes, low: int, end: int) -> Iterator[int]:
        """Those from `low` to before `end`, ascending; the expression may match at each and at no other."""
        if self._first and low == 0 < end:
            yield 0
        text, limit, last = window.lower(), end + self._beyond, 0 if self._first else -1
        word = self._words.search(text, low, limit)
        while word:
            at = self._run(window, word.start())
            if low <= at < end and at > last:
                yield at
                last = at
            word = self._words.search(text, word.start() + 1, limit)

    def _run(self, window: bytes, word: int) -> int:
        """Where the run around a word begins, -1 where that is further away than a name's word can be."""
        low = max(0, word - self._before - 1)
        rest = len(window[low:word].rstrip(_NAME))
        return low + rest if rest or not low else -1


def find_starts(expression: str) -> Starts | None:
    """The starts of an expression's matches, or None where it has another form than a name's."""
    bars = top_level(expression)[0]
    parts = [expression[low:high] for low, high in zip([0, *(bar + 1 for bar in bars)], [*bars, None], strict=True)]
    named = [part for part in parts if not part.startswith(_FIRST)]
    head = _HEAD.match(named[0]) if len(named) == 1 else None
    if not head:
        return None
    words = _group(named[0], head.end())
    if _CASED.search(words):
        return None
    return Starts(words.lower(), int(head[1]), first=len(parts) > 1)


def _group(expression: str, start: int) -> str:
    """What stands between `start`, behind a parenthesis, and the one that closes it."""
    depth = 1
    for piece in PIECE.finditer(expression, start):
        depth += {"(": 1, ")": -1}.get(piece[0], 0)
        if not depth:
            return expression[start : piece.start()]
    raise ValueError(expression)
