"""A result as CI has to tell it: at the lines that a reviewer sees, and of commits that all came from a server.

A range is looked at commit by commit, so a place may be one of an earlier version of its file. Here each is looked for
in the last version; what is gone from there is told, but belongs to no line any more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pygit2

from leakguard.advice.steps import advise
from leakguard.excerpt import TextView, escape
from leakguard.git.repository import open_repository

if TYPE_CHECKING:
    from pathlib import Path

    from leakguard.detect.detector import Detector
    from leakguard.model import Finding, Place, Result


def at_head(result: Result, repository: Path, head: str, ref: str, detector: Detector) -> Result:
    """The result with each finding's first place as it is in the commit `head`, which `ref` holds ('': not known);
    `detector` masks what is quoted."""
    if not result.findings:
        return result
    commit = open_repository(repository).git[head].peel(pygit2.Commit)
    view = _Tree(commit.tree, escape(ref), detector)
    return msgspec.structs.replace(result, findings=tuple(map(view.settle, result.findings)))


def as_published(result: Result) -> Result:
    """The result with every secret told as pushed, which no ref of a CI checkout may show, and with advice to fit."""
    return msgspec.structs.replace(result, findings=tuple(_published(finding, result) for finding in result.findings))


def _published(finding: Finding, result: Result) -> Finding:
    life = finding.provenance
    if life is None or life.unreachable:
        return finding
    told = msgspec.structs.replace(finding, provenance=msgspec.structs.replace(life, pushed=True))
    return msgspec.structs.replace(told, advice=advise(told, result.guidance.get(finding.rule)))


class _Tree:
    def __init__(self, tree: pygit2.Tree, ref: str, detector: Detector) -> None:
        self.tree, self.refs, self.detector = tree, (ref,) if ref else (), detector
        self._views: dict[str, tuple[str, TextView] | None] = {}

    def settle(self, finding: Finding) -> Finding:
        """The finding with the places that are still there in front, and whether there is one."""
        value = finding.secret.reveal()
        there = tuple(filter(None, (self._place(place, value) for place in finding.places)))
        gone = tuple(place for place in finding.places if place.path not in {item.path for item in there})
        life = finding.provenance
        if life is not None:
            refs = self.refs if there else ()
            life = msgspec.structs.replace(life, in_head=bool(there), refs=refs, ref_count=len(refs))
        return msgspec.structs.replace(finding, places=tuple(dict.fromkeys((*there, *gone))), provenance=life)

    def _place(self, place: Place, value: bytes) -> Place | None:
        if place.source != "blob":
            return None
        found = self._view(place.path)
        if found is None:
            return None
        oid, view = found
        if oid == place.object:
            return place
        start = view.data.find(value)
        if start < 0:
            return None
        return view.place(place.path, start, start + len(value), "blob", oid, mask=True)

    def _view(self, path: str) -> tuple[str, TextView] | None:
        """The blob at a path. A path that had to be escaped to be shown is not found, and belongs to no line."""
        if path not in self._views:
            try:
                blob = self.tree[path]
            except (KeyError, ValueError):
                blob = None
            found = (str(blob.id), TextView(blob.data, self.detector)) if isinstance(blob, pygit2.Blob) else None
            self._views[path] = found
        return self._views[path]
