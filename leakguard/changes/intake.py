"""Taking in what changes add: the texts of commits, or of the index, through the same detection as everything else.

A secret counts where it is in a text and was not, under any rule, at the same place before. No text of before is read,
and little of what confirms a match is imported, until an anchor fires.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

import msgspec

from leakguard.collect import Collector
from leakguard.detect.decoders import decode, may_decode
from leakguard.detect.detector import Detector, Found
from leakguard.detect.selection import active_rules
from leakguard.excerpt import printable
from leakguard.model import Skipped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Literal

    from leakguard.config import Settings
    from leakguard.detect.ruleset import RuleSet
    from leakguard.git.steps import Blobs, Change, Changes

    Renamed = Callable[[bytes], Sequence[str]]
    """The blobs that the file at a path was renamed from."""

NAME = "name:"
"""The label of a spot in a path begins so; the path is the rest of it."""


class Site(msgspec.Struct, frozen=True, order=True):
    """Where a text stands: its place among the commits of the run, the commit ('' for the index) and its path ('' for
    a commit's or a tag's own text)."""

    order: int
    commit: str
    path: bytes


class Look(msgspec.Struct, frozen=True):
    """What one blob and the texts inside of it hold, by label."""

    size: int
    texts: dict[str, Found]
    problems: tuple[tuple[str, str], ...] = ()


class Before(msgspec.Struct, frozen=True):
    """What a place held before: secrets that were believed there, and those that a comment allowed."""

    shown: frozenset[bytes]
    allowed: frozenset[bytes]

    def new_in(self, found: Found) -> Found:
        """What of a text was not there before. A secret that loses its comment, or comes a second time without one, is
        new; so is a comment."""
        if not self.shown and not self.allowed:
            return found
        known = self.shown | self.allowed
        return Found(
            tuple(match for match in found.matches if match.secret.reveal() not in self.shown),
            tuple(
                item
                for item in found.held
                if item.secret is None
                or item.secret.reveal() not in (self.allowed if item.reason == "allowed" else known)
            ),
        )


class Intake:
    """Takes in the texts of one run, a step of the history after the other."""

    def __init__(self, blobs: Blobs, rules: RuleSet, settings: Settings) -> None:
        self.blobs, self.rules, self.settings = blobs, rules, settings
        self.active = active_rules(rules, settings)
        self.detector = Detector(rules, self.active)
        self.collector = Collector()
        self.sites: dict[tuple[str, str, bytes], set[Site]] = defaultdict(set)
        self.paths: dict[str, set[bytes]] = defaultdict(set)
        self.fresh: dict[bytes, str] = {}
        self.touched: dict[bytes, str] = {}
        self.counts: Counter[str] = Counter()
        self.bytes = 0
        self.skipped: set[Skipped] = set()
        self._looks: dict[str, Look] = {}
        self._seen: set[str] = set()
        self._order: dict[str, int] = {}

    def step(self, changes: Changes, renamed_from: Renamed, commit: str = "") -> None:
        """All that a commit, or the index, changes."""
        self.counts["submodule"] += changes.submodules
        for path in changes.unmerged:
            self.skip(path, "is unmerged; resolve it and `git add` it")
        for change in changes.files:
            self.touched[change.path] = change.blob
            self._change(change, renamed_from, self._site(commit, change.path))
        fresh = [change for change in changes.files if not change.before]
        self.fresh.update((change.path, change.blob) for change in fresh)
        if fresh and self.detector.detect(b"\n".join(change.path for change in fresh)):
            for change in fresh:
                label = NAME + change.path.decode("utf-8", "surrogateescape")
                self._keep(change.blob, label, self._site(commit, change.path), self.detector.detect(change.path))

    def text(self, oid: str, label: Literal["commit", "tag"]) -> None:
        """A commit's or a tag's own text: its message, and whoever made it."""
        try:
            content = self.blobs.content(oid)
        except ValueError as problem:
            self.skip(f"{label} {oid[:12]}".encode(), str(problem))
            return
        self._count(label, oid, len(content))
        self._keep(oid, label, self._site(oid, b""), self.detector.detect(content))

    def skip(self, path: bytes, reason: str, *, incomplete: bool = True) -> None:
        """Something was not looked at."""
        self.skipped.add(Skipped(printable(path), reason, incomplete=incomplete))

    def look(self, blob: str) -> Look:
        """What a blob holds; remembered. ValueError, saying why in a few words, where that cannot be told."""
        if blob not in self._looks:
            self._looks[blob] = self._look(blob)
        return self._looks[blob]

    def _look(self, blob: str) -> Look:
        size = self.blobs.size(blob)
        if size > self.settings.max_blob_size:
            raise _TooLargeError(f"is {size} bytes, over the limit of {self.settings.max_blob_size}")
        content = self.blobs.content(blob)
        texts = {"": self.detector.detect(content)}
        problems = []
        for inner in decode(content) if may_decode(content) else ():
            if inner.problem:
                problems.append((inner.label, inner.problem))
            else:
                texts[inner.label or "decoded"] = self.detector.detect(inner.data)
        return Look(size, texts, tuple(problems))

    def _change(self, change: Change, renamed_from: Renamed, site: Site) -> None:
        if self._excluded(change.path):
            self.counts["excluded file"] += 1
            return
        try:
            look = self.look(change.blob)
        except ValueError as problem:
            chosen = isinstance(problem, _TooLargeError) and self.settings.blob_size_chosen
            self.skip(change.path, str(problem), incomplete=not chosen)
            return
        self._count("file", change.blob, look.size)
        for label, reason in look.problems:
            self.skip(change.path + label.encode("utf-8", "surrogateescape"), reason)
        if any(look.texts.values()):
            self.paths[change.blob].add(change.path)
            before = self._before((*change.before, *renamed_from(change.path)))
            for label, found in look.texts.items():
                self._keep(change.blob, label, site, before.new_in(found))

    def _count(self, kind: str, oid: str, size: int) -> None:
        self.counts[kind] += 1
        if oid not in self._seen:
            self._seen.add(oid)
            self.bytes += size

    def _site(self, commit: str, path: bytes) -> Site:
        return Site(self._order.setdefault(commit, len(self._order)), commit, path)

    def _keep(self, oid: str, label: str, site: Site, found: Found) -> None:
        self.collector.add(found, oid, label)
        for secret in (*(match.secret for match in found.matches), *(item.secret for item in found.held)):
            if secret is not None:
                self.sites[oid, label, secret.reveal()].add(site)

    def _before(self, blobs: Iterable[str]) -> Before:
        """What was in any of these blobs. One that cannot be read says nothing."""
        shown: set[bytes] = set()
        allowed: set[bytes] = set()
        for blob in dict.fromkeys(blobs):
            try:
                looks = self.look(blob).texts.values()
            except ValueError:
                continue
            for found in looks:
                shown.update(match.secret.reveal() for match in found.matches)
                shown.update(part.secret.reveal() for match in found.matches for part in match.parts)
                allowed.update(item.secret.reveal() for item in found.held if item.secret and item.reason == "allowed")
        return Before(frozenset(shown), frozenset(allowed))

    def _excluded(self, path: bytes) -> bool:
        if not self.settings.exclude:
            return False
        from leakguard.globs import path_matches

        return path_matches(path.decode("utf-8", "surrogateescape"), self.settings.exclude)


class _TooLargeError(ValueError):
    """A blob is over the limit."""
