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
    from collections.abc import Collection, Iterator

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
        return _TextRun(self, task.pack).run(task)

    def read_trees(self, task: Task, blobs: bytes, names: frozenset[bytes]) -> Trees:
        """Second pass: the trees of a span. `blobs` are the concatenated ids of blobs of interest; `names` are file
        names of interest, once they are known."""
        if self._blobs is None or self._blobs[0] != blobs:
            self._blobs = (blobs, kernel.OidTable(blobs, self.objects.hash_size))
        return _TreeRun(self, self._blobs[1], names).run(task)

    def visits(self, task: Task, kinds: Collection[int]) -> Iterator[Visit | Failure]:
        """The objects of some kinds in a span. Loose ones come whatever their kind is."""
        objects = self.objects
        if task.pack != LOOSE:
            pack, base = objects.packs[task.pack], objects.bases[task.pack]
            return pack.walk(task.begin, task.end, kinds, self.limit, base)
        return (self.read_alone(objects.loose_base + at) for at in range(task.begin, task.end))

    def read_alone(self, number: int) -> Visit | Failure:
        """One object through libgit2."""
        oid = self.objects.oid(number)
        try:
            kind, size = self.objects.header(oid)
            if kind == BLOB and size > self.limit:
                return Failure(number, kind, f"is {size} bytes, over the limit of {self.limit}")
            kind, content = self.objects.read(oid)
        except KeyError:
            return Failure(number, 0, "is missing")
        except ValueError as problem:
            return Failure(number, 0, str(problem))
        return Visit(number, kind, -1, content)

    def retry(self, failure: Failure) -> Visit | Failure:
        """An object that its pack did not give may be whole elsewhere: libgit2 looks for it."""
        if failure.number >= self.objects.loose_base or "over the limit" in failure.reason:
            return failure
        again = self.read_alone(failure.number)
        return failure if isinstance(again, Failure) else again

    def first(self, number: int) -> int:
        """The object's first number: another one than `number` where it is stored more than once."""
        objects = self.objects
        return objects.find(objects.oid(number)) if objects.repeated else number


class _TextRun:
    """One task of the first pass."""

    def __init__(self, worker: Worker, pack: int) -> None:
        self.worker = worker
        self.detector = worker.detector
        self.out = Texts(pack, Collector(), b"", Counter())
        self.commits = array("q")
        self.states: dict[int, State] = {}

    def run(self, task: Task) -> Texts:
        worker, out = self.worker, self.out
        for visit in worker.visits(task, TEXT_KINDS):
            if isinstance(visit, Failure):
                again = worker.retry(visit)
                if isinstance(again, Failure):
                    self.skip(again)
                    continue
                out.counts["read by libgit2"] += 1
                visit = again
            kind, content = visit.kind, visit.content
            if kind == BLOB:
                self.take_blob(visit, content)
            elif kind == COMMIT:
                self.take_commit(visit.number, content)
            elif kind == TAG:
                self.take_whole(visit.number, content, "tag")
            else:
                continue
            if worker.first(visit.number) == visit.number:
                out.counts[KINDS[kind]] += 1
                out.decoded_bytes += len(content)
        out.commits = self.commits.tobytes()
        return out

    def skip(self, failure: Failure) -> None:
        if failure.kind != TREE:
            label = f"{KINDS.get(failure.kind, 'object')} {self.worker.objects.oid(failure.number)}"
            self.out.skipped.append(Skipped(label, failure.reason))

    def take_whole(self, number: int, content: bytes, label: str) -> None:
        """A text that is scanned by itself."""
        self.out.scanned_bytes += len(content)
        found = self.detector.detect(content)
        if found:
            self.out.collector.add(found, self.worker.objects.oid(number), label)

    def take_blob(self, visit: Visit, content: bytes) -> None:
        depth, states = visit.depth, self.states
        if visit.windows is None or visit.clean is None or visit.gathered is None:
            state = scan_whole(self.detector, content)
            self.out.scanned_bytes += len(content)
        else:
            base = states.get(depth - 1, [])
            state = scan_edit(self.detector, base, content, visit.clean, visit.windows, visit.gathered)
            self.out.scanned_bytes += len(visit.gathered)
        if state:
            states[depth] = state
            self.settle(visit.number, content, state)
        else:
            states.pop(depth, None)
        if may_decode(content):
            self.take_decoded(self.worker.objects.oid(visit.number), content)

    def settle(self, number: int, content: bytes, state: State) -> None:
        """The matches among a blob's candidates."""
        confirmed = [(entry.end, entry.rule, entry.found) for entry in state if entry.found is not None]
        if confirmed:
            found = self.detector.resolve(content, confirmed)
            if found:
                self.out.collector.add(found, self.worker.objects.oid(number))

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
        """A commit's text, and its place in the graph as int64: number, tree, time, how many parents, parents."""
        self.take_whole(number, content, "commit")
        objects = self.worker.objects
        head = parse_commit_head(content)
        try:
            if head is None:
                raise ValueError
            tree, parents, time = head
            find = objects.table.find
            root, known = find(tree), [at for at in map(find, parents) if at >= 0]
            self.out.settled = self.out.settled and root >= 0 and len(known) == len(parents)
            self.commits.extend((self.worker.first(number), root, time, len(known), *known))
        except (ValueError, OverflowError):
            self.out.skipped.append(Skipped(f"commit {objects.oid(number)}", "has a malformed header"))


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
        worker, out = self.worker, self.out
        for visit in worker.visits(task, (TREE,)):
            if isinstance(visit, Failure):
                again = worker.retry(visit)
                if isinstance(again, Failure):
                    if visit.kind == TREE:
                        out.skipped.append(Skipped(f"tree {worker.objects.oid(visit.number)}", visit.reason))
                    continue
                visit = again
            if visit.kind == TREE:
                number = worker.first(visit.number)
                out.tree_count += number == visit.number
                self.take(number, visit)
        out.trees, out.counts, out.edges = self.trees.tobytes(), self.counts.tobytes(), self.edges.tobytes()
        self.scan_names()
        return out

    def take(self, number: int, visit: Visit) -> None:
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
            self.out.skipped.append(Skipped(f"tree {self.worker.objects.oid(number)}", str(problem)))
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
    values = memoryview(rows).cast("q").tolist()
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
