"""The files that are tracked, and the one line that other commands' reports say of those that should not be."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from leakguard.errors import RepositoryError
from leakguard.hygiene.names import HEAD_BYTES, remark

if TYPE_CHECKING:
    from leakguard.git.libgit2 import pygit2
    from leakguard.git.repository import Repository


def tracked_files(repo: pygit2.Repository) -> list[str]:
    """The paths in the index. RepositoryError where it cannot be read."""
    from leakguard.git.libgit2 import pygit2

    try:
        return sorted({entry.path for entry in repo.index})
    except (pygit2.GitError, OSError) as problem:
        raise RepositoryError(
            f"the index of {repo.workdir} cannot be read ({problem}); delete .git/index and run `git reset`."
        ) from None


def summary(repository: Repository) -> str:
    """One line for other commands' reports: how many sensitive files are tracked, '' where none is. Reads the index
    only, so that a hook can afford it."""
    try:
        repo = repository.git
        paths = tracked_files(repo)
    except RepositoryError:
        return ""
    root = Path(repo.workdir or repository.path)
    return remark(paths, lambda name: read_head(root / name))


def read_head(place: Path) -> bytes:
    """A file's first bytes; none where it cannot be read."""
    try:
        with place.open("rb") as file:
            return file.read(HEAD_BYTES)
    except OSError:
        return b""
