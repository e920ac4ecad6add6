"""The newest states that changes lead to: a range is looked at commit by commit, but people and machines read its end.

What the changes brought is looked for there, so that a finding has the line that a reviewer sees; what a later commit
took out again has no line any more and is told all the same.
"""

from __future__ import annotations

import os
from collections import defaultdict
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import msgspec

from leakguard.changes.intake import NAME
from leakguard.collect import Spot
from leakguard.git.libgit2 import pygit2

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leakguard.changes.intake import Intake, Site

_UNREADABLE = (KeyError, ValueError, pygit2.GitError)


class Tips:
    """The ends of what is looked at, as (ref, object); a ref is '' where none is known. Tips go by their numbers."""

    def __init__(self, git: pygit2.Repository, tips: Sequence[tuple[str, str]]) -> None:
        self._git, self._tips = git, tips
        self.blob = lru_cache(maxsize=4096)(self._blob)
        self.tree = lru_cache(maxsize=64)(self._tree)

    def with_path(self, path: bytes, blob: str = "") -> frozenset[int]:
        """The tips that have a file at a path; with `blob`, this very one."""
        found = ((number, self.blob(number, path)) for number in range(len(self._tips)))
        return frozenset(number for number, oid in found if oid and oid == (blob or oid))

    def with_text(self, oid: str) -> frozenset[int]:
        """The tips that have a commit in their history, or are the annotated tag `oid`."""
        return frozenset(number for number, (_, tip) in enumerate(self._tips) if self._reaches(tip, oid))

    def refs(self, numbers: frozenset[int]) -> tuple[str, ...]:
        """The names of tips that have one."""
        return tuple(sorted({self._tips[number][0] for number in numbers} - {""}))

    def _blob(self, number: int, path: bytes) -> str:
        tree = self.tree(number)
        try:
            return str(tree[os.fsdecode(path)].id) if tree is not None else ""
        except _UNREADABLE:
            return ""

    def _tree(self, number: int) -> pygit2.Tree | None:
        try:
            return self._git[self._tips[number][1]].peel(pygit2.Tree)
        except _UNREADABLE:
            return None

    def _reaches(self, tip: str, oid: str) -> bool:
        if tip == oid:
            return True
        try:
            commit = str(self._git[tip].peel(pygit2.Commit).id)
            return commit == oid or bool(self._git.descendant_of(commit, oid))
        except _UNREADABLE:
            return False


class Standing(msgspec.Struct, frozen=True):
    """What the newest states have of a secret: the files, by path, and the tips that have it in whatever text."""

    spots: tuple[tuple[bytes, Spot], ...]
    tips: frozenset[int]


class Newest:
    """Looks for what was taken in at the ends of what is looked at."""

    def __init__(self, intake: Intake, tips: Tips) -> None:
        self.intake, self.tips = intake, tips

    def standing(self, value: bytes, came: Sequence[tuple[Site, Spot]]) -> Standing:
        """Where a secret is now: at the paths where it came in, in that order; else where its file was moved to."""
        order = {path: number for number, path in enumerate(dict.fromkeys(site.path for site, _ in came))}
        found = [
            (order.get(path, 0), path, spot, tips)
            for spot in self._spots_by_value.get(value, ())
            for path in self.intake.paths[spot.holder]
            if (tips := self.tips.with_path(path, spot.holder))
        ]
        found = sorted(item for item in found if item[1] in order) or sorted(found)
        having = frozenset[int]().union(*(self._told(*item) for item in came), *(item[3] for item in found))
        return Standing(tuple((path, spot) for _, path, spot, _ in found), having)

    def _told(self, site: Site, spot: Spot) -> frozenset[int]:
        """The tips that have a text which is no file's content: a commit's or a tag's own, a path."""
        if not site.path:
            return self.tips.with_text(spot.holder)
        return self.tips.with_path(site.path) if spot.label.startswith(NAME) else frozenset()

    @cached_property
    def _spots_by_value(self) -> dict[bytes, list[Spot]]:
        """Every spot in a file that the changes put somewhere, under whatever rule."""
        spots: dict[bytes, list[Spot]] = defaultdict(list)
        for blob in sorted(self.intake.paths):
            for label, found in self.intake.look(blob).texts.items():
                for match in found.matches:
                    spots[match.secret.reveal()].append(Spot(blob, label, match.start, match.end))
        return spots
