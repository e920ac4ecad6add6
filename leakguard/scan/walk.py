"""Which files there are, in batches of about equal work."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from leakguard.excerpt import printable
from leakguard.globs import path_matches
from leakguard.model import Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SPAN = 512 << 10
"""Bytes of one batch, if its files are not larger: a fraction of a second's work."""
MOST = 256
"""Files of one batch: empty ones cost something, too."""


class Batch(msgspec.Struct, frozen=True):
    """Files for one worker to read at one go, and their size in bytes when they were listed."""

    files: tuple[str, ...]
    size: int


class Walk:
    """The regular files at or under some paths; links are not followed, `.git` is `sweep`'s business."""

    def __init__(self, paths: Sequence[str], exclude: Sequence[str]) -> None:
        self.paths, self.exclude = paths, exclude
        self.skipped: list[Skipped] = []
        self.seen = 0

    def batches(self) -> Iterator[Batch]:
        """All files, in order."""
        files: list[str] = []
        size = 0
        for name, length in self._files():
            self.seen += 1
            if files and (size + length > SPAN or len(files) >= MOST):
                yield Batch(tuple(files), size)
                files, size = [], 0
            files.append(name)
            size += length
        if files:
            yield Batch(tuple(files), size)

    def _files(self) -> Iterator[tuple[str, int]]:
        for path in self.paths:
            place = Path(path)
            if place.is_dir() and not place.is_symlink():
                yield from self._below(path)
            else:
                yield path, _size(place)

    def _below(self, folder: str) -> Iterator[tuple[str, int]]:
        """Depth first. Folders may be nested deeper than Python's stack is."""
        waiting = [self._entries(folder)]
        while waiting:
            entry = next(waiting[-1], None)
            if entry is None:
                waiting.pop()
            elif entry.is_dir(follow_symlinks=False):
                waiting.append(self._entries(entry.path))
            elif entry.is_file(follow_symlinks=False):
                yield _named(entry.path), _size(entry)

    def _entries(self, folder: str) -> Iterator[os.DirEntry[str]]:
        try:
            with os.scandir(folder) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
        except OSError as problem:
            reason = f"cannot be read ({problem.strerror})"
            self.skipped.append(Skipped(printable(os.fsencode(_named(folder))), reason))
            return iter(())
        return (entry for entry in found if entry.name != ".git" and not self._excluded(entry.path))

    def _excluded(self, path: str) -> bool:
        return bool(self.exclude) and path_matches(_named(path).replace(os.sep, "/"), self.exclude)


def _named(path: str) -> str:
    """A path as a person would write it: what lies in the current folder needs no `./`."""
    return path[2:] if path.startswith(f".{os.sep}") else path


def _size(file: Path | os.DirEntry[str]) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0  # whoever reads it says why it cannot be read
