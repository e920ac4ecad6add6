"""One scan from paths to result."""

from __future__ import annotations

import os
import sys
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from leakguard import __version__
from leakguard.assemble import Sited, assemble, begin_fingerprints, settle
from leakguard.collect import Collector
from leakguard.detect.selection import active_rules
from leakguard.errors import UsageError
from leakguard.excerpt import printable
from leakguard.model import Coverage, Result, Skipped
from leakguard.pool import Pool
from leakguard.scan.walk import Walk
from leakguard.scan.worker import MAX_PLACES, STANDARD_INPUT, Looked, Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from leakguard.collect import Group, Spot
    from leakguard.config import Settings
    from leakguard.detect.ruleset import RuleSet
    from leakguard.model import Place
    from leakguard.scan.walk import Batch

SMALL = 4 << 20
"""Fewer bytes than this in all are scanned in the calling process: starting others would take longer."""


def scan(
    paths: Sequence[Path], rules: RuleSet, settings: Settings, progress: Callable[[str, int, int], None]
) -> Result:
    """Every secret in the files that `paths` name or hold. UsageError where a path does not exist."""
    for path in paths:
        if path != Path(STANDARD_INPUT) and not os.path.lexists(path):
            raise UsageError(f"{path} does not exist; check the path.")
    return _Scan(rules, settings, progress).run(paths)


class _Scan:
    def __init__(self, rules: RuleSet, settings: Settings, progress: Callable[[str, int, int], None]) -> None:
        self.rules, self.settings, self.progress = rules, settings, progress
        self.make = partial(Worker, rules, settings)
        self.collector = Collector()
        self.places: dict[Spot, Place] = {}
        self.files = self.bytes = 0
        self.skipped: list[Skipped] = []

    def run(self, paths: Sequence[Path]) -> Result:
        names = [os.fspath(path) for path in paths]
        if STANDARD_INPUT in names:
            self.add(self.make().look_at(STANDARD_INPUT, sys.stdin.buffer.read()))
        self.look(Walk([name for name in names if name != STANDARD_INPUT], self.settings.exclude))
        return self.result(" ".join(printable(os.fsencode(name)) for name in names))

    def look(self, walk: Walk) -> None:
        """All files, by as many workers as there is work for."""
        first: list[Batch] = []
        size = 0
        batches = walk.batches()
        for batch in batches:
            first.append(batch)
            size += batch.size
            if size > SMALL:
                break
        if first:
            self.read(chain(first, batches), self.settings.workers if size > SMALL else 1, walk)
        self.skipped += walk.skipped

    def read(self, batches: Iterable[Batch], jobs: int, walk: Walk) -> None:
        pool = Pool(self.make, jobs)
        try:
            for out in pool.map("look", batches):
                assert isinstance(out, Looked)
                self.add(out)
                self.progress("Scanning files", self.files, walk.seen)
        finally:
            pool.close()

    def add(self, out: Looked) -> None:
        """What a worker found."""
        self.collector.merge(out.collector)
        self.places.update(out.places)
        self.files += out.files
        self.bytes += out.bytes
        self.skipped += out.skipped

    def result(self, target: str) -> Result:
        rules = {rule.id: rule for rule in self.rules.rules}
        guidance = self.rules.guidance()
        groups = settle(self.collector, rules)
        begin_fingerprints(groups, self.collector, rules, self.settings)
        found = assemble(groups, self.collector, Places(self.places), rules, guidance, self.settings)
        used = {finding.rule for finding in found.findings} | {item.rule for item in found.suppressed}
        return Result(
            target=target,
            kind="scan",
            version=__version__,
            rules=len(active_rules(self.rules, self.settings)),
            findings=found.findings,
            suppressed=found.suppressed,
            coverage=Coverage(
                objects={"file": self.files} if self.files else {},
                bytes=self.bytes,
                scanned_bytes=self.bytes,
                skipped=tuple(sorted(self.skipped, key=lambda item: (item.what, item.reason))),
                held=found.held,
                notes=found.notes,
                stale=found.stale,
                encrypted=found.encrypted,
            ),
            guidance={rule: guidance[rule] for rule in sorted(used)},
        )


class Places:
    """Each spot is a place, which the worker that saw it has told."""

    def __init__(self, places: dict[Spot, Place]) -> None:
        self._places = places

    def locate(self, groups: Sequence[Group]) -> Iterator[Sited]:
        """The first places of each group."""
        return (Sited(tuple(filter(None, map(self.place, group.spots[:MAX_PLACES])))) for group in groups)

    def place(self, spot: Spot) -> Place | None:
        """A file's name, line and column."""
        return self._places.get(spot)

    def commented_later(self, group: Group) -> bool:
        """Files as they lie there have one version."""
        return False
