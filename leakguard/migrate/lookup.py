"""Which secret another tool means by a commit, a path and a line: leakguard looks there itself."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from leakguard.git.libgit2 import pygit2

if TYPE_CHECKING:
    from leakguard.detect.detector import Detector
    from leakguard.model import Match

LIMIT = 32 << 20


class Lookup:
    """Texts of a repository (or of a plain folder), and what leakguard finds in them."""

    def __init__(self, root: Path, detector: Detector, rules: frozenset[str]) -> None:
        self.root, self.detector, self.rules = root.resolve(), detector, rules
        found = pygit2.discover_repository(str(root))
        self.repo = pygit2.Repository(found) if found else None
        self._texts: dict[tuple[str, str], tuple[bytes, list[tuple[int, Match]]]] = {}

    def matches(self, path: str, commit: str = "") -> list[tuple[int, Match]]:
        """(line, match) of everything in a file, as of a commit or as it lies there; nothing where it is not there."""
        key = (commit, path)
        if key not in self._texts:
            data = self._committed(path, commit) if commit else self._lying(path)
            found = self.detector.detect(data).matches
            self._texts[key] = data, [(data.count(b"\n", 0, match.start) + 1, match) for match in found]
        return self._texts[key][1]

    def at(self, path: str, line: int, commit: str = "") -> list[Match]:
        """What is found on one line. A finding of many lines counts for each of them."""
        return [
            match
            for first, match in self.matches(path, commit)
            if first <= line <= first + _breaks(match.secret.reveal())
        ]

    def exists(self, path: str, commit: str = "") -> bool:
        """Whether there is such a file."""
        self.matches(path, commit)
        return bool(self._texts[commit, path][0])

    def _lying(self, path: str) -> bytes:
        place = (self.root / PurePosixPath(path)).resolve()
        if not place.is_relative_to(self.root) or not place.is_file():
            return self._committed(path, "HEAD")
        try:
            with place.open("rb") as file:
                return file.read(LIMIT)
        except OSError:
            return b""

    def _committed(self, path: str, commit: str) -> bytes:
        if self.repo is None:
            return b""
        try:
            tree = self.repo.revparse_single(commit).peel(pygit2.Commit).tree
            return (tree / path).read_raw()[:LIMIT]
        except (KeyError, ValueError, TypeError, pygit2.GitError):
            return b""


def _breaks(value: bytes) -> int:
    return value.count(b"\n")
