"""Every object of some kinds in a span of a pack's order, bases before what is built on them."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

from leakguard.git.kernel_error import KernelError
from leakguard.git.kernel_py.text_reader import TextReader
from leakguard.git.kernel_py.tree_reader import TreeReader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from typing_extensions import Buffer

    from leakguard.git.kernel_py.pack_table import PackTable


class Walk:
    """Hands the objects at [begin, end) of the table's order to `reader`, and tells those that somebody has to look at:
    (number, git type, depth in the reader's chain), the depth -1 where the object could not be had. `problem` says then
    what is wrong with it, and where it was had and is malformed; else it is None.

    Numbers count from `first`. `inflate` gives the stored bytes of the object of a number, without `first`, and says by
    a ValueError why it cannot; `decompress(packed, 15, room)` is a faster way to those of a small one. The compiled
    walk inflates by itself and asks both where it has any doubt; here `inflate` does all. `release` gives the pages of
    the pack back that were mapped: the compiled walk calls it where much of the pack was read, by this walk or by those
    before it that had the same `areas`, which are empty at first and after each release.
    """

    def __init__(
        self,
        reader: TextReader | TreeReader,
        pack: Buffer,
        table: PackTable,
        begin: int,
        end: int,
        first: int,
        decompress: Callable[[bytes, int, int], bytes],
        inflate: Callable[[int], bytes],
        release: Callable[[], object],
        areas: bytearray,
    ) -> None:
        if not isinstance(reader, TextReader | TreeReader):
            raise TypeError("reader must be a TextReader or a TreeReader")
        self._reader, self._table, self._inflate = reader, table, inflate
        self._first = first
        span = slice(max(begin, 0), max(end, 0))
        self._rows = zip(
            array("i", table.order)[span], array("i", table.depths)[span], table.last_child[span], strict=True
        )
        self._broken = -1
        self.problem: str | None = None

    def __iter__(self) -> Iterator[tuple[int, int, int]]:
        return self

    def __next__(self) -> tuple[int, int, int]:
        types, wants = self._table.types, self._reader.wants
        self.problem = None
        for number, depth, last in self._rows:
            kind = types[number]
            if not wants(kind):
                continue
            if 0 <= self._broken < depth:
                self.problem = "is built on an object that cannot be read"
                return self._first + number, kind, -1
            self._broken = -1
            try:
                self._hold(number, depth, bool(last))
            except ValueError as problem:
                self.problem = str(problem)
                self._broken = depth
                return self._first + number, kind, -1
            try:
                tell = self._reader.take_in(self._first + number, kind)
            except KernelError as problem:
                self.problem = str(problem)
                tell = True
            if tell:
                return self._first + number, kind, depth
        raise StopIteration

    def _hold(self, number: int, depth: int, last: bool) -> None:
        stored = self._inflate(number)
        if depth:
            self._reader.chain.edit(depth, stored, last)
        else:
            self._reader.chain.root(stored)
