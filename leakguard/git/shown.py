"""What libgit2 is shown of a repository's packs, where it is to list and read them.

It believes a multi-pack-index blindly: one that lies hides objects from it, or makes it read beyond its memory. And it
lists nothing after the first index of which it can make no sense. Where there is either, it is shown each pack alone,
in a folder of links.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from leakguard.git.libgit2 import pygit2

if TYPE_CHECKING:
    from pathlib import Path

    from leakguard.git.repository import Repository


class Shown(msgspec.Struct, frozen=True):
    """The hex ids that packs list, the object folders to read them from, and (pack, reason) for what cannot be used."""

    ids: frozenset[str]
    folders: tuple[Path, ...]
    problems: tuple[tuple[str, str], ...] = ()


def show_packs(repository: Repository, links: Path) -> Shown:
    """All packs of a repository. `links` is an empty folder for links to those that have to be shown alone."""
    ids: set[str] = set()
    folders: list[Path] = []
    problems: list[tuple[str, str]] = []
    packs = repository.packs()
    for number, folder in enumerate(repository.object_folders):
        whole = _list_whole(folder)
        if whole is not None:
            ids |= whole
            folders.append(folder)
            continue
        for at, index in enumerate(index for index in packs if index.parent.parent == folder):
            alone = links / f"{number}-{at}"
            try:
                _link(index, alone)
                ids |= _list(alone)
            except (pygit2.GitError, OSError) as problem:
                problems.append((index.with_suffix(".pack").name, f"cannot be used ({problem})"))
            else:
                folders.append(alone)
    return Shown(frozenset(ids), tuple(folders), tuple(problems))


def open_shown(folders: tuple[Path, ...]) -> pygit2.Odb:
    """The packs of some object folders, as libgit2 reads them."""
    odb = pygit2.Odb()
    for folder in folders:
        odb.add_backend(pygit2.OdbBackendPack(str(folder)), 1)
    return odb


def _list_whole(folder: Path) -> set[str] | None:
    """What the packs of a folder list; None where libgit2 should not be asked, or gives up."""
    if (folder / "pack" / "multi-pack-index").exists():
        return None
    try:
        return _list(folder)
    except pygit2.GitError:
        return None


def _list(folder: Path) -> set[str]:
    return set(map(str, pygit2.OdbBackendPack(str(folder))))


def _link(index: Path, folder: Path) -> None:
    """A folder in which this pack is the only one."""
    (folder / "pack").mkdir(parents=True)
    for place in (index, index.with_suffix(".pack")):
        (folder / "pack" / place.name).symlink_to(place.resolve(strict=True))
