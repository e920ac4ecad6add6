"""The commit graph, and the life of a secret in it as set algebra.

For a finding with the set B of blobs (or trees, for file names) that hold it:

    C          = commits whose tree reaches B
    introduced = commits in C with no parent in C
    removed    = commits not in C with a parent in C
    alive in   = refs whose tip is in C
    pushed     = C meets the history of a remote-tracking ref

One pass over the trees tells which of them reach which findings; the commits follow. No diff is made.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from itertools import chain
from typing import TYPE_CHECKING

import msgspec

from leakguard.git import kernel
from leakguard.model import CommitInfo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from leakguard.git.objects import Objects

Key = int
"""A finding's number."""

Number = int
"""An object's number in `Objects`."""

EMPTY: frozenset[Key] = frozenset()


class CommitHead(msgspec.Struct, frozen=True, gc=False):
    """What the algebra needs of a commit: the numbers of its tree (-1 where it is missing) and of the parents that are
    there, and the committer's time in seconds since 1970."""

    tree: Number
    parents: tuple[Number, ...]
    time: int


def unpack_commits(rows: bytes | bytearray) -> Iterator[tuple[Number, CommitHead]]:
    """The commits of rows that `kernel.append_commit` made, by their numbers."""
    values = memoryview(rows).cast("q").tolist()
    at, total = 0, len(values)
    while at < total:
        number, tree, time, parents = values[at : at + 4]
        yield number, CommitHead(tree, tuple(values[at + 4 : at + 4 + parents]), time)
        at += 4 + parents


def parse_commit_info(oid: str, content: bytes) -> CommitInfo:
    """Author, time and subject of a commit, whatever bytes they are made of."""
    header, _, message = content.partition(b"\n\n")
    author, email, when, committed, offset = "", "", 0, 0, 0
    for line in header.split(b"\n"):
        if line.startswith(b"author "):
            name, _, rest = line[7:].partition(b" <")
            mail, _, stamp = rest.partition(b"> ")
            author, email = name.decode("utf-8", "replace"), mail.decode("utf-8", "replace")
            when, offset = _stamp(stamp)
        elif line.startswith(b"committer "):
            committed, _ = _stamp(line.rpartition(b"> ")[2])
    subject = message.lstrip().split(b"\n", 1)[0].decode("utf-8", "replace")
    return CommitInfo(oid, author, email, committed or when, offset, subject[:200])


def _stamp(text: bytes) -> tuple[int, int]:
    """Seconds since 1970 and minutes from UTC of git's `1700000000 +0130`."""
    seconds, _, zone = text.partition(b" ")
    try:
        minutes = int(zone[-4:-2]) * 60 + int(zone[-2:])
        return int(seconds), -minutes if zone[:1] == b"-" else minutes
    except ValueError:
        return 0, 0


class Reach:
    """Which tree reaches which findings, from the edges that were read of every tree."""

    def __init__(self) -> None:
        self._trees = array("i")
        self._counts = array("i")
        self._edges = array("i")
        self._direct: dict[Number, frozenset[Key]] = {}

    def add_known(self, sets: Mapping[Number, frozenset[Key]]) -> None:
        """What some trees reach is known already; nothing more is to be added for them."""
        self._direct.update(sets)

    def add_holders(self, pairs: Sequence[int], sets: Sequence[frozenset[Key]]) -> None:
        """Trees that themselves have an entry which holds findings: (tree, place of the set in `sets`), in a row."""
        direct = self._direct
        for tree, at in zip(pairs[::2], pairs[1::2], strict=True):
            old = direct.get(tree)
            direct[tree] = sets[at] if old is None else old | sets[at]

    def add_edges(self, trees: bytes, counts: bytes, edges: bytes) -> None:
        """int32 arrays: the numbers of some trees, how many subtrees each has, and the numbers of these in a row."""
        self._trees.frombytes(trees)
        self._counts.frombytes(counts)
        self._edges.frombytes(edges)

    def sets(self, total: int) -> dict[Number, frozenset[Key]]:
        """For every tree that reaches a finding, the set of them; equal sets are one object. `total`: all objects.

        While sets grow they are numbers, a bit a finding: a tree of many subtrees passes through many sets that no tree
        has in the end.
        """
        mask_of = {keys: sum(1 << key for key in keys) for keys in set(self._direct.values())}
        masks = [0] * total
        for tree, keys in self._direct.items():
            masks[tree] = mask_of[keys]
        seeds = array("i", sorted(self._direct))
        # As a list the numbers would be ten times as large; there are millions.
        pairs = memoryview(kernel.reach(self._trees, self._counts, self._edges, seeds, total)).cast("i")
        for tree, subtree in zip(pairs[::2], pairs[1::2], strict=True):
            masks[tree] |= masks[subtree]
        set_of = {mask: _keys(mask) for mask in set(masks)}
        return {tree: set_of[mask] for tree, mask in enumerate(masks) if mask}


def _keys(mask: int) -> frozenset[Key]:
    """The numbers of the bits that are set."""
    return frozenset(key for key, bit in enumerate(reversed(f"{mask:b}")) if bit == "1")


class Life(msgspec.Struct, frozen=True):
    """A finding's life as commit numbers; `commits` counts C. `unreachable`: no ref leads to any of C."""

    introduced: tuple[Number, ...] = ()
    removed: tuple[Number, ...] = ()
    refs: tuple[str, ...] = ()
    in_head: bool = False
    pushed: bool | None = None
    commits: int = 0
    unreachable: bool = True


class Tip(msgspec.Struct, frozen=True):
    """A ref and the number of the commit that it stands for (-1 where that is missing)."""

    name: str
    commit: Number
    remote: bool


class History:
    """All commits of the object database, reachable or not, and the refs that lead to them."""

    def __init__(self, commits: Mapping[Number, CommitHead], tips: Sequence[Tip], oid: Callable[[Number], str]) -> None:
        self.commits = commits
        self._oid = oid
        self.tips = [tip for tip in tips if tip.commit in commits]
        self.reachable = self._ancestors(tip.commit for tip in self.tips)
        remote = [tip.commit for tip in self.tips if tip.remote]
        self.has_remote = bool(remote)
        self.pushed = self._ancestors(remote)

    def _ancestors(self, tips: Iterable[Number]) -> set[Number]:
        seen: set[Number] = set()
        waiting = list(tips)
        commits = self.commits
        while waiting:
            number = waiting.pop()
            if number in seen or number not in commits:
                continue
            seen.add(number)
            waiting.extend(commits[number].parents)
        return seen

    def _descendants(self, roots: Iterable[Number]) -> set[Number]:
        seeds = array("i", roots)
        commits = array("i", self.commits)
        counts = array("i", [len(head.parents) for head in self.commits.values()])
        parents = array("i", chain.from_iterable(head.parents for head in self.commits.values()))
        total = 1 + max(chain(commits, parents, seeds), default=0)
        pairs = kernel.reach(commits, counts, parents, seeds, total)
        return {*seeds, *memoryview(pairs).cast("i")[::2].tolist()}

    def lives(self, trees: Mapping[Number, frozenset[Key]]) -> dict[Key, Life]:
        """The life of every finding that a commit's tree reaches, given which tree reaches which."""
        introduced: dict[Key, list[Number]] = defaultdict(list)
        removed: dict[Key, list[Number]] = defaultdict(list)
        classes: dict[frozenset[Key], list[Number]] = defaultdict(list)
        commits = self.commits
        held = {number: keys for number, head in commits.items() if (keys := trees.get(head.tree))}
        for number, head in commits.items():
            own = held.get(number, EMPTY)
            if own:
                classes[own].append(number)
            parents = head.parents
            before = held.get(parents[0], EMPTY) if parents else EMPTY
            for parent in parents[1:]:
                keys = held.get(parent, EMPTY)
                if keys is not before:
                    before = before | keys if before else keys
            if own is before:
                continue
            for key in own - before:
                introduced[key].append(number)
            for key in before - own:
                removed[key].append(number)
        members: dict[Key, list[list[Number]]] = defaultdict(list)
        for keys, numbers in classes.items():
            for key in keys:
                members[key].append(numbers)
        tips: dict[Key, list[Tip]] = defaultdict(list)
        for tip in self.tips:
            for key in held.get(tip.commit, EMPTY):
                tips[key].append(tip)
        return {key: self._life(members[key], introduced[key], removed[key], tips[key]) for key in members}

    def _life(
        self, members: list[list[Number]], introduced: list[Number], removed: list[Number], tips: list[Tip]
    ) -> Life:
        """`members` are the commits that hold the secret, in parts."""
        alive = any(not self.reachable.isdisjoint(part) for part in members)
        if alive:  # what only a dangling commit did is of no interest where a ref's history holds the secret too
            introduced = [number for number in introduced if number in self.reachable]
            removed = [number for number in removed if number in self.reachable]
        return Life(
            self.ordered(introduced),
            self.ordered(removed),
            tuple(tip.name for tip in tips if tip.name != "HEAD"),
            any(tip.name == "HEAD" for tip in tips),
            any(not self.pushed.isdisjoint(part) for part in members) if self.has_remote else None,
            sum(map(len, members)),
            not alive,
        )

    def ordered(self, numbers: Iterable[Number]) -> tuple[Number, ...]:
        """Commits by time, oldest first; equal times by id, because numbers depend on how objects are packed."""
        return tuple(sorted(numbers, key=lambda number: (self.commits[number].time, self._oid(number))))

    def life_in_commits(self, numbers: Iterable[Number]) -> Life:
        """The life of what stands in commits themselves (their messages): no later commit removes it, and it lives in
        every ref whose history they belong to."""
        known = [number for number in numbers if number in self.commits]
        alive = [number for number in known if number in self.reachable]
        chosen = alive or known
        holders = self._descendants(chosen)
        tips = [tip for tip in self.tips if tip.commit in holders]
        return self._life([chosen], chosen, [], tips)


class LazyHistory:
    """A history of which most questions need a few commits only; the whole graph is made when one needs it."""

    def __init__(
        self, objects: Objects, tips: Sequence[Tip], commits: Callable[[], Mapping[Number, CommitHead]]
    ) -> None:
        self._objects, self._commits = objects, commits
        self._known: dict[Number, CommitHead | None] = {}
        self._whole: History | None = None
        self.tips = tips
        self.has_remote = any(tip.remote and self.commit(tip.commit) for tip in tips)

    def whole(self) -> History:
        """The graph of all commits."""
        if self._whole is None:
            self._whole = History(self._commits(), self.tips, self._objects.oid)
        return self._whole

    def commit(self, number: Number) -> CommitHead | None:
        """One commit, or None where there is none of that number."""
        if self._whole is not None:
            return self._whole.commits.get(number)
        if number not in self._known:
            self._known[number] = self._read(number) if number >= 0 else None
        return self._known[number]

    def _read(self, number: Number) -> CommitHead | None:
        try:
            _, content = self._objects.read(self._objects.oid(number))
        except (KeyError, ValueError):
            return None
        row = bytearray()
        try:
            kernel.append_commit(content, number, self._objects.table, row)
        except kernel.KernelError:
            return None
        return next(head for _, head in unpack_commits(row))
