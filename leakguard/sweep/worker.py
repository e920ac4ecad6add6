"""What one worker does with a span of the object database: texts in the first pass, trees in the second."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from itertools import accumulate
from typing import TYPE_CHECKING

import msgspec

from leakguard.collect import Collector
from leakguard.detect.decoders import decode, may_decode
from leakguard.detect.detector import Detector
from leakguard.detect.incremental import scan_edit, scan_whole
from leakguard.git import kernel
from leakguard.git.packs import BLOB, COMMIT, KINDS, TAG, TREE, Failure
from leakguard.model import ANCHOR_WIDTH, Skipped

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from leakguard.detect.incremental import State
    from leakguard.detect.ruleset import RuleSet
    from leakguard.git.objects import Objects
    from leakguard.git.packs import Step

MIN_NAME = 12
"""File names shorter than this hold no secret that could be told from a word."""

TEXT_KINDS = (COMMIT, BLOB, TAG)
"""What the first pass reads; trees are for the second."""

GATHERED = 1 << 18
"""Bytes of commits and tags that are scanned together."""

TREES_AT_ONCE = 10_000
"""How many trees are read before what they named is taken in."""

LOOSE = -1
"""In a task: the span counts loose objects instead of places in a pack's order."""


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
    """What one task of the second pass found: int32 arrays as `kernel.TreeReader.take` gives them, trees with entries
    of a wanted name, and names with secrets in them. `missing`: subtrees that are not there."""

    trees: bytes = b""
    counts: bytes = b""
    edges: bytes = b""
    holders: bytes = b""
    named: list[tuple[int, list[bytes]]] = []
    names: set[bytes] = set()
    tree_count: int = 0
    missing: int = 0
    skipped: list[Skipped] = []


class Worker:
    """Scans spans of an object database. Lives in its own process, or alone in the main one."""

    def __init__(self, objects: Objects, rules: RuleSet, limit: int, active: frozenset[int] | None = None) -> None:
        self.objects = objects
        self.detector = Detector(rules, active)
        self.limit = limit
        self.chain = kernel.Chain(limit, ANCHOR_WIDTH)
        self._blobs: tuple[bytes, kernel.OidTable] | None = None

    def read_texts(self, task: Task) -> Texts:
        """First pass: blobs, commits and tags of a span."""
        return _TextRun(self, task).run()

    def read_trees(self, task: Task, blobs: bytes, names: frozenset[bytes]) -> Trees:
        """Second pass: the trees of a span. `blobs` are the concatenated ids of blobs of interest; `names` are file
        names of interest, once they are known."""
        if self._blobs is None or self._blobs[0] != blobs:
            self._blobs = (blobs, kernel.OidTable(blobs, self.objects.hash_size))
        return _TreeRun(self, task, self._blobs[1], names).run()

    def steps(self, task: Task, kinds: Collection[int], chain: kernel.Chain) -> Iterator[Step | Failure]:
        """The objects of some kinds in a span. A loose one is a failure of the walk: it has to be read alone."""
        objects = self.objects
        if task.pack != LOOSE:
            pack, base = objects.packs[task.pack], objects.bases[task.pack]
            return pack.walk(task.begin, task.end, kinds, chain, self.limit, base)
        return (Failure(objects.loose_base + at, 0, "is loose") for at in range(task.begin, task.end))

    def read_alone(self, failure: Failure) -> tuple[int, bytes] | Failure:
        """Kind and content of an object that is not in a pack, or that its pack did not give: libgit2 looks for it, it
        may be whole elsewhere."""
        if "over the limit" in failure.reason:
            return failure
        oid = self.objects.oid(failure.number)
        try:
            kind, size = self.objects.header(oid)
            if kind != BLOB or size <= self.limit:
                return self.objects.read(oid)
            own = Failure(failure.number, kind, f"is {size} bytes, over the limit of {self.limit}")
        except KeyError:
            own = Failure(failure.number, 0, "is missing")
        except ValueError as problem:
            own = Failure(failure.number, 0, str(problem))
        return own if failure.number >= self.objects.loose_base else failure


class _TextRun:
    """One task of the first pass."""

    def __init__(self, worker: Worker, task: Task) -> None:
        self.worker, self.task = worker, task
        self.detector = worker.detector
        self.chain = worker.chain
        self.out = Texts(task.pack, Collector(), b"", Counter())
        self.commits = bytearray()
        self.states: dict[int, State] = {}
        self.messages: list[tuple[int, bytes, str]] = []
        self.message_bytes = 0

    def run(self) -> Texts:
        out, chain = self.out, self.chain
        met = dict.fromkeys(TEXT_KINDS, 0)
        for step in self.worker.steps(self.task, TEXT_KINDS, chain):
            if isinstance(step, Failure):
                self.take_alone(step, met)
                continue
            number, kind, depth = step
            if kind == BLOB:
                self.take_blob(number, depth)
            else:
                self.take_message(kind, number, chain.content(depth))
            met[kind] += 1
            out.decoded_bytes += chain.size
        self.scan_messages()
        out.counts.update({KINDS[kind]: count for kind, count in met.items() if count})
        out.commits = bytes(self.commits)
        return out

    def take_alone(self, failure: Failure, met: dict[int, int]) -> None:
        """What the walk could not give."""
        read = self.worker.read_alone(failure)
        if isinstance(read, Failure):
            if read.kind != TREE:
                label = f"{KINDS.get(read.kind, 'object')} {self.worker.objects.oid(read.number)}"
                self.out.skipped.append(Skipped(label, read.reason))
            return
        kind, content = read
        if self.task.pack != LOOSE:
            self.out.counts["read by libgit2"] += 1
        if kind not in met:
            return
        if kind == BLOB:
            self.settle(failure.number, content, scan_whole(self.detector, content))
            self.out.scanned_bytes += len(content)
            self.take_decoded(failure.number, content)
        else:
            self.take_message(kind, failure.number, content)
        met[kind] += 1
        self.out.decoded_bytes += len(content)

    def take_blob(self, number: int, depth: int) -> None:
        chain, states = self.chain, self.states
        if depth:
            gathered = chain.dirty()
            hits = self.detector.scanner.hits(gathered)
            base = states.get(depth - 1)
            self.out.scanned_bytes += chain.dirty_size
            if hits or base:
                clean, windows = chain.rows()
                content = chain.content(depth)
                states[depth] = scan_edit(self.detector, base or [], content, clean, windows, hits)
                self.settle(number, content, states[depth])
            else:
                states.pop(depth, None)
        else:
            content = chain.content(0)
            states[0] = scan_whole(self.detector, content)
            self.out.scanned_bytes += len(content)
            self.settle(number, content, states[0])
        if chain.unusual:
            self.take_decoded(number, chain.content(depth))

    def settle(self, number: int, content: bytes, state: State) -> None:
        """The matches among a blob's candidates."""
        confirmed = [(entry.end, entry.rule, entry.found) for entry in state if entry.found is not None]
        if confirmed:
            found = self.detector.resolve(content, confirmed)
            if found:
                self.out.collector.add(found, self.worker.objects.oid(number))

    def take_decoded(self, number: int, content: bytes) -> None:
        """The texts that a blob in another encoding, or an archive, unfolds to."""
        if not may_decode(content):
            return
        oid = self.worker.objects.oid(number)
        for inner in decode(content):
            if inner.problem:
                self.out.skipped.append(Skipped(f"blob {oid}{inner.label}", inner.problem))
                continue
            self.out.scanned_bytes += len(inner.data)
            found = self.detector.detect(inner.data)
            if found:
                self.out.collector.add(found, oid, inner.label or "decoded")

    def take_message(self, kind: int, number: int, content: bytes) -> None:
        """A commit or a tag: its place in the graph now, its text together with that of others."""
        if kind == COMMIT:
            try:
                settled = kernel.append_commit(content, number, self.worker.objects.table, self.commits)
                self.out.settled = self.out.settled and settled
            except kernel.KernelError as problem:
                self.out.skipped.append(Skipped(f"commit {self.worker.objects.oid(number)}", str(problem)))
        self.messages.append((number, content, KINDS[kind]))
        self.message_bytes += len(content)
        if self.message_bytes > GATHERED:
            self.scan_messages()

    def scan_messages(self) -> None:
        """Anchors over all gathered texts at once; the few that were hit are looked at one by one. An anchor lies in
        one line, so none can be made or lost by the newline between two texts."""
        messages = self.messages
        ends = list(accumulate(len(content) + 1 for _, content, _ in messages))
        hits = self.detector.scanner.hits(b"\n".join([content for _, content, _ in messages]))
        for at in sorted({bisect_left(ends, end + 1) for end, _ in hits}):
            number, content, label = messages[at]
            found = self.detector.detect(content)
            if found:
                self.out.collector.add(found, self.worker.objects.oid(number), label)
        self.out.scanned_bytes += self.message_bytes
        self.messages, self.message_bytes = [], 0


class _TreeRun:
    """One task of the second pass."""

    def __init__(self, worker: Worker, task: Task, blobs: kernel.OidTable, names: frozenset[bytes]) -> None:
        self.worker, self.task, self.names = worker, task, names
        self.chain, self.alone = worker.chain, kernel.Chain(worker.limit, ANCHOR_WIDTH)
        table = worker.objects.table
        self.reader, self.lone_reader = (
            kernel.TreeReader(chain, table, blobs, names or None, MIN_NAME) for chain in (self.chain, self.alone)
        )
        self.out = Trees()
        self.parts: list[tuple[bytes, ...]] = []

    def run(self) -> Trees:
        out = self.out
        for step in self.worker.steps(self.task, (TREE,), self.chain):
            if isinstance(step, Failure):
                self.take_alone(step)
            else:
                number, _, depth = step
                self.take(self.chain, self.reader, depth, number)
            if not out.tree_count % TREES_AT_ONCE:
                self.empty()
        self.empty()
        out.missing = self.reader.missing + self.lone_reader.missing
        out.trees, out.counts, out.edges, out.holders = map(b"".join, zip(*self.parts, strict=True))
        return out

    def take_alone(self, failure: Failure) -> None:
        """What the walk could not give."""
        read = self.worker.read_alone(failure)
        if isinstance(read, Failure):
            if failure.kind == TREE:
                self.out.skipped.append(Skipped(f"tree {self.worker.objects.oid(failure.number)}", failure.reason))
            return
        kind, content = read
        if kind == TREE:
            self.alone.root(content)
            self.take(self.alone, self.lone_reader, 0, failure.number)

    def take(self, chain: kernel.Chain, reader: kernel.TreeReader, depth: int, number: int) -> None:
        objects = self.worker.objects
        first = objects.find(objects.oid(number)) if objects.repeated else number
        self.out.tree_count += 1
        try:
            named = reader.read(depth, first)
        except kernel.KernelError as problem:
            self.out.skipped.append(Skipped(f"tree {objects.oid(first)}", str(problem)))
            return
        if named:
            entries = kernel.parse_tree(chain.content(depth), objects.hash_size)
            self.out.named.append((first, [name for _, name, _ in entries if name in self.names]))

    def empty(self) -> None:
        """Take what the readers gathered, so that it does not grow without end."""
        for reader in (self.reader, self.lone_reader):
            *arrays, lines = reader.take()
            self.parts.append(tuple(arrays))
            self.scan_names(lines)

    def scan_names(self, lines: bytes) -> None:
        """Anchors over all gathered names at once; the few lines that were hit are looked at one by one."""
        for end, _ in self.worker.detector.scanner.hits(lines):
            start = lines.rfind(b"\n", 0, end) + 1
            stop = lines.find(b"\n", end)
            name = lines[start:stop]
            if name not in self.out.names and self.worker.detector.detect(name):
                self.out.names.add(name)


def plan(objects: Objects, budget: int) -> list[Task]:
    """The tasks that cover all objects: spans of about `budget` packed bytes, and of loose objects."""
    tasks = [
        Task(number, begin, end) for number, pack in enumerate(objects.packs) for begin, end in pack.families(budget)
    ]
    step = 2000
    tasks.extend(Task(LOOSE, at, min(at + step, len(objects.loose))) for at in range(0, len(objects.loose), step))
    return tasks
