"""What one worker does with a span of the object database: texts in the first pass, trees in the second."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from leakguard.collect import Collector
from leakguard.config import MAX_BLOB_SIZE
from leakguard.detect.decoders import decode, may_decode
from leakguard.detect.incremental import ends_of, scan_edit, scan_whole
from leakguard.excerpt import masked
from leakguard.git import kernel
from leakguard.git.packs import BLOB, COMMIT, KINDS, TAG, TREE, Failure
from leakguard.model import ANCHOR_WIDTH, Skipped
from leakguard.sweep.members import Members

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from leakguard.detect.detector import Detector
    from leakguard.detect.incremental import State
    from leakguard.git.objects import Objects
    from leakguard.sweep import ending

MIN_NAME = 12
"""File names shorter than this hold no secret that could be told from a word."""

TEXT_KINDS = (COMMIT, BLOB, TAG)
"""What the first pass reads; trees are for the second."""

MOST_ABSENT = 1000
"""Of more objects that are not there a task does not tell: in a partial clone there may be millions."""

GATHERED = 1 << 18
"""Bytes of commits and tags that are scanned together."""

LOOSE = -1
"""In a task: the span counts loose objects instead of places in a pack's order."""


Met = tuple[int, int, int]
"""An object that a walk tells: number, kind, depth in the chain."""


class Task(msgspec.Struct, frozen=True):
    """A span of work: of the walk order of pack number `pack`, or of the loose objects."""

    pack: int
    begin: int
    end: int


class Texts(msgspec.Struct):
    """What one task of the first pass found. `settled`: every tree and parent that its commits name is there."""

    pack: int
    collector: Collector
    commits: bytes
    counts: Counter[str]
    decoded_bytes: int = 0
    scanned_bytes: int = 0
    skipped: list[Skipped] = []
    settled: bool = True


class Trees(msgspec.Struct):
    """What one task of the second pass found: edges and holders as `kernel.TreeReader.take` gives them, trees with
    entries of a wanted name, and names with secrets in them. `missing` counts entries whose object is not there,
    `absent` are the ids of these."""

    edges: bytes = b""
    holders: bytes = b""
    named: list[tuple[int, list[bytes]]] = []
    names: set[bytes] = set()
    tree_count: int = 0
    missing: int = 0
    absent: set[bytes] = set()
    skipped: list[Skipped] = []


class Worker:
    """Scans spans of an object database. Lives in its own process, or alone in the main one."""

    def __init__(self, objects: Objects, detector: Detector, limit: int) -> None:
        self.objects = objects
        self.detector = detector
        self.limit = limit
        self.chain = kernel.Chain(limit, ANCHOR_WIDTH)
        self.members = Members()
        self._blobs: tuple[bytes, kernel.OidTable] | None = None
        self._lost: set[int] = set()
        self._walked = 0

    def read_texts(self, task: Task) -> Texts:
        """First pass: blobs, commits and tags of a span."""
        return _TextRun(self, task).run()

    def read_trees(self, task: Task, blobs: bytes, names: frozenset[bytes]) -> Trees:
        """Second pass: the trees of a span. `blobs` are the concatenated ids of blobs of interest; `names` are file
        names of interest, once they are known."""
        if self._blobs is None or self._blobs[0] != blobs:
            self._blobs = (blobs, kernel.OidTable(blobs, self.objects.hash_size))
            self.chain = kernel.Chain(self.limit, ANCHOR_WIDTH)  # the lines that texts had are let go of
        return _TreeRun(self, task, self._blobs[1], names).run()

    def end(self, task: ending.Task, masked: bool) -> ending.Quoted | ending.Made:
        """What stands at some spots of objects, masked or not, or slow fingerprints."""
        from leakguard.sweep import ending
        from leakguard.sweep.quotes import Quotes

        return ending.do(task, Quotes(self.objects, self.detector if masked else None, {}))

    def walk(
        self, task: Task, reader: kernel.TextReader | kernel.TreeReader
    ) -> Iterator[tuple[Met | Failure, str | None]]:
        """The objects of a span that somebody has to look at, and what is wrong with those that are malformed. A loose
        one is a failure of the walk: it has to be read alone."""
        objects = self.objects
        if task.pack == LOOSE:
            for at in range(task.begin, task.end):
                yield Failure(objects.loose_base + at, 0, "is loose"), None
            return
        if task.pack != self._walked:
            objects.packs[self._walked].release()
            self._walked = task.pack
        walk = objects.packs[task.pack].walk(task.begin, task.end, reader, self.limit, objects.bases[task.pack])
        for met in walk:
            number, kind, depth = met
            if depth < 0:
                yield Failure(number, kind, walk.problem or ""), None
            else:
                yield met, walk.problem

    def read_alone(self, failure: Failure) -> tuple[int, bytes] | Failure:
        """Kind and content of an object that is not in a pack, or that its pack did not give: libgit2 looks for it, it
        may be whole elsewhere."""
        if failure.kind == BLOB and "over the limit" in failure.reason:
            return failure
        if self._is_built_on_what_is_lost(failure.number):
            self._lost.add(failure.number)
            return failure
        oid = self.objects.oid(failure.number)
        try:
            kind, size = self.objects.header(oid)
            limit = self.limit if kind == BLOB else max(self.limit, MAX_BLOB_SIZE)
            if size <= limit:
                return self.objects.read_elsewhere(oid)
            own = Failure(failure.number, kind, f"is {size} bytes, over the limit of {limit}")
        except KeyError:
            own = Failure(failure.number, 0, "is missing")
        except ValueError as problem:
            own = Failure(failure.number, 0, str(problem))
        self._lost.add(failure.number)
        return own if failure.number >= self.objects.loose_base else failure

    def _is_built_on_what_is_lost(self, number: int) -> bool:
        """Whether libgit2 was asked for an object's base in vain already. To ask for each of a long chain would take it
        to the chain's beginning as often."""
        pack, local = self.objects.place(number)
        if pack is None:
            return False
        base = pack.parents[local]
        return base >= 0 and number - local + base in self._lost and not self.objects.is_elsewhere(number)


class _TextRun:
    """One task of the first pass."""

    def __init__(self, worker: Worker, task: Task) -> None:
        self.worker, self.task = worker, task
        self.detector = worker.detector
        self.chain = worker.chain
        self.reader = kernel.TextReader(worker.chain, worker.objects.table, GATHERED, self.detector.scanner.hits)
        self.out = Texts(task.pack, Collector(), b"", Counter())

    def run(self) -> Texts:
        out, reader = self.out, self.reader
        for met, problem in self.worker.walk(self.task, reader):
            if isinstance(met, Failure):
                self.take_alone(met)
                continue
            number, kind, depth = met
            if problem is not None:
                self.skip(number, kind, problem)
            elif kind == BLOB:
                self.take_blob(number, depth)
            else:
                self.scan_messages()
        self.scan_messages()
        read = {COMMIT: reader.commits, BLOB: reader.blobs, TAG: reader.tags}
        out.counts.update({KINDS[kind]: count for kind, count in read.items() if count})
        out.commits, out.settled = reader.take_commits(), reader.settled
        out.decoded_bytes += reader.decoded
        out.scanned_bytes += reader.scanned
        return out

    def skip(self, number: int, kind: int, reason: str) -> None:
        label = f"{KINDS.get(kind, 'object')} {self.worker.objects.oid(number)}"
        self.out.skipped.append(Skipped(label, reason))

    def take_alone(self, failure: Failure) -> None:
        """What the walk could not give."""
        read = self.worker.read_alone(failure)
        if isinstance(read, Failure):
            if read.kind != TREE:
                self.skip(read.number, read.kind, read.reason)
            return
        kind, content = read
        if self.task.pack != LOOSE:
            self.out.counts["read by libgit2"] += 1
        if kind == BLOB:
            self.settle(failure.number, lambda: content, scan_whole(self.detector, content))
            self.out.counts[KINDS[BLOB]] += 1
            self.out.decoded_bytes += len(content)
            self.out.scanned_bytes += len(content)
            self.take_decoded(failure.number, content)
        elif kind != TREE:
            try:
                self.reader.add(kind, failure.number, content)
            except kernel.KernelError as problem:
                self.skip(failure.number, kind, str(problem))

    def take_blob(self, number: int, depth: int) -> None:
        """A blob in which there is something. What is found in it is kept for those that are made of it."""
        chain, hits, base = self.chain, self.reader.hits, self.chain.base_kept
        if hits or base:
            read = partial(chain.content, depth)
            clean, windows = chain.rows()
            inherited = kernel.inherited(clean, ends_of(base)) if base else b""
            state = scan_edit(self.detector, base or [], read, inherited, windows, hits or [])
            if state:
                chain.keep(state)
                self.settle(number, read, state)
        if chain.unusual:
            self.take_decoded(number, chain.content(depth))

    def settle(self, number: int, read: Callable[[], bytes], state: State) -> None:
        """The matches among a blob's candidates; `read` gives its content."""
        alone, others = self.detector.part(state)
        if not alone and not others:
            return
        oid, collector = self.worker.objects.oid(number), self.out.collector
        if alone:
            collector.hold(alone, self.detector.rules, oid)
        if others:
            collector.add(self.detector.resolve(read(), others), oid)

    def take_decoded(self, number: int, content: bytes) -> None:
        """The texts that a blob in another encoding, or an archive, unfolds to."""
        if not may_decode(content):
            return
        oid, members = self.worker.objects.oid(number), self.worker.members
        for inner in decode(content, members):
            if inner.problem:
                label = masked(inner.label.encode("utf-8", "surrogateescape"), self.detector)
                self.out.skipped.append(Skipped(f"blob {oid}{label}", inner.problem))
                continue
            self.out.scanned_bytes += inner.size
            found = members.look(inner, self.detector.detect)
            if found:
                self.out.collector.add(found, oid, inner.label or "decoded")

    def scan_messages(self) -> None:
        """Anchors over all gathered texts at once; the few that were hit are looked at one by one. An anchor lies in
        one line, so none can be made or lost by the newline between two texts."""
        texts, rows = self.reader.take_messages()
        hits = self.detector.scanner.hits(texts)
        if not hits:
            return
        values = memoryview(rows).cast("q").tolist()
        numbers, kinds, ends = values[::3], values[1::3], values[2::3]
        for at in sorted({bisect_left(ends, end) for end, _ in hits}):
            content = texts[ends[at - 1] if at else 0 : ends[at] - 1]
            found = self.detector.detect(content)
            if found:
                self.out.collector.add(found, self.worker.objects.oid(numbers[at]), KINDS[kinds[at]])


class _TreeRun:
    """One task of the second pass."""

    def __init__(self, worker: Worker, task: Task, blobs: kernel.OidTable, names: frozenset[bytes]) -> None:
        self.worker, self.task, self.names = worker, task, names
        self.chain, self.alone = worker.chain, kernel.Chain(worker.limit, ANCHOR_WIDTH)
        table = worker.objects.table
        self.reader, self.lone_reader = (
            kernel.TreeReader(chain, table, blobs, names or None, MIN_NAME, worker.objects.may_lack and not names)
            for chain in (self.chain, self.alone)
        )
        self.out = Trees()
        self.parts: list[tuple[bytes, ...]] = []

    def run(self) -> Trees:
        out = self.out
        for met, problem in self.worker.walk(self.task, self.reader):
            if isinstance(met, Failure):
                self.take_alone(met)
                continue
            number, _, depth = met
            if problem is not None:
                self.skip(number, problem)
            elif not self.take_named(self.chain, number, depth):
                self.empty()
        self.empty()
        out.tree_count += self.reader.count
        out.missing = self.reader.missing + self.lone_reader.missing
        out.edges, out.holders = map(b"".join, zip(*self.parts, strict=True))
        return out

    def take_alone(self, failure: Failure) -> None:
        """What the walk could not give."""
        read = self.worker.read_alone(failure)
        if isinstance(read, Failure):
            if failure.kind == TREE:
                self.skip(failure.number, failure.reason)
            return
        kind, content = read
        if kind != TREE:
            return
        objects = self.worker.objects
        self.out.tree_count += 1
        self.alone.root(content)
        try:
            if self.lone_reader.read(0, objects.find(objects.oid(failure.number))):
                self.take_named(self.alone, failure.number, 0)
        except kernel.KernelError as problem:
            self.skip(failure.number, str(problem))

    def skip(self, number: int, reason: str) -> None:
        self.out.skipped.append(Skipped(f"tree {self.worker.objects.oid(number)}", reason))

    def take_named(self, chain: kernel.Chain, number: int, depth: int) -> bool:
        """The names in a tree that are asked for; whether there are any."""
        if not self.names:
            return False
        objects = self.worker.objects
        entries = kernel.parse_tree(chain.content(depth), objects.hash_size)
        names = [name for _, name, _ in entries if name in self.names]
        if names:
            self.out.named.append((objects.find(objects.oid(number)), names))
        return bool(names)

    def empty(self) -> None:
        """Take what the readers gathered, so that it does not grow without end."""
        for reader in (self.reader, self.lone_reader):
            *arrays, lines, absent = reader.take()
            self.parts.append(tuple(arrays))
            self.scan_names(lines)
            if absent and len(self.out.absent) < MOST_ABSENT:
                size = self.worker.objects.hash_size
                self.out.absent.update(absent[at : at + size] for at in range(0, len(absent), size))

    def scan_names(self, lines: bytes) -> None:
        """Anchors over all gathered names at once; the few lines that were hit are looked at one by one."""
        for end, _ in self.worker.detector.scanner.hits(lines):
            start = lines.rfind(b"\n", 0, end) + 1
            stop = lines.find(b"\n", end)
            name = lines[start:stop].replace(b"\0", b"\n")
            if name not in self.out.names and self.worker.detector.detect(name):
                self.out.names.add(name)


def plan(objects: Objects, budget: int) -> list[Task]:
    """The tasks that cover all objects: spans of about `budget` packed bytes, the heaviest first, so that no worker is
    left with one at the end; and spans of loose objects."""
    spans = [
        (weight, Task(number, begin, end))
        for number, pack in enumerate(objects.packs)
        for begin, end, weight in pack.families(budget)
    ]
    tasks = [task for _, task in sorted(spans, key=lambda span: -span[0])]
    step = 2000
    tasks.extend(Task(LOOSE, at, min(at + step, len(objects.loose))) for at in range(0, len(objects.loose), step))
    return tasks
