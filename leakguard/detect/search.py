"""Looking for the match that holds an anchor in the window around it.

Anchors fire side by side: at every byte of a run of zeros in base64, or three of a rule on one line. What was looked
through for one of them is not looked through for the next.
"""

from __future__ import annotations

from time import process_time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import regex

    from leakguard.detect.needed import Needed
    from leakguard.detect.starts import Starts

LEAST = 1e-6
"""Seconds for an attempt where none are left; `regex` looks at the clock in long ones only."""

TIMEOUT = 0.5
"""Seconds that one expression may take on one neighbourhood of at most 128 KB before the candidate is held back."""


class Seeker(NamedTuple):
    """A rule's expression and how its matches are looked for: where they can begin, which words they need. A generic
    value may stand inside of what an earlier name was matched with (`token = get("token", "…")`), so that matches
    overlap."""

    expression: regex.Pattern[bytes]
    overlapped: bool
    starts: Starts | None
    needed: Needed | None = None

    def matches(self, window: bytes, low: int, end: int) -> Iterator[regex.Match[bytes]]:
        """The matches from `low` on, ascending, at least those that begin before `end`."""
        if self.needed and self.needed.missing(window):
            return iter(())
        if self.starts is None:
            return self.expression.finditer(window, low, overlapped=self.overlapped, timeout=TIMEOUT)
        return self._tried(self.starts.between(window, low, end), window)

    def _tried(self, starts: Iterable[int], window: bytes) -> Iterator[regex.Match[bytes]]:
        """The matches at these offsets, within one and the same allowance of time."""
        stop = process_time() + TIMEOUT
        for start in starts:
            match = self.expression.match(window, start, timeout=max(stop - process_time(), LEAST))
            if match:
                yield match


class Search:
    """The matches of one rule in one window, looked for only as far as somebody asked."""

    def __init__(self, seeker: Seeker, window: bytes) -> None:
        self.window = window
        self._seeker = seeker
        self._matches: list[regex.Match[bytes]] = []
        self._next = 0

    def around(self, end: int) -> regex.Match[bytes] | None:
        """The first match that begins before `end` and does not end before it."""
        for match in self._matches:
            if match.end() >= end:
                return match if match.start() < end else None
        if self._next >= end:
            return None
        for match in self._seeker.matches(self.window, self._next, end):
            self._matches.append(match)
            self._next = match.start() + 1 if self._seeker.overlapped else match.end()
            if match.end() >= end:
                return match if match.start() < end else None
        self._next = end if self._seeker.starts else len(self.window) + 1
        return None
