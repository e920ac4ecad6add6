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
from collections.abc import Mapping
from itertools import chain
from typing import TYPE_CHECKING

import msgspec

from leakguard.git import kernel
from leakguard.model import CommitInfo

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from typing_extensions import Buffer

    from leakguard.git.objects import Objects

Key = int
"""A finding's number."""

Number = int
"""An object's number in `Objects`."""

EMPTY: frozenset[Key] = frozenset()

_SMALLER = 8
"""How many times smaller a row of the commit graph is than a `CommitHead` with its parent."""


class CommitHead(msgspec.Struct, frozen=True, gc=False):
    """What the algebra needs of a commit: the numbers of its tree (-1 where it is missing) and of the parents that are
    there, and the committer's time in seconds since 1970."""

    tree: Number
    parents: tuple[Number, ...]
    time: int


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


class TreeSets(Mapping[Number, frozenset[Key]]):
    """For every tree that reaches a finding the set of them.

    As `kernel.reach` gives it: the class (int32) of each object, 0 for nothing, and the sets by class, `width` bytes
    each with a bit a finding. A set becomes one of numbers when it is asked for.
    """

    def __init__(self, classes: bytes, sets: bytes, width: int) -> None:
        self.classes, self.sets, self.width = classes, sets, width
        self._class_of = memoryview(classes).cast("i")
        self._known: dict[int, frozenset[Key]] = {0: EMPTY}

    def class_of(self, tree: Number) -> int:
        """The class of a tree, 0 for one that is not there."""
        return self._class_of[tree] if 0 <= tree < len(self._class_of) else 0

    def __getitem__(self, tree: Number) -> frozenset[Key]:
        number = self._class_of[tree] if 0 <= tree < len(self._class_of) else 0
        if not number:
            raise KeyError(tree)
        keys = self._known.get(number)
        if keys is None:
            packed = self.sets[number * self.width : (number + 1) * self.width]
            keys = self._known[number] = unpack_set(packed)
        return keys

    def __contains__(self, tree: object) -> bool:
        return isinstance(tree, int) and 0 <= tree < len(self._class_of) and self._class_of[tree] > 0

    def __iter__(self) -> Iterator[Number]:
        return (tree for tree, number in enumerate(self._class_of) if number)

    def __len__(self) -> int:
        return len(self._class_of) - self._class_of.tolist().count(0)


class Reach:
    """Which tree reaches which findings, from the edges that were read of every tree, which are kept until it is asked.
    `sets` are the sets of findings that objects hold."""

    def __init__(self, sets: Sequence[frozenset[Key]]) -> None:
        self._sets = list(sets)
        self._edges = bytearray()
        self._holders = bytearray()

    def add_known(self, sets: Mapping[Number, frozenset[Key]]) -> None:
        """What some trees reach beside what their edges and holders say."""
        place_of: dict[frozenset[Key], int] = {}
        pairs = array("i")
        for tree, keys in sets.items():
            pairs.extend((tree, len(self._sets) + place_of.setdefault(keys, len(place_of))))
        self._sets.extend(place_of)
        self._holders += pairs.tobytes()

    def add_holders(self, pairs: bytes) -> None:
        """Trees that themselves have an entry which holds findings: int32 pairs (tree, place of the set in `sets`)."""
        self._holders += pairs

    def add_edges(self, edges: bytes) -> None:
        """Which trees have which subtrees, as `kernel.TreeReader.take` says it."""
        self._edges += edges

    def sets(self, total: int) -> TreeSets:
        """For every tree that reaches a finding, the set of them. `total`: all objects. Nothing is kept afterwards."""
        width = set_width(1 + max(chain.from_iterable(self._sets), default=-1))
        sets = b"".join(pack_set(keys, width) for keys in self._sets)
        edges, holders = self._edges, self._holders
        self._edges, self._holders = bytearray(), bytearray()
        found = TreeSets(*kernel.reach(edges, holders, sets, width, total), width)
        del edges, holders
        kernel.trim()
        return found


def set_width(keys: int) -> int:
    """The bytes of a set, as the kernel takes it, of so many findings."""
    return max(8, (keys + 63) // 64 * 8)


def pack_set(keys: Iterable[Key], width: int) -> bytes:
    """A set as the kernel takes it: a bit a finding."""
    return sum(1 << key for key in keys).to_bytes(width, "little")


def unpack_set(packed: bytes) -> frozenset[Key]:
    """The inverse."""
    mask = int.from_bytes(packed, "little")
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
    """All commits of the object database, reachable or not, and the refs that lead to them. `rows` are those of
    `kernel.append_commit`, `total` is how many objects there are."""

    def __init__(self, rows: Buffer, total: int, tips: Sequence[Tip], oid: Callable[[Number], str]) -> None:
        self._graph = kernel.CommitGraph(rows, total)
        self._total, self._oid = total, oid
        self.tips = [tip for tip in tips if self._graph.find(tip.commit) is not None]
        self._reachable = self._ancestors(self.tips)
        remote = [tip for tip in self.tips if tip.remote]
        self.has_remote = bool(remote)
        self._pushed = self._ancestors(remote)

    def __len__(self) -> int:
        """How many commits there are."""
        return len(self._graph)

    def _ancestors(self, tips: Sequence[Tip]) -> bytes:
        return self._graph.ancestors(array("i", [tip.commit for tip in tips]))

    def commit(self, number: Number) -> CommitHead | None:
        """One commit, or None where there is none of that number."""
        found = self._graph.find(number)
        return None if found is None else CommitHead(*found)

    def is_reachable(self, number: Number) -> bool:
        """Whether a ref leads to a commit."""
        return self._has(self._reachable, number)

    def lives(self, trees: TreeSets) -> dict[Key, Life]:
        """The life of every finding that a commit's tree reaches, given which tree reaches which."""
        packed = self._graph.lives(trees.classes, trees.sets, self._reachable, self._pushed, trees.width)
        facts, introduced, removed = (memoryview(part) for part in packed)
        came, went = _grouped(introduced), _grouped(removed)
        values = facts.cast("q").tolist()
        held = [trees.class_of(head[0]) for head in map(self._graph.find, self._tip_numbers()) if head]
        refs = self._refs(held, trees.sets, trees.width)
        return {
            key: Life(
                self.ordered(came.get(key, ())),
                self.ordered(went.get(key, ())),
                *refs[key],
                bool(pushed) if self.has_remote else None,
                commits,
                not alive,
            )
            for key, (commits, alive, pushed) in enumerate(zip(values[::3], values[1::3], values[2::3], strict=True))
            if commits
        }

    def _tip_numbers(self) -> Iterator[Number]:
        return (tip.commit for tip in self.tips)

    def _refs(self, held: Sequence[int], sets: bytes, width: int) -> list[tuple[tuple[str, ...], bool]]:
        """For each finding the refs that lead to it, and whether HEAD does. `held` is the class of each tip. There may
        be thousands of refs a finding: equal rows of them are one object."""
        ends, members = kernel.members(array("i", held), sets, width)
        names = [tip.name for tip in self.tips]
        known: dict[bytes, tuple[tuple[str, ...], bool]] = {}
        refs = []
        begin = 0
        for end in memoryview(ends).cast("q"):
            row = members[4 * begin : 4 * end]
            if row not in known:
                named = [names[at] for at in memoryview(row).cast("i")]
                known[row] = (tuple(name for name in named if name != "HEAD"), "HEAD" in named)
            refs.append(known[row])
            begin = end
        return refs

    def ordered(self, numbers: Iterable[Number]) -> tuple[Number, ...]:
        """Commits by time, oldest first; equal times by id, because numbers depend on how objects are packed."""
        find = self._graph.find
        timed = [(head[2], self._oid(number), number) for number in numbers if (head := find(number))]
        return tuple(number for _, _, number in sorted(timed))

    def lives_in_commits(self, groups: Sequence[tuple[Number, ...]]) -> dict[tuple[Number, ...], Life]:
        """The lives of what stands in commits themselves (their messages), by these commits: no later commit removes
        it, and it lives in every ref whose history they belong to."""
        if not groups:
            return {}
        known = [[number for number in group if self._graph.find(number)] for group in groups]
        alive = [[number for number in group if self._has(self._reachable, number)] for group in known]
        chosen = [living or group for living, group in zip(alive, known, strict=True)]
        holders = array("i", [part for key, group in enumerate(chosen) for number in group for part in (number, key)])
        width = set_width(len(groups))
        seeds = b"".join(pack_set([key], width) for key in range(len(groups)))
        found = TreeSets(*kernel.reach(self._graph.edges(), holders, seeds, width, self._total), width)
        refs = self._refs([found.class_of(number) for number in self._tip_numbers()], found.sets, width)
        return {
            group: Life(
                self.ordered(commits),
                (),
                *refs[key],
                any(self._has(self._pushed, number) for number in commits) if self.has_remote else None,
                len(commits),
                not alive[key],
            )
            for key, (group, commits) in enumerate(zip(groups, chosen, strict=True))
        }

    @staticmethod
    def _has(bits: bytes, number: Number) -> bool:
        return bool(bits[number >> 3] >> (number & 7) & 1)


def _grouped(pairs: memoryview) -> dict[Key, list[Number]]:
    """The commits of each finding, from pairs of both."""
    values = pairs.cast("i").tolist()
    grouped: dict[Key, list[Number]] = {}
    for key, number in zip(values[::2], values[1::2], strict=True):
        grouped.setdefault(key, []).append(number)
    return grouped


class LazyHistory:
    """A history of which most questions need a few commits only; the whole graph is made when one needs it."""

    def __init__(self, objects: Objects, tips: Sequence[Tip], rows: Callable[[], Buffer]) -> None:
        self._objects, self._rows = objects, rows
        self._known: dict[Number, CommitHead | None] = {}
        self._whole: History | None = None
        self.tips = tips
        self.has_remote = any(tip.remote and self.commit(tip.commit) for tip in tips)

    def whole(self) -> History:
        """The graph of all commits."""
        if self._whole is None:
            self._whole = History(self._rows(), self._objects.count, self.tips, self._objects.oid)
        return self._whole

    def commit(self, number: Number) -> CommitHead | None:
        """One commit, or None where there is none of that number."""
        if self._whole is not None:
            return self._whole.commit(number)
        if number not in self._known:
            self._known[number] = self._read(number) if number >= 0 else None
        return self._known[number]

    def let_go(self, numbers: Collection[Number]) -> None:
        """Keep these commits and their parents, and let the others go: where one is asked for, it is read. Where these
        are many, the graph of all is the smaller one."""
        whole = self._whole
        if whole is None or len(numbers) * _SMALLER > len(whole):
            return
        heads = {number: whole.commit(number) for number in numbers}
        for head in filter(None, heads.values()):
            self._known.update((parent, whole.commit(parent)) for parent in head.parents)
        self._known.update(heads)
        del whole
        self._whole, self._rows = None, bytearray
        kernel.trim()

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
        _, tree, time, _, *parents = memoryview(row).cast("q").tolist()
        return CommitHead(tree, tuple(parents), time)
