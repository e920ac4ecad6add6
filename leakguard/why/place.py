"""From what a person types to the text and line that are meant: FILE:LINE, REV:FILE:LINE, or a place of a finding."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from leakguard.detect.decoders import find_inner, may_decode
from leakguard.errors import UsageError

if TYPE_CHECKING:
    from leakguard.model import Place

DECODED = "decoded"
"""The label of a text that is the file itself in another encoding."""


class Text(msgspec.Struct, frozen=True):
    """One line of a text. `content` is the whole file's; `label` names the text inside of it that is meant, '' for its
    own bytes. `version` is '' for a file of the working tree."""

    path: str
    line: int
    content: bytes
    label: str = ""
    version: str = ""

    @property
    def text(self) -> bytes:
        """The text that the line is of."""
        inner = find_inner(self.content, self.label) if self.label else None
        return self.content if inner is None else inner


def split_line(target: str) -> tuple[str, int] | None:
    """`path:line` in its parts, None where no line is named."""
    path, _, line = target.rpartition(":")
    return (path, int(line)) if path and line.isdecimal() and int(line) > 0 else None


def find_text(path: str, line: int, folder: Path) -> Text:
    """The line of FILE, of FILE!MEMBER, or of REV:FILE in the repository of `folder`. UsageError where none is."""
    for at, name, label in _readings(path):
        if Path(name).is_file():
            try:
                content = Path(name).read_bytes()
            except OSError as problem:
                raise UsageError(f"{name} cannot be read ({problem.strerror}); check the path.") from None
            return _checked(Text(name, line, content, label or _encoding(content)), at)
    revision, colon, name = path.partition(":")
    if not colon:
        raise UsageError(f"{path} is no file here; write FILE:LINE, REV:FILE:LINE or a finding's fingerprint.")
    content = _from_git(folder, revision, name)
    return _checked(Text(name, line, content, _encoding(content), revision), path)


def text_of(place: Place, folder: Path) -> Text:
    """The line of a finding's place: in the object that it names, or in the file."""
    if place.source not in ("blob", "file", "commit", "tag"):
        raise UsageError(f"that finding stands in a {place.source}, which is no text with lines of its own.")
    if not place.object:
        return find_text(place.path, place.line, folder)
    path, _, member = place.path.partition("!")
    content = _from_git(folder, place.object)
    label = f"!{member}" if member else _encoding(content)
    return _checked(Text(path, place.line, content, label, place.object[:12]), place.path)


def _readings(path: str) -> list[tuple[str, str, str]]:
    """The path as it is, and with a member of an archive split off at each `!`."""
    cuts = [at for at, letter in enumerate(path) if letter == "!"]
    return [(path, path, ""), *((path, path[:at], path[at:]) for at in cuts)]


def _encoding(content: bytes) -> str:
    return DECODED if may_decode(content) and find_inner(content, DECODED) is not None else ""


def _from_git(folder: Path, revision: str, path: str = "") -> bytes:
    import pygit2

    from leakguard.git.repository import open_repository

    name = f"{revision}:{path}" if path else revision
    try:
        found = open_repository(folder).git.revparse_single(name)
    except (KeyError, ValueError, pygit2.GitError):
        raise UsageError(f"{name} is neither a file here nor in the repository; check revision and path.") from None
    if path and not isinstance(found, pygit2.Blob):
        raise UsageError(f"{name} is no file; write REV:FILE:LINE with the path from the repository's root.")
    return bytes(found.read_raw())


def _checked(text: Text, shown: str) -> Text:
    lines = text.text.count(b"\n") + 1
    if text.line > lines:
        raise UsageError(f"{shown} has {lines:,} lines, and no line {text.line}.")
    return text
