"""Git folders that are laid out in the usual way, and the refs in them, read without libgit2.

To import libgit2 takes longer than all else at the start of a sweep. What is unusual in any way (a linked worktree, an
extension, a ref that leads nowhere, a name that is not plain ASCII) is left to it: the answer here is None then.
Sources: git's gitrepository-layout, git-config and git-check-ref-format pages, and refs/packed-backend.c.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

_REMARK = r"[ \t]*(?:[#;][^\\\0]*)?"
_SECTION = rf'[ \t]*\[([A-Za-z0-9-]+)(?: "[^"\\\0]*")?\]{_REMARK}'
_SETTING = rf'[ \t]*([A-Za-z][A-Za-z0-9-]*)[ \t]*=[ \t]*([^"\\#;\0]*){_REMARK}'
_CHANGES_MUCH = {"extensions", "include", "includeif"}
"""Sections that may say that a repository is kept in another way."""

_PLAIN = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+=,#%!&'()@.-/\n"
_ODD = (b"..", b"//", b"/.", b"./", b".lock/", b"/\n", b".\n", b".lock\n")
_DIGITS = b"0123456789abcdef"
_DEEPEST = 5
"""How often a ref may stand for another one."""


def find_git_folder(path: Path) -> Path | None:
    """The git folder that lies in `path`, or that `path` is."""
    for folder in (path / ".git", path):
        if folder.joinpath("HEAD").is_file() and folder.joinpath("objects").is_dir():
            return folder.resolve() if _is_usual_folder(folder) else None
        if folder != path and os.path.lexists(folder):
            return None
    return None


def _is_usual_folder(folder: Path) -> bool:
    """Whether it has its own HEAD and refs, and no configuration that says how else things are kept."""
    refs = folder / "refs"
    if not refs.is_dir() or any(map(os.path.islink, (folder, refs, folder / "HEAD"))):
        return False
    if os.path.lexists(folder / "commondir"):
        return False
    try:
        config = folder.joinpath("config").read_text("utf-8")
    except FileNotFoundError:
        return True
    except (OSError, ValueError):
        return False
    return all(map(_is_usual_line, config.split("\n")))


def _is_usual_line(line: str) -> bool:
    """Whether a line of a configuration means what it seems to, and nothing that matters here."""
    if section := re.fullmatch(_SECTION, line):
        return section[1].lower() not in _CHANGES_MUCH
    if setting := re.fullmatch(_SETTING, line):
        return setting[1].lower() != "repositoryformatversion" or setting[2].strip() == "0"
    return re.fullmatch(_REMARK, line) is not None


def read_refs(folder: Path) -> list[tuple[bytes, str]] | None:
    """HEAD and then every ref of a git folder, ordered by name, each with the hex id that it leads to."""
    try:
        # Before the packed ones: what is packed meanwhile is seen twice, and not missed.
        loose = {os.fsencode(name): place.read_bytes() for name, place in _loose(folder / "refs", "refs")}
        refs = {**_packed(folder / "packed-refs"), **loose}
        if not _are_plain(refs):
            return None
        refs.update((name, _resolve(text, refs)) for name, text in loose.items())
        head = _resolve(folder.joinpath("HEAD").read_bytes(), refs)
    except (OSError, ValueError):
        return None
    return [(b"HEAD", head.decode()), *((name, refs[name].decode()) for name in sorted(refs))]


def _loose(folder: Path, prefix: str) -> Iterator[tuple[str, Path]]:
    for entry in os.scandir(folder):
        name, place = f"{prefix}/{entry.name}", folder / entry.name
        if entry.is_dir(follow_symlinks=False):
            yield from _loose(place, name)
        elif entry.is_file(follow_symlinks=False):
            yield name, place
        else:
            raise ValueError("is neither a file nor a folder")


def _packed(place: Path) -> dict[bytes, bytes]:
    try:
        head, *lines, end = place.read_bytes().split(b"\n")
    except FileNotFoundError:
        return {}
    lines = lines if head.startswith(b"#") else [head, *lines]
    named = [line for line in lines if line[40:46] == b" refs/"]
    refs = {line[41:]: line[:40] for line in named}
    # Where a line is that says to what the tag before it leads.
    peeled = [at for at, line in enumerate(lines) if len(line) == 41 and line.startswith(b"^")]
    whole = not end and len(named) + len(peeled) == len(lines) and len(refs) == len(named)
    orphans = {0, *(at + 1 for at in peeled)}.intersection(peeled)
    ids = b"".join([*refs.values(), *(lines[at][1:] for at in peeled)])
    if not whole or orphans or ids.translate(None, _DIGITS):
        raise ValueError("is not as git writes it")
    return refs


def _are_plain(names: Collection[bytes]) -> bool:
    """Whether git allows refs of these names, whatever the system."""
    text = b"\n".join([*names, b""])
    return text.count(b"\n") == len(names) and not text.translate(None, _PLAIN) and not any(map(text.count, _ODD))


def _resolve(text: bytes, refs: dict[bytes, bytes]) -> bytes:
    """The id that a ref's text leads to."""
    for _ in range(_DEEPEST):
        text = text.removesuffix(b"\n")
        if len(text) == 40 and not text.translate(None, _DIGITS):
            return text
        if not text.startswith(b"ref: "):
            break
        text = refs.get(text[5:], b"")
    raise ValueError("leads to no object")
