"""Where the secrets that a range brought in stand now: the line that a reviewer sees is that of the range's last commit.

A range is looked at commit by commit, so a place may be one of an earlier version of its file. Here each is looked for
in the last version; what is gone from there is told, but belongs to no line any more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pygit2

from leakguard.excerpt import TextView
from leakguard.git.repository import open_repository

if TYPE_CHECKING:
    from pathlib import Path

    from leakguard.detect.detector import Detector
    from leakguard.model import Finding, Place, Result


def at_head(result: Result, repository: Path, head: str, detector: Detector) -> Result:
    """The result with each finding's first place as it is in the commit `head`; `detector` masks what is quoted."""
    if not result.findings:
        return result
    commit = open_repository(repository).git[head]
    assert isinstance(commit, pygit2.Commit)
    view = _Tree(commit.tree, detector)
    return msgspec.structs.replace(result, findings=tuple(map(view.settle, result.findings)))


class _Tree:
    def __init__(self, tree: pygit2.Tree, detector: Detector) -> None:
        self.tree, self.detector = tree, detector
        self._views: dict[str, tuple[str, TextView] | None] = {}

    def settle(self, finding: Finding) -> Finding:
        """The finding with the places that are still there in front, and whether there is one."""
        value = finding.secret.reveal()
        there = tuple(filter(None, (self._place(place, value) for place in finding.places)))
        gone = tuple(place for place in finding.places if place.path not in {item.path for item in there})
        life = finding.provenance
        if life is not None:
            life = msgspec.structs.replace(life, in_head=bool(there))
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
            known = isinstance(blob, pygit2.Blob)
            self._views[path] = (str(blob.id), TextView(blob.data, self.detector)) if blob and known else None
        return self._views[path]
