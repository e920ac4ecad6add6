"""What libgit2 is asked of a repository: whatever we do not read ourselves. Imported where it is needed, not before."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from leakguard.errors import RepositoryError
from leakguard.git.libgit2 import pygit2
from leakguard.git.packs import BLOB, COMMIT, TAG, TREE
from leakguard.git.shown import open_shown

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_KIND_OF = {
    pygit2.enums.ObjectType.COMMIT: COMMIT,
    pygit2.enums.ObjectType.TREE: TREE,
    pygit2.enums.ObjectType.BLOB: BLOB,
    pygit2.enums.ObjectType.TAG: TAG,
}


def discover(path: Path) -> pygit2.Repository:
    """The repository at `path`, or that `path` lies in. RepositoryError where there is none that can be read."""
    found = pygit2.discover_repository(str(path))
    if found is None:
        raise RepositoryError(
            f"{path} is not in a git repository; give the path of one, or use `leakguard scan` for plain files."
        )
    try:
        return pygit2.Repository(found)
    except pygit2.GitError as problem:
        text = str(problem)
        if "object format" in text or "objectformat" in text or "sha256" in text.lower():
            raise RepositoryError(
                f"{path} names its objects by SHA-256, which the installed libgit2 cannot open; "
                "sweep a SHA-1 mirror of it, or scan a checkout with `leakguard scan`."
            ) from None
        if "unsupported extension" in text or "unsupported repository version" in text:
            what = "keeps its refs in a reftable" if "refstorage" in text else "is of a newer kind"
            raise RepositoryError(
                f"{path} {what}, which the installed libgit2 cannot open ({text}); sweep a mirror of it "
                "(`git clone --mirror`, for a reftable with `--ref-format=files`)."
            ) from None
        raise RepositoryError(f"{path} cannot be opened ({text}); run `git fsck` there.") from None


def references(git: pygit2.Repository) -> list[tuple[bytes, Callable[[], str]]]:
    """HEAD and then every ref, ordered by name, each with what gives the hex id that it leads to: KeyError, ValueError
    or OSError where it leads to none. ValueError where they cannot be listed."""
    try:
        listed = sorted(git.references.iterator(), key=lambda reference: reference.raw_name)
    except pygit2.GitError as problem:
        raise ValueError(str(problem)) from None
    named = [(found.raw_name, partial(_target, found.raw_name, found.resolve)) for found in listed]
    return [(b"HEAD", partial(_target, b"HEAD", lambda: git.head)), *named]


def check_name(name: bytes) -> None:
    """ValueError where git allows no ref of this name."""
    text = name.decode("utf-8", "backslashreplace")
    if text.encode() == name and not pygit2.reference_is_valid_name(text):
        raise ValueError("its name is none that git allows")


def _target(name: bytes, resolve: Callable[[], pygit2.Reference]) -> str:
    check_name(name)
    try:
        return str(resolve().target)
    except pygit2.GitError as problem:
        raise ValueError(str(problem)) from None


class Odb:
    """All objects that libgit2 finds: in the folder of a repository, or in the packs of some object folders."""

    def __init__(self, git_dir: Path, shown: tuple[Path, ...] | None) -> None:
        self._odb = pygit2.Repository(str(git_dir)).odb if shown is None else open_shown(shown)

    def __contains__(self, oid: str) -> bool:
        return oid in self._odb

    def read(self, oid: str) -> tuple[int, bytes]:
        """Kind and content. KeyError where there is no such object, ValueError where it is damaged."""
        kind, content = _told(self._odb.read, oid)
        return _KIND_OF.get(pygit2.enums.ObjectType(kind), 0), bytes(content)

    def header(self, oid: str) -> tuple[int, int]:
        """Kind and size. KeyError and ValueError as `read`."""
        kind, size = _told(self._odb.read_header, oid)
        return _KIND_OF.get(pygit2.enums.ObjectType(kind), 0), int(size)


def _told(ask: Callable[[str], tuple[int, Any]], oid: str) -> tuple[int, Any]:
    try:
        return ask(oid)
    except KeyError:
        raise
    except (pygit2.GitError, OSError, MemoryError) as problem:
        raise ValueError(str(problem) or "cannot be read") from None
