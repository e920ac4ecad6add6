"""The first pass: every blob, commit and tag, pack by pack; packs that are remembered are not read again."""

from __future__ import annotations

from array import array
from collections import Counter
from typing import TYPE_CHECKING

from leakguard.collect import Collector
from leakguard.sweep.memory import PackMemory, revive, strip
from leakguard.sweep.worker import LOOSE, Texts, unpack_commits

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from leakguard.detect.detector import Detector
    from leakguard.git.history import CommitHead
    from leakguard.git.objects import Objects
    from leakguard.model import Skipped
    from leakguard.sweep.memory import Memory
    from leakguard.sweep.pool import Pool
    from leakguard.sweep.worker import Task


class FirstPass:
    """What the texts of an object database hold."""

    def __init__(self, objects: Objects, memory: Memory, detector: Detector) -> None:
        self.objects, self.memory, self.detector = objects, memory, detector
        self.collector = Collector()
        self.counts: Counter[str] = Counter()
        self.decoded = self.scanned = 0
        self.skipped: list[Skipped] = []
        self._rows: list[tuple[int, bytes]] = []
        self._remembered: set[int] = set()

    def recall(self) -> None:
        """Take what is remembered of packs."""
        for number, pack in enumerate(self.objects.packs):
            known = self.memory.read(self.memory.pack_key(pack), PackMemory)
            collector = revive(known, self.objects, self.detector) if known else None
            if known is None or collector is None:
                continue
            self._remembered.add(number)
            self.collector.merge(collector)
            self._add(known.counts, known.decoded, known.scanned, known.skipped)
            self._rows.append((self.objects.bases[number], known.commits))

    def tasks(self, tasks: Sequence[Task]) -> list[Task]:
        """Those of `tasks` that are still to be done."""
        return [task for task in tasks if task.pack not in self._remembered]

    def run(self, pool: Pool, tasks: Sequence[Task], progress: Callable[[str, int, int], None]) -> None:
        """Do the tasks, and remember what they say of each pack."""
        fresh: dict[int, list[Texts]] = {}
        for done, out in enumerate(pool.map("read_texts", tasks), 1):
            assert isinstance(out, Texts)
            fresh.setdefault(out.pack, []).append(out)
            self.collector.merge(out.collector)
            self._add(out.counts, out.decoded_bytes, out.scanned_bytes, out.skipped)
            self._rows.append((0, out.commits))
            progress("Scanning objects", done, len(tasks))
        for number, outs in sorted(fresh.items()):
            if number != LOOSE:
                self._remember(number, outs)

    def _remember(self, number: int, outs: list[Texts]) -> None:
        """Only a whole pack whose objects are all first copies, and whose commits lead nowhere else, is worth it."""
        base, count = self.objects.bases[number], self.objects.packs[number].count
        commits = [local_rows(out.commits, base, count) for out in outs]
        if not all(out.settled for out in outs) or None in commits:
            return
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
            b"".join(row for row in commits if row),
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
        return {number: head for base, rows in self._rows for number, head in unpack_commits(rows, base)}


def local_rows(rows: bytes, base: int, count: int) -> bytes | None:
    """Commit rows with numbers that count from the pack's first object; None where one leads out of the pack."""
    values = memoryview(rows).cast("q")
    out = list(values)
    at, total = 0, len(out)
    while at < total:
        parents = out[at + 3]
        for place in (at, at + 1, *range(at + 4, at + 4 + parents)):
            out[place] -= base
            if not 0 <= out[place] < count:
                return None
        at += 4 + parents
    return array("q", out).tobytes()
