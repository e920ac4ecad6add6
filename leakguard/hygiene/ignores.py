"""What git ignores, asked of libgit2 itself, and by whose word."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from leakguard.git.libgit2 import pygit2

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

FILE_NAME = ".gitignore"


class Ignores:
    """Three views of one work tree: all rules that hold here, those that teammates get too, and those without any
    negation. The last two live in empty repositories in a temporary folder; the repository itself is only read."""

    def __init__(self, repo: pygit2.Repository, root: Path, ignore_files: Iterable[str]) -> None:
        self._repo = repo
        self._folder = tempfile.TemporaryDirectory(prefix="leakguard-")
        base = Path(self._folder.name)
        fold = bool(repo.config["core.ignorecase"]) if "core.ignorecase" in repo.config else False
        self._shared = _beside(base / "shared", root, fold=fold)
        plain = base / "plain"
        plain.mkdir()
        for name in ignore_files:
            _copy_without_negations(root / name, plain / name)
        self._plain = _beside(base / "git", plain, fold=fold)

    def __enter__(self) -> Ignores:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._shared.free()
        self._plain.free()
        self._folder.cleanup()

    def here(self, path: str) -> bool:
        """Whether git ignores this path on this machine."""
        return _asked(self._repo, path)

    def everywhere(self, path: str) -> bool:
        """Whether the committed ignore files alone ignore it."""
        return _asked(self._shared, path)

    def but_for_negations(self, path: str) -> bool:
        """Whether they would, if no line of theirs began with an exclamation mark."""
        return _asked(self._plain, path)


class Rules:
    """The rules of one ignore file that is written like .gitignore (.npmignore, .gcloudignore), on their own."""

    def __init__(self, text: bytes) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="leakguard-")
        base = Path(self._folder.name)
        (base / "tree").mkdir()
        (base / "tree" / FILE_NAME).write_bytes(text)
        self._repo = _beside(base / "git", base / "tree", fold=False)

    def hide(self, path: str) -> bool:
        """Whether they hide this path."""
        return _asked(self._repo, path)


def _asked(repo: pygit2.Repository, path: str) -> bool:
    # libgit2's binding takes text only: a byte that is no UTF-8 is asked about as a question mark.
    return bool(repo.path_is_ignored(path.encode("utf-8", "replace").decode("utf-8")))


def _beside(git_dir: Path, root: Path, *, fold: bool) -> pygit2.Repository:
    """A repository with no rules of its own that sees `root` as its work tree."""
    made = pygit2.init_repository(str(git_dir), bare=True)
    made.config["core.bare"] = False
    made.config["core.worktree"] = str(root.resolve())
    made.config["core.excludesfile"] = str(git_dir / "no-excludes")
    made.config["core.ignorecase"] = fold
    return pygit2.Repository(str(git_dir))


def _copy_without_negations(source: Path, target: Path) -> None:
    try:
        lines = source.read_bytes().splitlines(keepends=True)
    except OSError:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(b"".join(line for line in lines if not line.startswith(b"!")))
