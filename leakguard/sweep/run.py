"""One sweep from repository to result.

What only the end of it needs is imported in its methods: by then other processes are at work.
"""

from __future__ import annotations

import os
import time
from contextlib import ExitStack
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import msgspec

from leakguard import __version__
from leakguard.detect.detector import Detector
from leakguard.detect.selection import active_rules
from leakguard.git.objects import Objects, open_plain, with_libgit2
from leakguard.git.packs import KINDS
from leakguard.model import Coverage, Result, Skipped
from leakguard.pool import Pool, import_processes
from leakguard.sweep.first import FirstPass, commit_numbers
from leakguard.sweep.memory import Memory
from leakguard.sweep.opening import Opening
from leakguard.sweep.worker import TEXT_KINDS, Worker, plan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from leakguard.assemble import Assembled, Assembly
    from leakguard.collect import Collector, Group, Spot
    from leakguard.config import Settings
    from leakguard.detect.ruleset import RuleSet
    from leakguard.git.history import History, LazyHistory, Tip
    from leakguard.model import Finding, Rule
    from leakguard.sweep.ending import Quoted
    from leakguard.sweep.places import HistoryLocator, Reached
    from leakguard.sweep.second import SecondPass
    from leakguard.sweep.worker import Task

SMALL = 4 << 20
"""Packs of fewer bytes than this in all are swept in the calling process: starting others would take longer."""
MANY_LOOSE = 5000
"""And so are fewer loose objects than this."""
SPAN = 8 << 20
LEAST_SPAN = 256 << 10
SHARES = 512
"""Packed bytes of one task: a share of the whole, so that no worker is left with a large one at the end."""


def quiet(_phase: str, _done: int, _total: int) -> None:
    """Progress that nobody watches."""


class Listener(Protocol):
    """Whoever is told of a sweep while it runs."""

    def begin(self, result: Result) -> None:
        """What is known before anything is read: the target, the rules, HEAD."""
        ...

    def finding(self, finding: Finding) -> None:
        """A finding, complete with its life. Worst first; the order depends on nothing but the content."""
        ...


def sweep(
    path: Path,
    rules: RuleSet,
    settings: Settings,
    progress: Callable[[str, int, int], None] = quiet,
    listener: Listener | None = None,
    opening: Opening | None = None,
) -> Result:
    """Every secret in the repository at `path`, with its life. RepositoryError where there is no repository.

    A listener is handed each finding as soon as it is complete, and the result then holds none. `opening` is given
    where the repository is being opened already.
    """
    return _Sweep(opening or Opening(path, settings.engine), rules, settings, progress, listener).run()


def sweep_with_spots(
    path: Path, rules: RuleSet, settings: Settings, progress: Callable[[str, int, int], None] = quiet
) -> tuple[Result, dict[bytes, list[Spot]]]:
    """As `sweep`, and every spot of every value that was found, beyond the places that a result shows."""
    run = _Sweep(Opening(path, settings.engine), rules, settings, progress)
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
        self,
        opening: Opening,
        rules: RuleSet,
        settings: Settings,
        progress: Callable[[str, int, int], None],
        listener: Listener | None = None,
    ) -> None:
        self.rules, self.settings, self.progress = rules, settings, progress
        self.by_id = rules.by_id
        self.opening, self.listener = opening, listener
        self.repository = opening.repository()
        self.active = active_rules(rules, settings)
        self.detector = Detector(rules, self.active)
        self.skipped: list[Skipped] = []
        self.broken: set[str] = set()
        self.notes: list[str] = []
        self.outside: dict[str, bytes] = {}
        self._pool: Pool | None = None
        self._cleanup = ExitStack()

    def run(self) -> Result:
        with self._cleanup:
            self.objects = self.open()
            return self.read()

    def read(self) -> Result:
        """All that there is to read, and what it comes to."""
        folder = self.settings.memory if self.settings.engine == "pack" else None
        memory = Memory(folder, self.rules.digest, self.active, self.settings.max_blob_size)
        self.first = FirstPass(self.objects, memory, self.detector)
        self.first.recall()
        if self.first.waiting():
            self.first.begin(self.pool(), self.tasks)
        from leakguard.git.history import LazyHistory
        from leakguard.sweep.second import SecondPass

        self.refs = self.repository.refs(self.objects, self.broken)
        tips = self.tips()
        self.bare = self.begin()
        self.read_outside()
        while not self.first.settled():
            self.first.run(self.pool(), self.tasks, self.progress)
        history = LazyHistory(self.objects, tips, self.first.commits)
        whole = not self.repository.shallow_commits() and not self.repository.has_promises()
        second = SecondPass(self.objects, memory, self.detector, self.first.collector, self.by_id, whole=whole)
        groups, reached = second.run(
            self.pool, lambda: self.tasks, tips, history.whole, self.progress, self.begin_result
        )
        self.first.counts["tree"] = second.trees
        self.count_once()
        self.skipped += [*self.first.skipped, *second.skipped]
        if whole and (self.first.unsettled or second.absent):
            self.skipped += self.absent(second, history.whole)
        history.let_go({number for life in reached.lives.values() for number in (*life.introduced, *life.removed)})
        return self.result(groups, reached, history)

    def absent(self, second: SecondPass, history: Callable[[], History]) -> Iterator[Skipped]:
        """What is said of objects that are named and not there."""
        from leakguard.sweep.absent import Absent

        absent = Absent(self.objects, second, history, [oid for ref in self.refs for oid in ref.leads])
        absent.look_in_commits(commit_numbers(b"".join(self.first.unsettled)), self.repository.grafted_commits())
        # The workers are busy with quotes by now.
        absent.look_in_trees(second.absent, lambda: Pool(self.worker, 1), self.tasks, self.progress)
        return absent.told()

    def count_once(self) -> None:
        """What is stored more than once was read more than once: a pack's own figures do not depend on other packs."""
        for number in self.objects.repeats:
            try:
                kind, size = self.objects.header(self.objects.oid(number))
            except (KeyError, ValueError):
                continue  # was not read either
            self.first.counts[KINDS[kind]] -= 1
            self.first.decoded -= size if kind in TEXT_KINDS else 0

    @property
    def collector(self) -> Collector:
        """What was found, before anything was settled."""
        return self.first.collector

    @cached_property
    def tasks(self) -> list[Task]:
        """All work of a pass, cut to pieces; not asked for where everything is remembered."""
        size = sum(pack.size for pack in self.objects.packs)
        return plan(self.objects, min(SPAN, max(LEAST_SPAN, size // SHARES)))

    def pool(self) -> Pool:
        """The workers, started when they are first needed."""
        if self._pool is None:
            size = sum(pack.size for pack in self.objects.packs)
            jobs = self.settings.workers if size > SMALL or len(self.objects.loose) > MANY_LOOSE else 1
            if jobs > 1:
                _ = self.detector.matcher  # what it imports and decodes is shared by processes that are forked
            self._pool = Pool(self.worker, jobs)
            self._cleanup.callback(self._pool.close)
        return self._pool

    @property
    def worker(self) -> Callable[[], Worker]:
        """What makes a worker, in whichever process."""
        return partial(Worker, self.objects, self.detector, self.settings.max_blob_size)

    def begin(self) -> Result:
        """What is known of the result before anything is read."""
        from leakguard.excerpt import escape

        bare = Result(
            target=escape(str(self.repository.path)),
            kind="sweep",
            version=__version__,
            rules=len(self.active),
            head=next((ref.commit for ref in self.refs if ref.name == "HEAD"), ""),
            remote=self.shown(self.repository.remote_url()),
        )
        if self.listener is not None:
            self.listener.begin(bare)
        return bare

    def begin_result(self, groups: Sequence[Group]) -> None:
        """Have fingerprints made, and what is held back quoted, while one process is enough for the rest."""
        from leakguard.assemble import begin_fingerprints, listed, listed_secrets

        if self._pool is None or self._pool.is_alone:
            begin_fingerprints(groups, self.collector, self.by_id, self.settings)
        spots = (item.spot for item in listed(self.collector, self.by_id))
        self.quoting = self.quote(spots, listed_secrets(self.collector, self.by_id))

    def quote(self, spots: Iterable[Spot], secrets: Iterable[tuple[Rule, bytes]]) -> Iterator[Quoted]:
        """What stands at spots; where there are several processes, they make the fingerprints of secrets as well."""
        from leakguard.sweep import ending
        from leakguard.sweep.quotes import Quotes, batches

        if self._pool is None or self._pool.is_alone:
            return map(Quotes(self.objects, self.mask, {}).places, batches(spots))
        tasks = ending.tasks(spots, secrets, self.settings.fingerprint_key)
        return ending.quoted(self._pool.begin("end", tasks, self.mask is not None))

    @property
    def mask(self) -> Detector | None:
        """What finds the secrets that are to be masked."""
        return None if self.settings.show_secrets else self.detector

    def open(self) -> Objects:
        """The objects, by our own pack reader or (engine "plain") all of them through libgit2."""
        if self.settings.engine == "plain":
            objects, problems = open_plain(self.repository, self.links())
            self.skipped.extend(Skipped(f"pack {name}", reason) for name, reason in problems)
            return objects
        if self.opening.busy and self.settings.workers > 1:
            # Packs that take so long are large enough for workers.
            import_processes()
            _ = self.detector.matcher
        objects, problems = self.opening.objects()
        if problems:
            from leakguard.git.shown import show_packs

            objects, extra = with_libgit2(objects, show_packs(self.repository, self.links()))
            self.notes.append(f"{extra} objects of packs that leakguard cannot read itself were read by libgit2")
            self.skipped.extend(Skipped(f"pack {name}", reason) for name, reason in problems)
        self.give_up(objects)
        return objects

    def links(self) -> Path:
        """A folder for links, that is removed in the end."""
        from tempfile import TemporaryDirectory

        return Path(self._cleanup.enter_context(TemporaryDirectory(prefix="leakguard-", ignore_cleanup_errors=True)))

    def give_up(self, objects: Objects) -> None:
        """Name what a pack's table could not place. libgit2 is not asked for it: it has no more than the same pack, and
        it follows a cycle of deltas for ever. A copy in another pack or a loose one is scanned in its own right."""
        for number, pack in enumerate(objects.packs):
            for local, reason in pack.table.broken:
                oid = pack.oid(local)
                self.broken.add(oid)
                if objects.find(oid) == objects.bases[number] + local:
                    self.skipped.append(Skipped(f"object {oid}", reason))

    def read_outside(self) -> None:
        """The repository's own configuration, logs and ref names."""
        from leakguard.excerpt import printable

        names = b"\n".join(self.repository.ref_names)
        for label, content in [*self.repository.texts(self.settings.max_blob_size), ("ref names", names)]:
            shown = printable(label.encode("utf-8", "surrogateescape"))
            self.outside[shown] = content
            self.first.scanned += len(content)
            found = self.detector.detect(content)
            if found:
                self.collector.add(found, "", shown)
        self.skipped.extend(Skipped(self.shown(name), self.shown(reason)) for name, reason in self.repository.problems)

    def shown(self, text: str) -> str:
        """What was written by others, beside what was found."""
        from leakguard.excerpt import masked

        return masked(text.encode("utf-8", "surrogateescape"), self.mask)

    def tips(self) -> list[Tip]:
        from leakguard.git.history import Tip

        return [Tip(ref.name, self.objects.find(ref.commit), ref.remote) for ref in self.refs if ref.commit]

    def result(self, groups: list[Group], reached: Reached, history: LazyHistory) -> Result:
        from leakguard.assemble import Assembly
        from leakguard.sweep.places import HistoryLocator

        tags = [(oid, ref.name) for ref in self.refs for oid in ref.leads]
        locator = HistoryLocator(
            self.objects, history, reached, self.mask, today(), tags, self.outside, self.detector, self.quoting
        )
        guidance = self.rules.guidance()
        if self.settings.stale_fails:
            self.collector.idle |= set(locator.idle_comments())
        work = Assembly(self.collector, locator, self.by_id, guidance, self.settings)
        if self._pool is not None:
            self.quote_ahead(self._pool, locator, groups, work)
        used: set[str] = set()
        findings = self.tell(work, groups, used)
        done = work.done(findings, whole=True)
        used.update(item.rule for item in done.suppressed)
        return msgspec.structs.replace(
            self.bare,
            findings=done.findings,
            suppressed=done.suppressed,
            coverage=self.coverage(done),
            guidance={rule: guidance[rule] for rule in sorted(used)},
        )

    def quote_ahead(self, pool: Pool, locator: HistoryLocator, groups: list[Group], work: Assembly) -> None:
        """Have what is going to be told of the findings quoted, and their fingerprints made, by all processes; what
        does not wait for it is told meanwhile."""
        from leakguard.assemble import secrets_of

        spots = list(locator.ahead(groups))
        locator.take(locator.quoting)
        quoting = self.quote(spots, secrets_of(groups, self.by_id))
        _ = work.told
        locator.take(quoting)
        pool.dismiss()

    def tell(self, work: Assembly, groups: list[Group], used: set[str]) -> tuple[Finding, ...]:
        """The findings in their total order; none where a listener was told of each. `used` gathers their rules."""
        from leakguard.assemble import by_weight, finding_order

        if self.listener is None:
            findings = tuple(sorted(work.findings(groups), key=finding_order))
            used.update(finding.rule for finding in findings)
            return findings
        for finding in work.findings(by_weight(groups, self.by_id, self.settings)):
            used.add(finding.rule)
            self.listener.finding(finding)
        return ()

    def coverage(self, done: Assembled) -> Coverage:
        shallow = self.repository.shallow_commits()
        notes = [*self.notes]
        if shallow:
            notes.append("the clone is shallow: older commits are not here; fetch them with git fetch --unshallow")
        if self.repository.is_partial():
            notes.append("the clone is partial: objects that were never fetched are not here")
        if submodules := self.repository.submodules():
            notes.append(f"repositories of submodules in .git/modules, each to be swept on its own: {submodules}")
        chosen = self.settings.blob_size_chosen
        skipped = [
            msgspec.structs.replace(item, incomplete=False) if chosen and "over the limit" in item.reason else item
            for item in set(self.skipped)
        ]
        return Coverage(
            objects=dict(sorted(self.first.counts.items())),
            bytes=self.first.decoded,
            scanned_bytes=self.first.scanned,
            skipped=tuple(sorted(skipped, key=lambda item: (item.what, item.reason))),
            held=done.held,
            notes=(*notes, *done.notes),
            stale=done.stale,
            encrypted=done.encrypted,
        )
