"""What the trees of a walk name, each entry looked at once.

A tree that is an edit of another one shares most entries with it. Where an entry begins is known of the base; from a
place where an entry begins in the base, bytes that were copied are the same entries. So only what lies between the
copies is read, and of the rest is taken over where it begins and what it was found to be.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

from leakguard.git.kernel_error import KernelError
from leakguard.git.kernel_py.chain import Chain
from leakguard.git.kernel_py.edges import EdgeWriter
from leakguard.git.kernel_py.oid_table import OidTable
from leakguard.git.kernel_py.tree import ENTRY, KIND_COMMIT, KIND_MASK, KIND_TREE, refuse_tree

if TYPE_CHECKING:
    from leakguard.git.kernel_py.delta import Copy

TREE = 2
TOLD_EVERY = 500
"""After so many trees a walk tells, so that what was read can be taken, and the pack's pages forgotten."""

MOST_MET, LONGEST_MET = 1 << 14, 255
"""So many names, and no longer ones, are remembered as gathered; then all are forgotten."""

_Mark = tuple[int, int]
"""Where an entry that matters begins in its tree, and its position in a table."""


class _Level:
    """What is known of the tree at one depth of a chain. `starts` says where each entry begins, and ends with the
    tree's length."""

    def __init__(self) -> None:
        self.serial = 0
        self.starts: list[int] = []
        self.subtrees: list[_Mark] = []
        self.contents: list[_Mark] = []
        self.wanted: list[_Mark] = []

    def marks(self) -> tuple[list[_Mark], list[_Mark], list[_Mark]]:
        return self.subtrees, self.contents, self.wanted


class TreeReader:
    """Reads the trees that `chain` holds, as a walk comes to them.

    `trees` are all objects there are, `blobs` those of interest that are no trees, or are not there; `names` says which
    names are asked for. With None for `names`, the names of at least `least` bytes are gathered instead. `missing`
    counts the subtrees that neither table knows, and with `strict` other entries, too; `count` the trees that walks
    came to. KernelError where the tables' ids differ in length.
    """

    def __init__(
        self,
        chain: Chain,
        trees: OidTable,
        blobs: OidTable,
        names: frozenset[bytes] | None,
        least: int,
        strict: bool = False,
    ) -> None:
        if not isinstance(chain, Chain):
            raise TypeError("chain must be a Chain")
        if not isinstance(trees, OidTable) or not isinstance(blobs, OidTable):
            raise TypeError("trees and blobs must be OidTables")
        if trees.hash_len != blobs.hash_len:
            raise KernelError("the two tables' ids differ in length")
        if names is not None and not (isinstance(names, frozenset) and all(type(name) is bytes for name in names)):
            raise TypeError("names must be a frozenset of bytes or None")
        self.chain = chain
        self._trees, self._blobs, self._names, self._least = trees, blobs, names, least
        self._strict = bool(strict)
        self.missing = self.count = 0
        self._levels: list[_Level] = []
        self._edges, self._holders = EdgeWriter(), array("i")
        self._lines: list[bytes] = []
        self._met: set[bytes] = set()
        self._absent: list[bytes] = []

    def read(self, depth: int, number: int, /) -> bool:
        """Read the tree that is held at a depth, known as `number`; whether it has a name that is asked for.
        KernelError where it is malformed: then nothing of it is told."""
        chain = self.chain
        link = chain.link(depth)
        tree = link.content
        if not 0 <= number < 1 << 31:
            raise KernelError("the tree's number is out of range")
        if len(tree) >= 1 << 31:
            raise KernelError("the tree is over the size limit")
        del self._levels[depth + 1 :]
        while len(self._levels) <= depth:
            self._levels.append(_Level())
        base = None
        if 0 < depth == chain.depth and chain.base_serial and self._levels[depth - 1].serial == chain.base_serial:
            base = self._levels[depth - 1]
        level = self._levels[depth] = _Level()
        lines, absent = len(self._lines), len(self._absent)
        try:
            self._read(tree, base, chain.copies if base else [], level)
        except KernelError:
            self._cut(lines)
            del self._absent[absent:]
            raise
        level.serial = link.serial
        if len(self._blobs) or self._names is not None:
            self._tell(level, number)
        return bool(level.wanted)

    def _cut(self, lines: int) -> None:
        """Take back the names that were gathered beyond so many."""
        if len(self._lines) > lines:
            del self._lines[lines:]
            self._met.clear()

    def wants(self, kind: int) -> bool:
        """Whether a walk hands objects of this kind to this reader."""
        return kind == TREE

    def take_in(self, number: int, _kind: int) -> bool:
        """Read the chain's last object, a tree; whether the walk has to tell of it: it has a name that is asked for, or
        it is time to `take` what was read. Where an object lies more than once, its first number stands for all."""
        self.count += 1
        trees = self._trees
        first = trees.positions[trees.names[number]] if 0 <= number < len(trees) else -1
        return self.read(self.chain.depth, first) or self.count % TOLD_EVERY == 0

    def take(self) -> tuple[bytes, bytes, bytes, bytes]:
        """What was read since the last `take`: rows of those trees that have subtrees which are known (see `edges`),
        int32 pairs (tree, position of a blob that it names), the gathered names, a line each, a newline in a name
        being a NUL, which no name has, and the ids of what is missing. A name is gathered once, as long as it is
        remembered."""
        lines = b"\n".join([line.replace(b"\n", b"\0") for line in self._lines])
        taken = (
            bytes(self._edges.rows),
            self._holders.tobytes(),
            lines + b"\n" if self._lines else b"",
            b"".join(self._absent),
        )
        self._edges, self._holders = EdgeWriter(), array("i")
        self._lines, self._absent = [], []
        return taken

    def _read(self, tree: bytes, base: _Level | None, copies: list[Copy], level: _Level) -> None:
        match, hash_len = ENTRY[self._trees.hash_len], self._trees.hash_len
        at, row, total = 0, 0, len(tree)
        while at < total:
            while row < len(copies) and copies[row][1] <= at:
                row += 1
            if base and row < len(copies) and copies[row][0] <= at:
                at = _follow(base, level, copies[row], at)
                if at == copies[row][1]:
                    continue
            found = match(tree, at)
            if found is None:
                refuse_tree(tree, hash_len)
            self._see(level, at, *found.groups())
            at = found.end()
        level.starts.append(total)

    def _see(self, level: _Level, start: int, mode: bytes, name: bytes, oid: bytes) -> None:
        """Take in an entry that the base does not have."""
        level.starts.append(start)
        if self._names is None:
            if len(name) >= self._least:
                self._gather(name)
        elif name in self._names:
            level.wanted.append((start, 0))
        kind = int(mode, 8) & KIND_MASK
        if kind == KIND_COMMIT:
            return
        is_tree = kind == KIND_TREE
        place = self._trees.positions.get(oid, -1) if is_tree else -1
        if place >= 0:
            level.subtrees.append((start, place))
            return
        place = self._blobs.positions.get(oid, -1)
        if place >= 0:
            level.contents.append((start, place))
        elif is_tree or (self._strict and oid not in self._trees.positions):
            self.missing += 1
            self._absent.append(oid)

    def _gather(self, name: bytes) -> None:
        """Keep a name, unless it is remembered as kept before."""
        if name in self._met:
            return
        if len(name) <= LONGEST_MET:
            if len(self._met) == MOST_MET:
                self._met.clear()
            self._met.add(name)
        self._lines.append(name)

    def _tell(self, level: _Level, number: int) -> None:
        if level.subtrees:
            self._edges.add(number, [position for _, position in level.subtrees])
        for _, position in level.contents:
            self._holders.extend((number, position))


def _follow(base: _Level, level: _Level, copy: Copy, at: int) -> int:
    """Takes over the entries of the base that lie whole in [at, copy's end); where the last one of them ends."""
    _, end, shift = copy
    starts, begin = base.starts, at - shift
    first = bisect_left(starts, begin)
    if first >= len(starts) - 1 or starts[first] != begin:
        return at
    last = bisect_right(starts, end - shift, first) - 1
    if last > first:
        _carry(base, level, first, last, shift)
    return starts[last] + shift


def _carry(base: _Level, level: _Level, first: int, last: int, shift: int) -> None:
    """Takes over the base's entries [first, last)."""
    starts = base.starts
    level.starts += [start + shift for start in starts[first:last]] if shift else starts[first:last]
    for old, new in zip(base.marks(), level.marks(), strict=True):
        part = old[bisect_left(old, (starts[first], -1)) : bisect_left(old, (starts[last], -1))]
        new += [(start + shift, position) for start, position in part] if shift else part
