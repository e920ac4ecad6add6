"""What one worker does with a span of the object database: texts in the first pass, trees in the second."""

from __future__ import annotations

from array import array
from collections import Counter
from typing import TYPE_CHECKING

import msgspec

from leakguard.collect import Collector
from leakguard.detect.decoders import decode, may_decode
from leakguard.detect.detector import Detector
from leakguard.detect.incremental import scan_edit, scan_whole
from leakguard.git import kernel
from leakguard.git.history import CommitHead, parse_commit_head
from leakguard.git.packs import BLOB, COMMIT, KINDS, TAG, TREE, Failure, Visit
from leakguard.model import Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from leakguard.detect.incremental import State
    from leakguard.detect.ruleset import RuleSet
    from leakguard.git.objects import Objects

MIN_NAME = 12
"""File names shorter than this hold no secret that could be told from a word."""

TEXT_KINDS = (COMMIT, BLOB, TAG)
"""What the first pass reads; trees are for the second."""

LOOSE = -1
"""In a task: the span counts loose objects instead of places in a pack's order."""


class Task(msgspec.Struct, frozen=True):
    """A span of work: of the walk order of pack number `pack`, or of the loose objects."""

    pack: int
    begin: int
    end: int


class Texts(msgspec.Struct):
    """What one task of the first pass found."""

    collector: Collector
    commits: bytes
    counts: Counter[str]
    decoded_bytes: int = 0
    scanned_bytes: int = 0
    skipped: list[Skipped] = []


class Trees(msgspec.Struct):
    """What one task of the second pass found: edges and holders as int32 arrays, and names with secrets in them."""

    trees: bytes = b""
    counts: bytes = b""
    edges: bytes = b""
    holders: list[tuple[int, bytes]] = []
    named: list[tuple[int, list[bytes]]] = []
    names: set[bytes] = set()
    tree_count: int = 0
    skipped: list[Skipped] = []


class Worker:
    """Scans spans of an object database. Lives in its own process, or alone in the main one."""

    def __init__(self, objects: Objects, rules: RuleSet, limit: int, active: frozenset[int] | None = None) -> None:
        self.objects = objects
        self.detector = Detector(rules, active)
        self.limit = limit
        self._blobs: tuple[bytes, kernel.OidTable] | None = None

    def read_texts(self, task: Task) -> Texts:
        """First pass: blobs, commits and tags of a span."""
        return _TextRun(self).run(task)

    def read_trees(self, task: Task, blobs: bytes, names: frozenset[bytes]) -> Trees:
        """Second pass: the trees of a span. `blobs` are the concatenated ids of blobs of interest; `names` are file names
        of interest, once they are known."""
        if self._blobs is None or self._blobs[0] != blobs:
            self._blobs = (blobs, kernel.OidTable(blobs, self.objects.hash_size))
        return _TreeRun(self, self._blobs[1], names).run(task)

    def visits(self, task: Task, kinds: tuple[int, ...]) -> Iterator[tuple[str, Visit | Failure]]:
        """The objects of some kinds in a span, each with its id."""
        objects = self.objects
        if task.pack != LOOSE:
            pack = objects.packs[task.pack]
            for visit in pack.walk(task.begin, task.end, kinds, self.limit):
                yield pack.oid(visit.number), visit
            return
        for at in range(task.begin, task.end):
            oid = objects.loose[at]
            yield oid, self.read_alone(oid, objects.loose_base + at, self.limit)

    def read_alone(self, oid: str, number: int, limit: int) -> Visit | Failure:
        """One object through libgit2."""
        try:
            kind, size = self.objects.header(oid)
            if kind == BLOB and size > limit:
                return Failure(number, kind, f"is {size} bytes, over the limit of {limit}")
            kind, content = self.objects.read(oid)
        except KeyError:
            return Failure(number, 0, "is missing")
        except ValueError as problem:
            return Failure(number, 0, str(problem))
        return Visit(number, kind, 0, content)

    def number(self, task: Task, oid: str, visit: Visit) -> tuple[int, bool]:
        """The object's number in all of `objects`, and whether this is the first place where it is stored."""
        objects = self.objects
        own = visit.number if task.pack == LOOSE else visit.number + objects.bases[task.pack]
        if not objects.repeated:
            return own, True
        first = objects.find(oid)
        return first, first == own


class _TextRun:
    """One task of the first pass."""

    def __init__(self, worker: Worker) -> None:
        self.worker = worker
        self.detector = worker.detector
        self.out = Texts(Collector(), b"", Counter())
        self.commits = array("q")
        self.states: dict[int, State] = {}

    def run(self, task: Task) -> Texts:
        for oid, visit in self.worker.visits(task, TEXT_KINDS):
            if isinstance(visit, Failure):
                retried = self.retry(oid, visit, task)
                if retried is None:
                    continue
                visit = retried
            self.take(task, oid, visit)
        self.out.commits = self.commits.tobytes()
        return self.out

    def retry(self, oid: str, failure: Failure, task: Task) -> Visit | None:
        """An object that its pack did not give may be whole elsewhere: libgit2 looks for it."""
        found: Visit | Failure = failure
        if task.pack != LOOSE and "over the limit" not in failure.reason:
            found = self.worker.read_alone(oid, failure.number, self.worker.limit)
        if isinstance(found, Failure):
            if failure.kind != TREE:
                label = f"{KINDS.get(failure.kind, 'object')} {oid}"
                self.out.skipped.append(Skipped(label, failure.reason))
            return None
        self.out.counts["read by libgit2"] += 1
        return found

    def take(self, task: Task, oid: str, visit: Visit) -> None:
        kind = visit.kind
        if kind == TREE:
            return
        out = self.out
        number, first = self.worker.number(task, oid, visit)
        if first:
            out.counts[KINDS.get(kind, "object")] += 1
            out.decoded_bytes += len(visit.content)
        if kind == BLOB:
            self.take_blob(oid, visit)
            return
        if kind == COMMIT:
            self.take_commit(number, visit.content)
        out.scanned_bytes += len(visit.content)
        found = self.detector.detect(visit.content)
        if found:
            out.collector.add(found, oid, KINDS.get(kind, ""))

    def take_blob(self, oid: str, visit: Visit) -> None:
        content, depth, states = visit.content, visit.depth, self.states
        if visit.windows is None or visit.clean is None or visit.gathered is None:
            state = scan_whole(self.detector, content)
            self.out.scanned_bytes += len(content)
        else:
            base = states.get(depth - 1)
            state = scan_edit(self.detector, base or [], content, visit.clean, visit.windows, visit.gathered)
            self.out.scanned_bytes += len(visit.gathered)
        if state:
            states[depth] = state
            confirmed = [(entry.end, entry.rule, entry.found) for entry in state if entry.found is not None]
            if confirmed:
                found = self.detector.resolve(content, confirmed)
                if found:
                    self.out.collector.add(found, oid)
        else:
            states.pop(depth, None)
        if may_decode(content):
            self.take_decoded(oid, content)

    def take_decoded(self, oid: str, content: bytes) -> None:
        """The texts that a blob in another encoding, or an archive, unfolds to."""
        for inner in decode(content):
            if inner.problem:
                self.out.skipped.append(Skipped(f"blob {oid}{inner.label}", inner.problem))
                continue
            self.out.scanned_bytes += len(inner.data)
            found = self.detector.detect(inner.data)
            if found:
                self.out.collector.add(found, oid, inner.label or "decoded")

    def take_commit(self, number: int, content: bytes) -> None:
        """A commit's place in the graph, as int64: number, tree, time, how many parents, parents."""
        head = parse_commit_head(content)
        if head is None:
            self.out.skipped.append(Skipped(f"commit {self.worker.objects.oid(number)}", "has a malformed header"))
            return
        tree, parents, time = head
        find = self.worker.objects.find
        try:
            known = [at for at in map(find, parents) if at >= 0]
            self.commits.extend((number, find(tree), time, len(known), *known))
        except (ValueError, OverflowError):
            self.out.skipped.append(Skipped(f"commit {self.worker.objects.oid(number)}", "has a malformed header"))


class _TreeRun:
    """One task of the second pass."""

    def __init__(self, worker: Worker, blobs: kernel.OidTable, names: frozenset[bytes]) -> None:
        self.worker = worker
        self.blobs = blobs
        self.names = names
        self.out = Trees()
        self.trees, self.counts, self.edges = array("i"), array("i"), array("i")
        self.gathered = bytearray()

    def run(self, task: Task) -> Trees:
        worker = self.worker
        for oid, visit in worker.visits(task, (TREE,)):
            if isinstance(visit, Failure):
                if visit.kind not in (TREE, 0):
                    continue
                again = worker.read_alone(oid, visit.number, worker.limit) if task.pack != LOOSE else visit
                if isinstance(again, Failure):
                    if visit.kind == TREE:
                        self.out.skipped.append(Skipped(f"tree {oid}", visit.reason))
                    continue
                visit = again
            if visit.kind == TREE:
                number, first = worker.number(task, oid, visit)
                self.out.tree_count += first
                self.take(number, oid, visit)
        self.out.trees, self.out.counts, self.out.edges = (
            self.trees.tobytes(),
            self.counts.tobytes(),
            self.edges.tobytes(),
        )
        self.scan_names()
        return self.out

    def take(self, number: int, oid: str, visit: Visit) -> None:
        size = self.worker.objects.hash_size
        try:
            if not self.names:
                kernel.append_names(visit.content, size, visit.clean, MIN_NAME, self.gathered)
                if len(self.gathered) > 1 << 22:
                    self.scan_names()
            if not len(self.blobs) and not self.names:
                return
            subtrees, blobs, named = kernel.tree_edges(
                visit.content, size, self.worker.objects.table, self.blobs, self.names or None
            )
        except kernel.KernelError as problem:
            self.out.skipped.append(Skipped(f"tree {oid}", str(problem)))
            return
        self.trees.append(number)
        self.counts.append(len(subtrees) // 4)
        self.edges.frombytes(subtrees)
        if blobs:
            self.out.holders.append((number, blobs))
        if named:
            entries = kernel.parse_tree(visit.content, size)
            self.out.named.append((number, [name for _, name, _ in entries if name in self.names]))

    def scan_names(self) -> None:
        """Anchors over all gathered names at once; the few lines that were hit are looked at one by one."""
        data = bytes(self.gathered)
        self.gathered.clear()
        for end, _ in self.worker.detector.scanner.hits(data):
            start = data.rfind(b"\n", 0, end) + 1
            stop = data.find(b"\n", end)
            name = data[start:stop]
            if name not in self.out.names and self.worker.detector.detect(name):
                self.out.names.add(name)


def unpack_commits(rows: bytes) -> Iterator[tuple[int, CommitHead]]:
    """The commits that `Texts.commits` holds, by their numbers."""
    values = memoryview(rows).cast("q")
    at, total = 0, len(values)
    while at < total:
        number, tree, time, parents = values[at : at + 4]
        yield number, CommitHead(tree, tuple(values[at + 4 : at + 4 + parents]), time)
        at += 4 + parents


def plan(objects: Objects, budget: int) -> list[Task]:
    """The tasks that cover all objects: spans of about `budget` packed bytes, and of loose objects."""
    tasks = [
        Task(number, begin, end) for number, pack in enumerate(objects.packs) for begin, end in pack.families(budget)
    ]
    step = 2000
    tasks.extend(Task(LOOSE, at, min(at + step, len(objects.loose))) for at in range(0, len(objects.loose), step))
    return tasks
