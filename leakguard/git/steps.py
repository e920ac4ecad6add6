"""One step of a history (a commit, or the index that is to become one) held against each of its parents.

A place is changed by a step where it differs from every parent: what a merge takes over from one of its sides is not
the merge's own. What was at a place before is told as blob ids, those of the file that git would call renamed included,
so that whoever finds something in the new blob can ask whether it was there already.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from pygit2.enums import DeltaStatus, DiffFind, DiffOption, FileMode

from leakguard.git.libgit2 import pygit2

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
"""The tree without entries, which every object database has."""

FLAGS = DiffOption.INCLUDE_TYPECHANGE | DiffOption.SKIP_BINARY_CHECK

_EMPTY_BLOB = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
_GONE = (DeltaStatus.DELETED, DeltaStatus.UNMODIFIED)


def empty_tree(repo: pygit2.Repository) -> pygit2.Tree:
    """What the first commit is held against."""
    return repo[EMPTY_TREE].peel(pygit2.Tree)


class Change(msgspec.Struct, frozen=True):
    """A place where a step puts a blob that no parent has there. `before`: what the parents have there, by id."""

    path: bytes
    blob: str
    before: tuple[str, ...] = ()


class Changes(msgspec.Struct, frozen=True):
    """All places that one step changes, in the order of their paths. `submodules` and `unmerged` hold no blob."""

    files: tuple[Change, ...] = ()
    submodules: int = 0
    unmerged: tuple[bytes, ...] = ()


class Step:
    """A commit or the index against its parents. `diffs` makes the differences to each of them, whenever asked."""

    def __init__(self, diffs: Callable[[], Sequence[pygit2.Diff]]) -> None:
        self._diffs = diffs
        self._renamed: dict[bytes, list[str]] | None = None

    def changes(self) -> Changes:
        """What differs from every parent. GitError or KeyError where a tree cannot be read."""
        found = [_Side(diff.deltas) for diff in self._diffs()]
        first, others = found[0], found[1:]
        files = [
            Change(path, blob, tuple(old for side in found if (old := side.before[path])))
            for path, blob in first.files.items()
            if all(path in side.files for side in others)
        ]
        return Changes(
            tuple(sorted(files, key=lambda change: change.path)), first.submodules, tuple(sorted(first.unmerged))
        )

    def renamed_from(self, path: bytes) -> list[str]:
        """The blobs of the files that `path` was made of by renaming or by copying a changed one. Compares contents, so
        it is asked only where something was found."""
        if self._renamed is None:
            self._renamed = {}
            for diff in self._diffs():
                diff.find_similar(DiffFind.FIND_RENAMES)
                for delta in diff.deltas:
                    if delta.status in (DeltaStatus.RENAMED, DeltaStatus.COPIED):
                        self._renamed.setdefault(delta.new_file.raw_path, []).append(str(delta.old_file.id))
        return self._renamed.get(path, [])


class _Side:
    """The differences to one parent: path to new blob, path to old blob."""

    def __init__(self, deltas: Iterable[pygit2.DiffDelta]) -> None:
        self.files: dict[bytes, str] = {}
        self.before: dict[bytes, str] = {}
        self.submodules = 0
        self.unmerged: list[bytes] = []
        for delta in deltas:
            new, status = delta.new_file, delta.status
            if status in _GONE:
                continue
            if status == DeltaStatus.CONFLICTED:
                self.unmerged.append(new.raw_path or delta.old_file.raw_path)
            elif new.mode == FileMode.COMMIT:
                self.submodules += 1
            else:
                old = delta.old_file
                self.files[new.raw_path] = str(new.id)
                self.before[new.raw_path] = (
                    "" if status == DeltaStatus.ADDED or old.mode == FileMode.COMMIT else str(old.id)
                )


class Blobs:
    """Contents by id, through libgit2 and whatever object folders it was told of."""

    def __init__(self, repo: pygit2.Repository) -> None:
        self._odb = repo.odb

    def size(self, blob: str) -> int:
        """How many bytes a blob has. ValueError, saying why in a few words, where it cannot be read."""
        if blob == _EMPTY_BLOB:
            return 0
        try:
            return int(self._odb.read_header(blob)[1])
        except (KeyError, pygit2.GitError, OSError) as problem:
            raise _unreadable(problem) from None

    def content(self, oid: str) -> bytes:
        """The bytes of a blob, or of any other object. ValueError as `size`."""
        if oid == _EMPTY_BLOB:
            return b""
        try:
            return bytes(self._odb.read(oid)[1])
        except (KeyError, pygit2.GitError, OSError, MemoryError) as problem:
            raise _unreadable(problem) from None


def _unreadable(problem: Exception) -> ValueError:
    if isinstance(problem, KeyError):
        return ValueError("is not in this clone; fetch it (`git fetch --refetch`) and try again")
    return ValueError(f"cannot be read; run `git fsck` ({problem})")
