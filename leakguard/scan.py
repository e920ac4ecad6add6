"""Files, folders and standard input through the detector."""

from __future__ import annotations

import os
import stat
import sys
from collections import Counter
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from leakguard import __version__
from leakguard.assemble import Sited, assemble, settle
from leakguard.collect import Collector
from leakguard.detect.decoders import decode, find_inner, may_decode
from leakguard.detect.detector import Detector, Found
from leakguard.detect.selection import active_rules
from leakguard.detect.structured import structured_matches
from leakguard.errors import UsageError
from leakguard.excerpt import TextView, printable
from leakguard.ledger import path_matches
from leakguard.model import Coverage, Place, Result, Skipped

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from leakguard.collect import Group, Spot
    from leakguard.config import Settings
    from leakguard.detect.ruleset import RuleSet

STANDARD_INPUT = Path("-")
MAX_PLACES = 50


def scan(
    paths: Sequence[Path], rules: RuleSet, settings: Settings, progress: Callable[[str, int, int], None]
) -> Result:
    """Every secret in the files that `paths` name or hold. UsageError where a path does not exist."""
    for path in paths:
        if path != STANDARD_INPUT and not os.path.lexists(path):
            raise UsageError(f"{path} does not exist; check the path.")
    return _Scan(rules, settings).run(paths, progress)


def with_structure(found: Found, rules: Collection[str], name: str, content: bytes) -> Found:
    """What the lines of a text hold, and what only its format's reader sees (a value whose name stands above it)."""
    taken = [(match.start, match.end) for match in found.matches] + [(held.start, held.end) for held in found.held]
    more = [
        match
        for match in structured_matches(name, content)
        if match.rule in rules and not any(start < match.end and match.start < end for start, end in taken)
    ]
    return msgspec.structs.replace(found, matches=(*found.matches, *more)) if more else found


class _Scan:
    def __init__(self, rules: RuleSet, settings: Settings) -> None:
        self.rules, self.settings = rules, settings
        self.active = active_rules(rules, settings)
        self.names = {rules.rules[number].id for number in self.active}
        self.detector = Detector(rules, self.active)
        self.collector = Collector()
        self.counts: Counter[str] = Counter()
        self.bytes = 0
        self.skipped: list[Skipped] = []
        self.standard_input = b""
        self.view = lru_cache(maxsize=64)(self._view)

    def run(self, paths: Sequence[Path], progress: Callable[[str, int, int], None]) -> Result:
        done = 0
        for path in paths:
            if path == STANDARD_INPUT:
                self.standard_input = sys.stdin.buffer.read()
                self.take("-", self.standard_input)
                continue
            for file in self.files(path):
                self.read(file)
                done += 1
                progress("Scanning files", done, done + 1)
        rules = {rule.id: rule for rule in self.rules.rules}
        guidance = self.rules.guidance()
        found = assemble(settle(self.collector, rules), self.collector, self, rules, guidance, self.settings)
        used = {finding.rule for finding in found.findings} | {item.rule for item in found.suppressed}
        return Result(
            target=" ".join(printable(os.fsencode(path)) for path in paths),
            kind="scan",
            version=__version__,
            rules=len(self.active),
            findings=found.findings,
            suppressed=found.suppressed,
            coverage=Coverage(
                objects=dict(sorted(self.counts.items())),
                bytes=self.bytes,
                scanned_bytes=self.bytes,
                skipped=tuple(sorted(self.skipped, key=lambda item: (item.what, item.reason))),
                held=found.held,
                notes=found.notes,
                stale=found.stale,
            ),
            guidance={rule: guidance[rule] for rule in sorted(used)},
        )

    def files(self, path: Path) -> Iterator[Path]:
        """The regular files at or under a path, in order; links are not followed, `.git` is `sweep`'s business."""
        if not path.is_dir() or path.is_symlink():
            yield path
            return
        try:
            entries = sorted(os.scandir(path), key=lambda entry: entry.name)
        except OSError as problem:
            self.skip(path, f"cannot be read ({problem.strerror})")
            return
        for entry in entries:
            child = Path(entry.path)
            if entry.name == ".git" or self.excluded(child):
                continue
            if entry.is_dir(follow_symlinks=False):
                yield from self.files(child)
            elif entry.is_file(follow_symlinks=False):
                yield child

    def excluded(self, path: Path) -> bool:
        return bool(self.settings.exclude) and path_matches(path.as_posix(), self.settings.exclude)

    def skip(self, path: Path, reason: str, *, incomplete: bool = True) -> None:
        self.skipped.append(Skipped(printable(os.fsencode(path)), reason, incomplete=incomplete))

    def read(self, path: Path) -> None:
        try:
            found = path.stat()
            if not stat.S_ISREG(found.st_mode):
                self.skip(path, "is no regular file", incomplete=False)
                return
            if found.st_size > self.settings.max_blob_size:
                reason = f"is {found.st_size} bytes, over the limit of {self.settings.max_blob_size}"
                self.skip(path, reason, incomplete=not self.settings.blob_size_chosen)
                return
            content = path.read_bytes()
        except OSError as problem:
            self.skip(path, f"cannot be read ({problem.strerror})")
            return
        self.take(os.fsdecode(os.fsencode(path)), content)

    def take(self, name: str, content: bytes) -> None:
        self.counts["file"] += 1
        self.bytes += len(content)
        self.collector.add(with_structure(self.detector.detect(content), self.names, name, content), name)
        if may_decode(content):
            for inner in decode(content):
                if inner.problem:
                    self.skip(Path(name + inner.label), inner.problem)
                    continue
                self.collector.add(self.detector.detect(inner.data), name, inner.label or "decoded")

    def locate(self, groups: Sequence[Group]) -> list[Sited]:
        """Each spot is a place."""
        return [Sited(tuple(filter(None, map(self.place, group.spots[:MAX_PLACES])))) for group in groups]

    def place(self, spot: Spot) -> Place | None:
        """A file's name, line and column."""
        view = self.view(spot.holder, spot.label)
        if view is None:
            return None
        inner = spot.label if spot.label.startswith("!") else ""
        path = "standard input" if spot.holder == "-" else Path(spot.holder).as_posix()
        name = printable(os.fsencode(path + inner))
        return view.place(name, spot.start, spot.end, "file", "", mask=not self.settings.show_secrets)

    def _view(self, holder: str, label: str) -> TextView | None:
        mask = None if self.settings.show_secrets else self.detector
        try:
            content = self.standard_input if holder == "-" else Path(holder).read_bytes()
        except OSError:
            return None
        if not label:
            return TextView(content, mask)
        inner = find_inner(content, label)
        return None if inner is None else TextView(inner, mask)
