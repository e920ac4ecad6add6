"""Which trees lead to the trees of interest."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

from leakguard.git.kernel_error import KernelError

if TYPE_CHECKING:
    from typing_extensions import Buffer


def reach(trees: Buffer, counts: Buffer, edges: Buffer, seeds: Buffer, total: int, /) -> bytes:
    """The edges (int32 pairs: tree, subtree) on which trees lead, over any number of steps, to the seeds.

    ``trees`` (int32) numbers some trees, ``counts`` says how many subtrees each has, ``edges`` holds those in a row;
    ``seeds`` are the numbers to begin with, all numbers are under ``total``. The edges from a tree come before those to
    it; edges of cycles, which no honest objects make, come last.
    """
    numbers, sizes, targets, first = (memoryview(part).cast("B").cast("i") for part in (trees, counts, edges, seeds))
    known = [*numbers, *targets, *first]
    if len(numbers) != len(sizes) or sum(sizes) != len(targets) or min(sizes, default=0) < 0:
        raise KernelError("the edges do not belong to the counts, or name objects that are not there")
    if known and not 0 <= min(known) <= max(known) < total:
        raise KernelError("the edges do not belong to the counts, or name objects that are not there")
    sources: dict[int, list[int]] = {}
    at = 0
    for tree, size in zip(numbers, sizes, strict=True):
        for target in targets[at : at + size]:
            sources.setdefault(target, []).append(tree)
        at += size
    queue = list(dict.fromkeys(first))
    waiting = dict.fromkeys(queue, 0)
    for subtree in queue:
        for tree in sources.get(subtree, ()):
            if tree not in waiting:
                waiting[tree] = 0
                queue.append(tree)
            waiting[tree] += 1
    pairs = array("i")
    told = set()
    stack = [tree for tree in queue if not waiting[tree]]
    cycles = iter(queue)
    while True:
        subtree = stack.pop() if stack else next((tree for tree in cycles if tree not in told), -1)
        if subtree < 0:
            return pairs.tobytes()
        told.add(subtree)
        for tree in sources.get(subtree, ()):
            pairs.extend((tree, subtree))
            waiting[tree] -= 1
            if not waiting[tree] and tree not in told:
                stack.append(tree)
