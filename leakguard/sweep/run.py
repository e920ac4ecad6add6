"""One sweep from repository to result."""

from __future__ import annotations

import os
import time
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from leakguard import __version__
from leakguard.assemble import assemble, listed, settle
from leakguard.collect import Collector, Group
from leakguard.detect.detector import Detector
from leakguard.detect.selection import active_rules
from leakguard.excerpt import escape, printable
from leakguard.git.history import CommitHead, History, Reach, Tip
from leakguard.git.objects import Objects, listed_by_libgit2, open_objects
from leakguard.git.repository import open_repository
from leakguard.model import Coverage, Result, Skipped
from leakguard.sweep.places import NAME, HistoryLocator, Reached
from leakguard.sweep.pool import Pool
from leakguard.sweep.worker import Texts, Trees, Worker, plan, unpack_commits

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from leakguard.assemble import Assembled
    from leakguard.collect import Spot
    from leakguard.config import Settings
    from leakguard.detect.ruleset import RuleSet
    from leakguard.git.repository import Repository
    from leakguard.model import Rule

SMALL = 4 << 20
"""Packs of fewer bytes than this in all are swept in the calling process: starting others would take longer."""
SPAN = 8 << 20


def quiet(_phase: str, _done: int, _total: int) -> None:
    """Progress that nobody watches."""


def sweep(path: Path, rules: RuleSet, settings: Settings, progress: Callable[[str, int, int], None] = quiet) -> Result:
    """Every secret in the repository at `path`, with its life. RepositoryError where there is no repository."""
    return _Sweep(open_repository(path), rules, settings, progress).run()


def sweep_with_spots(
    path: Path, rules: RuleSet, settings: Settings, progress: Callable[[str, int, int], None] = quiet
) -> tuple[Result, dict[bytes, list[Spot]]]:
    """As `sweep`, and every spot of every value that was found, beyond the places that a result shows."""
    run = _Sweep(open_repository(path), rules, settings, progress)
    result = run.run()
    spots: dict[bytes, list[Spot]] = {}
    for group in run.collector.groups.values():
        spots.setdefault(group.match.secret.reveal(), []).extend(group.spots)
    return result, spots


def today() -> int:
    """The start of today (UTC, or SOURCE_DATE_EPOCH's day) in seconds: a sweep gives the same bytes all day long."""
    fixed = os.environ.get("SOURCE_DATE_EPOCH", "")
    now = int(fixed) if fixed.isdigit() else int(time.time())
    return now - now % 86400


class _Sweep:
    """One run; its methods are its steps, in order."""

    def __init__(
        self, repository: Repository, rules: RuleSet, settings: Settings, progress: Callable[[str, int, int], None]
    ) -> None:
        self.repository, self.rules, self.settings, self.progress = repository, rules, settings, progress
        self.collector = Collector()
        self.counts: Counter[str] = Counter()
        self.decoded = self.scanned = 0
        self.skipped: list[Skipped] = []
        self.broken: set[str] = set()
        self.notes: list[str] = []
        self.commits: dict[int, CommitHead] = {}
        self.outside: dict[str, bytes] = {}
        self.active = active_rules(rules, settings)

    def run(self) -> Result:
        self.objects = self.open()
        self.tasks = plan(self.objects, SPAN)
        packed = sum(task.end - task.begin for task in self.tasks)
        size = sum(pack.size for pack in self.objects.packs)
        jobs = self.settings.workers if size > SMALL or packed > 5000 else 1
        make = partial(Worker, self.objects, self.rules, self.settings.max_blob_size, self.active)
        self.pool = Pool(make, jobs)
        try:
            self.read_texts()
            self.refs = self.repository.refs(self.broken)
            self.read_outside()
            groups = settle(self.collector, self.by_id)
            groups, reached, history = self.read_trees(groups)
        finally:
            self.pool.close()
        return self.result(groups, reached, history)

    @property
    def by_id(self) -> dict[str, Rule]:
        return {rule.id: rule for rule in self.rules.rules}

    def open(self) -> Objects:
        """The objects, by our own pack reader or (engine "plain") all of them through libgit2."""
        if self.settings.engine == "plain":
            listing = sorted(set(map(str, self.repository.git.odb)))
            return Objects(self.repository.git_dir, [], listing)
        objects, problems = open_objects(self.repository)
        if problems:
            extra = list(listed_by_libgit2(self.repository, objects))
            self.notes.append(f"{len(extra)} objects of packs that leakguard cannot read itself were read by libgit2")
            self.skipped.extend(Skipped(f"pack {name}", reason) for name, reason in problems)
            objects = Objects(objects.git_dir, objects.packs, [*objects.loose, *extra])
        self.give_up(objects)
        return objects

    def give_up(self, objects: Objects) -> None:
        """Name what a pack's table could not place. libgit2 is not asked for it: it has no more than the same pack, and
        it follows a cycle of deltas for ever. A copy in another pack or a loose one is scanned in its own right."""
        for number, pack in enumerate(objects.packs):
            for local, reason in pack.table.broken:
                oid = pack.oid(local)
                self.broken.add(oid)
                if objects.find(oid) == objects.bases[number] + local:
                    self.skipped.append(Skipped(f"object {oid}", reason))

    def read_texts(self) -> None:
        total = len(self.tasks)
        for done, out in enumerate(self.pool.map("read_texts", self.tasks), 1):
            assert isinstance(out, Texts)
            self.collector.merge(out.collector)
            self.counts.update(out.counts)
            self.decoded += out.decoded_bytes
            self.scanned += out.scanned_bytes
            self.skipped.extend(out.skipped)
            self.commits.update(unpack_commits(out.commits))
            self.progress("Scanning objects", done, total)

    def read_outside(self) -> None:
        """The repository's own configuration, logs and ref names."""
        detector = Detector(self.rules, self.active)
        names = "\n".join(ref.name for ref in self.refs).encode("utf-8", "surrogateescape")
        for label, content in [*self.repository.texts(), ("ref names", names)]:
            shown = printable(label.encode("utf-8", "surrogateescape"))
            self.outside[shown] = content
            self.scanned += len(content)
            found = detector.detect(content)
            if found:
                self.collector.add(found, "", shown)
        self.skipped.extend(Skipped(escape(name), reason) for name, reason in self.repository.problems)

    def read_trees(self, groups: list[Group]) -> tuple[list[Group], Reached, History]:
        """Which trees reach which secrets, and the lives that follow."""
        numbered = self.number(groups)
        names, reach, trees = self.walk_trees(numbered, frozenset())
        if names:
            # File names hold secrets too: now that they are known, ask once more which trees have them.
            groups, numbered, reach = self.name_holders(names)
        self.counts["tree"] = trees
        history = History(self.commits, self.tips(), self.objects.oid)
        sets = reach.sets(self.objects.count)
        lives = history.lives(sets)
        keys, owner = numbered
        return groups, Reached(keys, owner, sets, lives), history

    def number(self, groups: Sequence[Group]) -> tuple[dict[str, frozenset[int]], dict[tuple[str, bytes], int]]:
        """Keys: one a group, and one for each suppressed spot that is listed, so that its path can be told."""
        keys: dict[str, set[int]] = {}
        owner = {}
        for key, group in enumerate(groups):
            owner[group.match.rule, group.match.secret.reveal()] = key
            for spot in group.spots:
                if spot.holder and spot.label not in ("commit", "tag"):
                    keys.setdefault(spot.holder, set()).add(key)
        for key, item in enumerate(listed(self.collector, self.by_id), len(groups)):
            if item.spot.holder and item.spot.label not in ("commit", "tag"):
                keys.setdefault(item.spot.holder, set()).add(key)
        return {oid: frozenset(found) for oid, found in keys.items()}, owner

    def walk_trees(
        self, numbered: tuple[dict[str, frozenset[int]], dict[tuple[str, bytes], int]], wanted: frozenset[bytes]
    ) -> tuple[set[bytes], Reach, int]:
        """One pass over all trees: names with secrets in them, and who leads to whom."""
        keys, _ = numbered
        holders = sorted(keys)
        sets = [keys[oid] for oid in holders]
        blobs = bytes.fromhex("".join(holders))
        names: set[bytes] = set()
        reach, trees, total = Reach(), 0, len(self.tasks)
        self.named: list[tuple[int, list[bytes]]] = []
        skipped: list[Skipped] = []
        for done, out in enumerate(self.pool.map("read_trees", self.tasks, blobs, wanted), 1):
            assert isinstance(out, Trees)
            names |= out.names
            trees += out.tree_count
            skipped.extend(out.skipped)
            reach.add_edges(out.trees, out.counts, out.edges)
            for tree, positions in out.holders:
                for at in memoryview(positions).cast("i"):
                    reach.add_holder(tree, sets[at])
            self.named.extend(out.named)
            self.progress("Reading trees", done, total)
        if not wanted:
            self.skipped.extend(skipped)
        for tree, _ in self.named:
            oid = self.objects.oid(tree)
            if oid in keys:
                reach.add_holder(tree, keys[oid])
        return names, reach, trees

    def name_holders(
        self, names: set[bytes]
    ) -> tuple[list[Group], tuple[dict[str, frozenset[int]], dict[tuple[str, bytes], int]], Reach]:
        detector = Detector(self.rules, self.active)
        wanted = frozenset(names)
        self.walk_trees(({}, {}), wanted)
        for tree, found in self.named:
            for name in found:
                label = NAME + name.decode("utf-8", "surrogateescape")
                self.collector.add(detector.detect(name), self.objects.oid(tree), label)
        groups = settle(self.collector, self.by_id)
        numbered = self.number(groups)
        _, reach, _ = self.walk_trees(numbered, wanted)
        return groups, numbered, reach

    def tips(self) -> list[Tip]:
        return [
            Tip(ref.name, self.objects.find(ref.commit), ref.remote) for ref in self.refs if ref.commit and ref.name
        ]

    def result(self, groups: list[Group], reached: Reached, history: History) -> Result:
        mask = None if self.settings.show_secrets else Detector(self.rules, self.active)
        tags = {ref.tag: ref.name for ref in self.refs if ref.tag}
        locator = HistoryLocator(self.objects, history, reached, mask, today(), tags, self.outside)
        guidance = self.rules.guidance()
        done = assemble(groups, self.collector, locator, self.by_id, guidance, self.settings, whole=True)
        used = {finding.rule for finding in done.findings} | {item.rule for item in done.suppressed}
        head = next((ref.commit for ref in self.refs if ref.name == "HEAD"), "")
        return Result(
            target=escape(str(self.repository.path)),
            kind="sweep",
            version=__version__,
            rules=len(self.rules.rules) if self.active is None else len(self.active),
            findings=done.findings,
            suppressed=done.suppressed,
            coverage=self.coverage(done),
            guidance={rule: guidance[rule] for rule in sorted(used)},
            head=head,
            remote=escape(self.repository.remote_url()),
        )

    def coverage(self, done: Assembled) -> Coverage:
        shallow = self.repository.shallow_commits()
        notes = [*self.notes]
        if shallow:
            notes.append("the clone is shallow: older commits are not here; fetch them with git fetch --unshallow")
        if self.repository.is_partial():
            notes.append("the clone is partial: objects that were never fetched are not here")
        chosen = self.settings.blob_size_chosen
        skipped = [
            msgspec.structs.replace(item, incomplete=False) if chosen and "over the limit" in item.reason else item
            for item in self.skipped
        ]
        return Coverage(
            objects=dict(sorted(self.counts.items())),
            bytes=self.decoded,
            scanned_bytes=self.scanned,
            skipped=tuple(sorted(skipped, key=lambda item: (item.what, item.reason))),
            held=done.held,
            notes=(*notes, *done.notes),
            stale=done.stale,
        )
