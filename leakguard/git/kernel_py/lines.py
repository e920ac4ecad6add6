"""Which lines of an object have to be scanned: those of its windows that were not scanned before.

Lines are what is scanned once: an anchor lies in one line, and nothing around that line matters to it. Histories say
the same lines again and again: in other branches of deltas, in other files, in windows that differ by a line.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_LEAST_SEEN = 32  # Seen lines of fewer bytes between two new ones are scanned again.
_MOST_LINES = 1 << 16  # New lines of one object that are remembered at most.
_MOST_SEEN = 16 << 20  # Bytes of lines that are remembered.


class Window(NamedTuple):
    """A stretch of a content to scan, where it is in what is gathered, and which ends of anchors it decides about."""

    gather_start: int
    gather_end: int
    start: int
    accept_lo: int
    accept_hi: int


class Seen:
    """The lines in which nothing was found. A line of no bytes never has anything."""

    def __init__(self) -> None:
        self._lines = {b""}
        self._size = 0

    def new_lines(self, content: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
        """Start and end of the lines of content[start:end] that were not seen."""
        lines = content[start:end].split(b"\n")
        if self._lines.issuperset(lines):
            return
        for line in lines:
            if line not in self._lines:
                yield start, start + len(line)
            start += len(line) + 1

    def add(self, lines: Iterable[bytes]) -> None:
        """Remember lines; where they are too many, all others are forgotten."""
        if self._size > _MOST_SEEN:
            self._lines, self._size = {b""}, 0
        fresh = [line for line in lines if line not in self._lines]
        self._lines.update(fresh)
        self._size += sum(map(len, fresh))


class NewLines:
    """What of some windows (start, end, accept_lo, accept_hi) of a content was not seen."""

    def __init__(self, content: bytes, windows: Iterable[tuple[int, int, int, int]], seen: Seen) -> None:
        self.content = content
        self.windows: list[Window] = []
        self._lines: list[bytes] = []
        self._ends: list[int] = []
        for start, end, accept_lo, accept_hi in windows:
            self._take(seen.new_lines(content, start, end), accept_lo, accept_hi)

    def _take(self, lines: Iterator[tuple[int, int]], accept_lo: int, accept_hi: int) -> None:
        window: Window | None = None
        for start, end in lines:
            if window is not None and start - window.start < window.gather_end - window.gather_start + _LEAST_SEEN:
                window = self.windows.pop()._replace(gather_end=window.gather_start + end - window.start)
            else:
                begin = self.windows[-1].gather_end + 1 if self.windows else 0
                window = Window(begin, begin + end - start, start, accept_lo, accept_hi)
            self.windows.append(window)
            if len(self._ends) < _MOST_LINES:
                self._lines.append(self.content[start:end])
                self._ends.append(window.gather_end)

    def gather(self) -> bytes:
        """The bytes of each window and a newline after it."""
        pieces = (self.content[at.start : at.start + at.gather_end - at.gather_start] + b"\n" for at in self.windows)
        return b"".join(pieces)

    def clean(self, ends: Iterable[int]) -> list[bytes]:
        """The lines in which nothing ends at one of the `ends` in what was gathered."""
        lines: list[bytes] = list(self._lines)
        for end in ends:
            at = bisect_left(self._ends, end)
            if at < len(lines):
                lines[at] = b""
        return lines
