"""The fingerprint key of a clone: a file in its git folder, which git never commits and a sweep does not read."""

from __future__ import annotations

import os
from pathlib import Path

from leakguard.errors import UsageError

_PLACE = ("leakguard", "fingerprint-key")


def read_key(folder: Path) -> str:
    """The key of the clone that `folder` is in, '' where it has none."""
    place = key_file(folder)
    if place is None or not place.is_file():
        return ""
    try:
        return place.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        raise UsageError(f"the fingerprint key in {place} cannot be read; check the file.") from None


def write_key(folder: Path, key: str = "") -> Path:
    """Keep `key` (or a new random one) for this clone, readable for its owner only; where it went."""
    import secrets

    place = key_file(folder)
    if place is None:
        raise UsageError(f"{folder} is in no git repository, which could keep the key; set LEAKGUARD_FINGERPRINT_KEY.")
    try:
        place.parent.mkdir(exist_ok=True)
        handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as out:
            out.write((key or secrets.token_hex(32)) + "\n")
    except (OSError, UnicodeEncodeError) as problem:
        raise UsageError(f"the fingerprint key cannot be kept in {place} ({problem}); use plain letters.") from None
    return place


def key_file(folder: Path) -> Path | None:
    """Where the clone that `folder` is in keeps its key; all its worktrees share one. None outside of a repository."""
    folder = folder.resolve()
    for place in (folder, *folder.parents):
        found = _git_folder(place)
        if found:
            return found.joinpath(*_PLACE)
    return None


def _git_folder(place: Path) -> Path | None:
    """The common git folder of the repository whose root is `place`."""
    dot = place / ".git"
    if dot.is_file():
        pointer = _line(dot).removeprefix("gitdir:").strip()
        private = place / pointer
        common = _line(private / "commondir")
        return (private / common).resolve() if common else private.resolve()
    if dot.is_dir():
        return dot
    return place if (place / "objects").is_dir() and (place / "HEAD").is_file() and (place / "refs").is_dir() else None


def _line(file: Path) -> str:
    try:
        return file.read_text("utf-8", "surrogateescape").strip()
    except OSError:
        return ""
