"""Which findings each tree leads to: depth first, a tree's subtrees before the tree."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

from leakguard.git.kernel_error import KernelError
from leakguard.git.kernel_py.buffers import as_bytes, split
from leakguard.git.kernel_py.edges import read_edges

if TYPE_CHECKING:
    from typing_extensions import Buffer

BAD_EDGES = "the edges name objects that are not there"
_MOST = (1 << 31) - 1


def reach(edges: Buffer, holders: Buffer, sets: Buffer, width: int, total: int, /) -> tuple[bytes, bytes]:
    """The class (int32) of each tree, and the sets of findings, which a class counts.

    A set is ``width`` bytes, a bit a finding: the bit of finding k is bit k % 8 of byte k / 8. Class 0 is the empty
    set. ``edges`` are as `TreeReader.take` and `CommitGraph.edges` give them (see `edges`). ``holders`` are int32
    pairs: a tree, and the place in ``sets`` of a set that it holds itself. All trees are under ``total``. Of two rows
    of one tree the greater one counts. A subtree that is the tree's own ancestor, which no honest objects make, adds
    nothing.
    """
    raw, pairs, given = as_bytes(edges), as_bytes(holders), as_bytes(sets)
    if width <= 0 or width % 8 or not 0 <= total < _MOST or len(pairs) % 8 or len(given) % width:
        raise KernelError(BAD_EDGES)
    rows = _rows(raw, total)
    masks = [int.from_bytes(one, "little") for one in split(given, width)]
    class_of = {0: 0}
    found, classes = [0], array("i", bytes(4 * total))
    values = memoryview(pairs).cast("i").tolist()
    trees, places = values[::2], values[1::2]
    at = 0
    while at < len(trees):
        tree = trees[at]
        if not 0 <= tree < total:
            raise KernelError(BAD_EDGES)
        mask = found[classes[tree]]
        while at < len(trees) and trees[at] == tree:
            if not 0 <= places[at] < len(masks):
                raise KernelError(BAD_EDGES)
            mask |= masks[places[at]]
            at += 1
        classes[tree] = _class(class_of, found, mask)
    _close_all(rows, classes, class_of, found)
    return classes.tobytes(), b"".join(mask.to_bytes(width, "little") for mask in found)


def _class(class_of: dict[int, int], found: list[int], mask: int) -> int:
    if mask not in class_of:
        class_of[mask] = len(found)
        found.append(mask)
    return class_of[mask]


def _rows(edges: bytes, total: int) -> dict[int, list[int]]:
    """The subtrees of each tree that has any row, in the order in which they are met."""
    rows: dict[int, list[int]] = {}
    for tree, row in read_edges(edges):
        if max(tree, *row, 0) >= total:
            raise KernelError(BAD_EDGES)
        if tree not in rows or _rank(row) > _rank(rows[tree]):
            rows[tree] = row
    return rows


def _rank(row: list[int]) -> tuple[int, bytes]:
    return len(row), array("i", row).tobytes()


def _close_all(rows: dict[int, list[int]], classes: array[int], class_of: dict[int, int], found: list[int]) -> None:
    """Gives each tree its class, once its subtrees have theirs."""
    met: set[int] = set()
    for root in rows:
        if root in met:
            continue
        met.add(root)
        stack = [(root, iter(rows[root]))]
        is_open = {root}
        while stack:
            tree, left = stack[-1]
            new = next((subtree for subtree in left if subtree in rows and subtree not in met), -1)
            if new >= 0:
                met.add(new)
                is_open.add(new)
                stack.append((new, iter(rows[new])))
                continue
            stack.pop()
            mask = found[classes[tree]]
            for subtree in rows[tree]:
                if subtree not in is_open:
                    mask |= found[classes[subtree]]
            is_open.discard(tree)
            classes[tree] = _class(class_of, found, mask)
