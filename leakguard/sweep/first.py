"""The first pass: every blob, commit and tag, pack by pack; packs that are remembered are not read again."""

from __future__ import annotations

from array import array
from collections import Counter
from typing import TYPE_CHECKING

from leakguard.collect import Collector
from leakguard.git.history import unpack_commits
from leakguard.sweep.memory import PackMemory, revive, strip
from leakguard.sweep.worker import LOOSE, Texts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from leakguard.detect.detector import Detector
    from leakguard.git.history import CommitHead
    from leakguard.git.objects import Objects
    from leakguard.model import Skipped
    from leakguard.pool import Pool
    from leakguard.sweep.memory import Memory
    from leakguard.sweep.worker import Task


class FirstPass:
    """What the texts of an object database hold."""

    def __init__(self, objects: Objects, memory: Memory, detector: Detector) -> None:
        self.objects, self.memory, self.detector = objects, memory, detector
        self.collector = Collector()
        self.counts: Counter[str] = Counter()
        self.decoded = self.scanned = 0
        self.skipped: list[Skipped] = []
        self._rows: list[bytes] = []
        self._remembered: set[int] = set()

    def recall(self) -> None:
        """Take what is remembered of packs."""
        for number, pack in enumerate(self.objects.packs):
            known = self.memory.read(self.memory.pack_key(pack), PackMemory)
            collector = revive(known, self.objects, self.detector) if known else None
            if known is None or collector is None or not _is_whole(known, self.objects):
                continue
            self._remembered.add(number)
            self.collector.merge(collector)
            self._add(known.counts, known.decoded, known.scanned, known.skipped)
            self._rows.append(_global_rows(known, self.objects, number))

    def waiting(self) -> list[int]:
        """The packs, and LOOSE for the loose objects, that are not remembered."""
        packs = [number for number in range(len(self.objects.packs)) if number not in self._remembered]
        return [*packs, LOOSE] if self.objects.loose else packs

    def run(self, pool: Pool, tasks: Sequence[Task], progress: Callable[[str, int, int], None]) -> None:
        """Do the tasks, and remember what they say of each pack."""
        fresh: dict[int, list[Texts]] = {}
        for done, out in enumerate(pool.map("read_texts", tasks), 1):
            assert isinstance(out, Texts)
            fresh.setdefault(out.pack, []).append(out)
            self.collector.merge(out.collector)
            self._add(out.counts, out.decoded_bytes, out.scanned_bytes, out.skipped)
            self._rows.append(out.commits)
            progress("Scanning objects", done, len(tasks))
        for number, outs in sorted(fresh.items()):
            if number != LOOSE:
                self._remember(number, outs)

    def _remember(self, number: int, outs: list[Texts]) -> None:
        """What the tasks say of one whole pack. Commits that lead nowhere may lead somewhere once more is fetched."""
        if self.memory.folder is None or not all(out.settled for out in outs):
            return
        local = _Localiser(self.objects, number)
        commits = b"".join(local.rows(out.commits) for out in outs)
        whole = Collector()
        for out in outs:
            whole.merge(out.collector)
        stripped = strip(whole)
        if stripped is None:
            return
        counts: Counter[str] = Counter()
        for out in outs:
            counts.update(out.counts)
        memory = PackMemory(
            *stripped,
            commits,
            list(local.foreign),
            dict(counts),
            sum(out.decoded_bytes for out in outs),
            sum(out.scanned_bytes for out in outs),
            [item for out in outs for item in out.skipped],
        )
        self.memory.write(self.memory.pack_key(self.objects.packs[number]), memory)

    def _add(self, counts: dict[str, int], decoded: int, scanned: int, skipped: list[Skipped]) -> None:
        self.counts.update(counts)
        self.decoded += decoded
        self.scanned += scanned
        self.skipped.extend(skipped)

    def commits(self) -> dict[int, CommitHead]:
        """Every commit's place in the graph."""
        first = self.objects.first
        return {first(number): head for rows in self._rows for number, head in unpack_commits(rows)}


class _Localiser:
    """Turns numbers of the whole database into numbers of one pack, and those of other packs into ids."""

    def __init__(self, objects: Objects, number: int) -> None:
        self.objects = objects
        self.base, self.count = objects.bases[number], objects.packs[number].count
        self.foreign: dict[bytes, int] = {}

    def rows(self, rows: bytes) -> bytes:
        """Commit rows as `PackMemory` keeps them."""
        values = memoryview(rows).cast("q").tolist()
        for place in _places(values):
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
    """The inverse, for the packs that are there now. Where an object lies more than once, its first number stands for
    all."""
    base = objects.bases[number]
    if not base and not memory.foreign:
        return memory.commits
    foreign = [objects.table.find(oid) for oid in memory.foreign]
    values = memoryview(memory.commits).cast("q").tolist()
    for place in _places(values):
        local = values[place]
        values[place] = objects.first(local + base) if local >= 0 else foreign[-2 - local]
    return array("q", values).tobytes()


def _places(values: list[int]) -> Iterator[int]:
    """Where in commit rows the numbers of objects stand."""
    at, total = 0, len(values)
    while at < total:
        parents = values[at + 3]
        yield at
        yield at + 1
        yield from range(at + 4, at + 4 + parents)
        at += 4 + parents
