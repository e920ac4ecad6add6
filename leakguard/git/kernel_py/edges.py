"""Which trees have which subtrees, in few bytes.

A row a tree, of numbers of seven bits a byte, the lowest first, the eighth bit set where more come: how many bytes
before this row the one begins that does without those before it (0: this one), the tree, how many subtrees it begins
with that the row before begins with, how many it ends with that the row before ends with, how many lie between, and
these. Most trees have one subtree that the tree before does not have.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from leakguard.git.kernel_error import KernelError

if TYPE_CHECKING:
    from collections.abc import Iterator

_MALFORMED = "the rows of edges are malformed"
_WHOLE_EVERY = 16
_MOST_BEFORE = 1 << 20
_MOST = (1 << 31) - 1


class EdgeWriter:
    """Writes rows one after the other."""

    def __init__(self) -> None:
        self.rows = bytearray()
        self._last: list[int] = []
        self._whole = self._count = 0

    def add(self, tree: int, subtrees: list[int]) -> None:
        """Add the row of a tree."""
        head = _shared(subtrees, self._last)
        tail = _shared(subtrees[head:][::-1], self._last[head:][::-1])
        begin = len(self.rows)
        far = begin - self._whole > _MOST_BEFORE
        if not begin or self._count >= _WHOLE_EVERY or far or 2 * (head + tail) < len(subtrees):
            self._whole = begin
            self._count = head = tail = 0
        fresh = subtrees[head : len(subtrees) - tail]
        for number in (begin - self._whole, tree, head, tail, len(fresh), *fresh):
            left = number
            while left > 127:
                self.rows.append(left & 127 | 128)
                left >>= 7
            self.rows.append(left)
        self._last = subtrees
        self._count += 1


def _shared(one: list[int], other: list[int]) -> int:
    """How many numbers two lists begin with alike."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (mine, its) in pairs if mine != its), min(len(one), len(other)))


def read_edges(rows: bytes) -> Iterator[tuple[int, list[int]]]:
    """Each tree and its subtrees. KernelError where the rows are malformed."""
    last: list[int] = []
    at = whole = 0
    while at < len(rows):
        begin = at
        head: list[int] = []
        for _ in range(5):
            number, at = _read_number(rows, at)
            head.append(number)
        back, tree, kept, ended, count = head
        if not back:
            whole, last = begin, []
        if back != begin - whole or kept + ended > len(last) or count > len(rows) - at:
            raise KernelError(_MALFORMED)
        fresh = []
        for _ in range(count):
            number, at = _read_number(rows, at)
            fresh.append(number)
        last = [*last[:kept], *fresh, *last[len(last) - ended :]]
        yield tree, last


def _read_number(rows: bytes, at: int) -> tuple[int, int]:
    """A number, and where it ends."""
    number = 0
    for place in range(at, min(at + 5, len(rows))):
        number |= (rows[place] & 127) << 7 * (place - at)
        if rows[place] < 128:
            if number > _MOST:
                break
            return number, place + 1
    raise KernelError(_MALFORMED)
