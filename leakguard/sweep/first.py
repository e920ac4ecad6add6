"""The first pass: every blob, commit and tag, pack by pack; packs that are remembered are not read again.

What reads a memory is imported where there is one: otherwise workers would wait for it.
"""

from __future__ import annotations

import contextlib
from array import array
from collections import Counter
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING

import msgspec
from isal import isal_zlib

from leakguard.collect import Collector
from leakguard.git import kernel
from leakguard.model import Held
from leakguard.sweep.memory import PackMemory, strip
from leakguard.sweep.worker import LOOSE, Texts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from leakguard.detect.detector import Detector
    from leakguard.git.objects import Objects
    from leakguard.model import Skipped
    from leakguard.pool import Pool
    from leakguard.sweep.memory import HeldRow, Memory
    from leakguard.sweep.revival import Reviver
    from leakguard.sweep.worker import Task

FOLDED = 512 << 10
"""Bytes of commit rows beyond which they are folded: few do not take the time."""


class Recalled(msgspec.Struct, frozen=True):
    """What is remembered of a pack: `collector` has what it holds, but for the rows that are only `counted`."""

    memory: PackMemory
    collector: Collector
    counted: list[HeldRow]


class CommitRows:
    """Rows of commits until the graph is made of them: where there are many, in a fifth of the room."""

    def __init__(self) -> None:
        self._size = 0
        self._folded: list[bytes] = []
        self._last = bytearray()

    def add(self, rows: bytes) -> None:
        """Some more of them."""
        self._size += len(rows)
        self._last += rows
        if len(self._last) > FOLDED:
            self._folded.append(isal_zlib.compress(self._last, 1))
            self._last = bytearray()

    def whole(self) -> bytearray:
        """All of them, in the order in which they came."""
        rows, at = bytearray(self._size), 0
        for part in chain(map(isal_zlib.decompress, self._folded), [self._last]):
            rows[at : at + len(part)] = part
            at += len(part)
        return rows


class FirstPass:
    """What the texts of an object database hold. `unsettled` are rows of commits, of which some name what is not
    there."""

    def __init__(self, objects: Objects, memory: Memory, detector: Detector) -> None:
        self.objects, self.memory, self.detector = objects, memory, detector
        self.collector = Collector()
        self.counts: Counter[str] = Counter()
        self.decoded = self.scanned = 0
        self.skipped: list[Skipped] = []
        self.unsettled: list[bytes] = []
        self._commits = CommitRows()
        self._tasks: list[Task] = []
        self._begun: Iterator[object] | None = None
        self._read: set[int] = set()
        self._recalled: dict[int, Recalled] = {}

    def recall(self) -> None:
        """Take what is remembered of packs."""
        for number, pack in enumerate(self.objects.packs):
            known = self.memory.read(self.memory.pack_key(pack), PackMemory)
            if known is not None and _is_whole(known, self.objects):
                self._recall(number, known)

    def _recall(self, number: int, known: PackMemory) -> None:
        from leakguard.sweep.revival import StaleError

        with contextlib.suppress(StaleError):
            self._recalled[number] = recalled(known, self.reviver)

    @cached_property
    def reviver(self) -> Reviver:
        """What reads remembered positions."""
        from leakguard.sweep.revival import Reviver

        return Reviver(self.objects, self.detector)

    def settled(self) -> bool:
        """Join what was recalled to what was read. False, with nothing joined, where a pack or the loose objects still
        have to be read: they are not remembered, or what was remembered is not what stands there."""
        if self.waiting():
            return False
        return not self._recalled or self._join()

    def _join(self) -> bool:
        from leakguard.sweep.counted import Counted
        from leakguard.sweep.revival import StaleError

        known = [self._recalled[number] for number in sorted(self._recalled)]
        try:
            Counted([item.counted for item in known], self.reviver, self.memory).join(self.collector)
        except StaleError:
            self._recalled.clear()
            return False
        for number, item in sorted(self._recalled.items()):
            memory = item.memory
            self.collector.merge(item.collector)
            self._add(memory.counts, memory.decoded, memory.scanned, memory.skipped)
            self._take_commits(_global_rows(memory, self.objects, number), number)
        return True

    def waiting(self) -> list[int]:
        """The packs, and LOOSE for the loose objects, that are neither read nor recalled."""
        numbers = [*range(len(self.objects.packs)), *([LOOSE] if self.objects.loose else [])]
        return [number for number in numbers if number not in self._read and number not in self._recalled]

    def begin(self, pool: Pool, tasks: Sequence[Task]) -> None:
        """Have other processes begin with those of the tasks that wait; this one takes part in `run`."""
        waiting = set(self.waiting())
        self._tasks = [task for task in tasks if task.pack in waiting]
        self._begun = pool.begin("read_texts", self._tasks)

    def run(self, pool: Pool, tasks: Sequence[Task], progress: Callable[[str, int, int], None]) -> None:
        """Do those of the tasks that wait, begun or not, and remember what they say of each pack."""
        if self._begun is None:
            self.begin(pool, tasks)
        assert self._begun is not None
        begun, self._begun, waiting = self._begun, None, self.waiting()
        fresh: dict[int, list[Texts]] = {}
        for done, out in enumerate(begun, 1):
            assert isinstance(out, Texts)
            if self.memory.folder is not None:
                fresh.setdefault(out.pack, []).append(out)
            self.collector.merge(out.collector)
            self._add(out.counts, out.decoded_bytes, out.scanned_bytes, out.skipped)
            self._take_commits(out.commits, out.pack)
            self.unsettled += [] if out.settled else [out.commits]
            progress("Scanning objects", done, len(self._tasks))
        self._read.update(waiting)
        if fresh:
            from leakguard.sweep.counted import remember_repeats

            kept = [self._remember(number, outs) for number, outs in sorted(fresh.items()) if number != LOOSE]
            remember_repeats([whole for whole in kept if whole is not None], self.reviver, self.memory)
            fresh.clear()
            kernel.trim()

    def _remember(self, number: int, outs: list[Texts]) -> Collector | None:
        """What the tasks say of one whole pack, if it can be remembered. Commits that lead nowhere may lead somewhere
        once more is fetched."""
        if not all(out.settled for out in outs):
            return None
        local = _Localiser(self.objects, number)
        commits = bytearray()
        whole = Collector()
        for out in outs:
            commits += local.rows(out.commits)
            out.commits = b""
            whole.merge(out.collector)
        stripped = strip(whole)
        if stripped is None:
            return None
        counts: Counter[str] = Counter()
        for out in outs:
            counts.update(out.counts)
        memory = PackMemory(
            *stripped,
            bytes(commits),
            list(local.foreign),
            dict(counts),
            sum(out.decoded_bytes for out in outs),
            sum(out.scanned_bytes for out in outs),
            [item for out in outs for item in out.skipped],
        )
        self.memory.write(self.memory.pack_key(self.objects.packs[number]), memory)
        return whole

    def _add(self, counts: dict[str, int], decoded: int, scanned: int, skipped: list[Skipped]) -> None:
        self.counts.update(counts)
        self.decoded += decoded
        self.scanned += scanned
        self.skipped.extend(skipped)

    def _take_commits(self, rows: bytes, number: int) -> None:
        """The commit rows of one pack, or of the loose objects; nothing comes before the first pack."""
        self._commits.add(_distinct(rows, self.objects) if number and self.objects.repeated else rows)

    def commits(self) -> bytearray:
        """Every commit's place in the graph, as `kernel.append_commit` says it. It is handed over, and not kept."""
        rows, self._commits = self._commits, CommitRows()
        return rows.whole()


def recalled(memory: PackMemory, reviver: Reviver) -> Recalled:
    """What the rows of a pack's memory stand for. StaleError where something else stands there now."""
    collector = Collector()
    counted: list[HeldRow] = []
    told: list[HeldRow] = []
    for row in memory.held:
        if row.reason == "encrypted":  # nothing is kept of it but that it is there
            held = Held(row.reason, row.rule, reviver.rule(row.rule)[1].name, "", None, row.spot.start, row.spot.end)
            collector.put_held(held, row.count, row.spot)
        else:
            (counted if reviver.is_counted(row) else told).append(row)
    for group, match in zip(memory.groups, reviver.groups(memory.groups), strict=True):
        collector.put(match, group.spots, group.seen)
    for row, held in zip(told, reviver.held(told), strict=True):
        collector.put_held(held, row.count, row.spot)
    return Recalled(memory, collector, counted)


class _Localiser:
    """Turns numbers of the whole database into numbers of one pack, and those of other packs into ids."""

    def __init__(self, objects: Objects, number: int) -> None:
        self.objects = objects
        self.base, self.count = objects.bases[number], objects.packs[number].count
        self.foreign: dict[bytes, int] = {}

    def rows(self, rows: bytes) -> bytes:
        """Commit rows as `PackMemory` keeps them."""
        values = memoryview(rows).cast("q").tolist()
        for place in chain.from_iterable(_rows(values)):
            local = values[place] - self.base
            values[place] = local if 0 <= local < self.count else self.other(values[place])
        return array("q", values).tobytes()

    def other(self, number: int) -> int:
        oid = bytes.fromhex(self.objects.oid(number))
        return -2 - self.foreign.setdefault(oid, len(self.foreign))


def _is_whole(memory: PackMemory, objects: Objects) -> bool:
    """Whether all that the commits of a pack lead to is still there: a pack that is gone may have held it."""
    return all(objects.table.find(oid) >= 0 for oid in memory.foreign)


def _global_rows(memory: PackMemory, objects: Objects, number: int) -> bytes:
    """The inverse, for the packs that are there now. As a pass over them would, it names each object by its first
    number."""
    base = objects.bases[number]
    if not base and not memory.foreign:
        return memory.commits
    foreign = [objects.table.find(oid) for oid in memory.foreign]
    values = memoryview(memory.commits).cast("q").tolist()
    for at, *others in _rows(values):
        values[at] += base
        for place in others:
            local = values[place]
            values[place] = objects.first(local + base) if local >= 0 else foreign[-2 - local]
    return array("q", values).tobytes()


def _distinct(rows: bytes, objects: Objects) -> bytes:
    """Commit rows without those of objects that have a lower number as well: what lies in two packs is one commit."""
    values = memoryview(rows).cast("q").tolist()
    kept = array("q")
    for at, _, *parents in _rows(values):
        if objects.first(values[at]) == values[at]:
            kept.extend(values[at : at + 4 + len(parents)])
    return kept.tobytes()


def commit_numbers(rows: bytes) -> list[int]:
    """The numbers of the commits that rows are about."""
    values = memoryview(rows).cast("q").tolist()
    return [values[at] for at, *_ in _rows(values)]


def _rows(values: list[int]) -> Iterator[list[int]]:
    """Where in commit rows the numbers of objects stand: a row's own first, then its tree's and its parents'."""
    at, total = 0, len(values)
    while at < total:
        stop = at + 4 + values[at + 3]
        yield [at, at + 1, *range(at + 4, stop)]
        at = stop
