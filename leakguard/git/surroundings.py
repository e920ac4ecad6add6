"""Where git told a hook that things are: its own folder, the index to be committed, the objects in quarantine.

Git hands these to its hooks in the environment. The command line reads them there; what is here takes them as a value.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from leakguard.errors import RepositoryError
from leakguard.git.libgit2 import pygit2
from leakguard.git.quoted import parse_folders
from leakguard.git.repository import open_repository

if TYPE_CHECKING:
    from collections.abc import Mapping

    from leakguard.git.repository import Repository


class Surroundings(msgspec.Struct, frozen=True):
    """What GIT_DIR, GIT_INDEX_FILE, GIT_OBJECT_DIRECTORY with GIT_ALTERNATE_OBJECT_DIRECTORIES, and git merge's
    GITHEAD_* variables say; empty where git said nothing."""

    git_dir: Path | None = None
    index: Path | None = None
    objects: tuple[Path, ...] = ()
    merging: tuple[str, ...] = ()


def parse_surroundings(environment: Mapping[str, str]) -> Surroundings:
    """The surroundings that git's variables in `environment` tell of."""
    own = environment.get("GIT_OBJECT_DIRECTORY", "")
    others = os.fsencode(environment.get("GIT_ALTERNATE_OBJECT_DIRECTORIES", ""))
    folders = map(os.fsdecode, parse_folders(others, os.pathsep.encode()))
    return Surroundings(
        git_dir=_path(environment.get("GIT_DIR", "")),
        index=_path(environment.get("GIT_INDEX_FILE", "")),
        objects=tuple(Path(folder) for folder in (own, *folders) if folder),
        merging=tuple(name[8:] for name in environment if name.startswith("GITHEAD_") and len(name) in (48, 72)),
    )


def open_surrounded(folder: Path, surroundings: Surroundings) -> Repository:
    """The repository that git's variables name, else the one that `folder` is in, with the objects of the quarantine.
    RepositoryError where there is none that can be read."""
    repository = open_repository(surroundings.git_dir or folder)
    for objects in surroundings.objects:
        if not objects.is_dir():
            raise RepositoryError(f"the object folder {objects}, which git names, is not there; run `git fsck`.")
        try:
            repository.git.odb.add_disk_alternate(str(objects.absolute()))
        except pygit2.GitError as problem:
            raise RepositoryError(
                f"the object folder {objects} cannot be opened ({problem}); run `git fsck`."
            ) from None
    return repository


def _path(text: str) -> Path | None:
    return Path(text) if text else None
