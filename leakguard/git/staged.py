"""What is about to be committed: the index against HEAD, and against the other side while a merge is going on.

Only the index and the object database are read, never the working tree.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from leakguard.errors import RepositoryError
from leakguard.git.libgit2 import pygit2
from leakguard.git.steps import EMPTY_TREE, FLAGS, Change, Changes, Step, empty_tree
from leakguard.git.surroundings import Surroundings, open_surrounded

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from leakguard.git.repository import Repository

_SUBMODULE = b"160000"
_FORMS = ("unsupported mandatory extension", "unsupported index version")
"""What libgit2 says of an index whose form (split, sparse) only git itself can read."""


class _Index(pygit2.Index):
    """An index file. pygit2's own complains on standard error when it could not be opened."""

    def __del__(self) -> None:
        if hasattr(self, "_index"):
            super().__del__()


class GitStep:
    """The index as git itself reads it: slower by a process, but it knows every form of index and of clone."""

    def __init__(self, repository: Repository, index: Path, tree: str) -> None:
        self.repository, self.index, self.tree = repository, index, tree
        self._renamed: dict[bytes, list[str]] = {}

    def changes(self) -> Changes:
        """As `Step.changes`, against HEAD alone."""
        files, unmerged, submodules = [], [], 0
        fields = iter(self._run().split(b"\0"))
        for head in fields:
            if not head:
                break
            _, mode, old, new, status = head.split(b" ")
            path = next(fields)
            if status[:1] == b"R":
                path = next(fields)
                self._renamed.setdefault(path, []).append(old.decode("ascii"))
            if status == b"U":
                unmerged.append(path)
            elif mode == _SUBMODULE:
                submodules += 1
            elif status != b"D":
                before = (old.decode("ascii"),) if status in (b"M", b"T") else ()
                files.append(Change(path, new.decode("ascii"), before))
        return Changes(tuple(sorted(files, key=lambda change: change.path)), submodules, tuple(sorted(set(unmerged))))

    def renamed_from(self, path: bytes) -> list[str]:
        """As `Step.renamed_from`."""
        return self._renamed.get(path, [])

    def _run(self) -> bytes:
        import subprocess

        command = ["git", "--git-dir", str(self.repository.git_dir), "-c", "core.fsmonitor=false", "diff-index"]
        command += ["--cached", "--raw", "-z", "--no-abbrev", "-M", "--no-ext-diff", self.tree]
        environment = {"GIT_INDEX_FILE": str(self.index), "GIT_NO_LAZY_FETCH": "1", "GIT_OPTIONAL_LOCKS": "0"}
        try:
            done = subprocess.run(command, capture_output=True, check=False, env={**os.environ, **environment})
        except OSError as problem:
            raise _unreadable(self.index, str(problem)) from None
        if done.returncode:
            raise _unreadable(self.index, done.stderr.decode("utf-8", "replace").strip().split("\n")[0])
        return done.stdout


class Staged:
    """What one commit would hold that HEAD does not."""

    def __init__(self, repository: Repository, step: Step | GitStep, changes: Changes, head: str) -> None:
        self.repository, self.step, self.changes, self.head = repository, step, changes, head


def read_staged(folder: Path, surroundings: Surroundings) -> Staged:
    """What is staged in the repository that `folder` is in. RepositoryError where index or HEAD cannot be read."""
    repository = open_surrounded(folder, surroundings)
    git = repository.git
    index = surroundings.index or repository.git_dir / "index"
    head = _head(git)
    step: Step | GitStep
    try:
        parents = _trees(git, head, [*surroundings.merging, *_merge_heads(repository)])
        entries = _Index(str(index))
        step = Step(lambda: [tree.diff_to_index(entries, FLAGS) for tree in parents])
        return Staged(repository, step, step.changes(), head)
    except (pygit2.GitError, OSError, KeyError) as problem:
        if any(form in str(problem) for form in _FORMS):
            step = GitStep(repository, index, head or EMPTY_TREE)
            return Staged(repository, step, step.changes(), head)
        raise _unreadable(index, str(problem)) from None


def _head(git: pygit2.Repository) -> str:
    """The id of HEAD's commit, '' before the first one."""
    try:
        return "" if git.head_is_unborn else str(git.head.peel(pygit2.Commit).id)
    except (pygit2.GitError, KeyError, ValueError) as problem:
        raise RepositoryError(
            f"HEAD cannot be resolved ({problem}), so what a commit adds cannot be told; run `git fsck`."
        ) from None


def _trees(git: pygit2.Repository, head: str, merging: Sequence[str]) -> list[pygit2.Tree]:
    """The trees that the next commit's parents have; of those that are merged in, the ones that are here."""
    sides = [found.peel(pygit2.Tree) for oid in dict.fromkeys(merging) if (found := git.get(oid)) is not None]
    return [git[head].peel(pygit2.Tree) if head else empty_tree(git), *sides]


def _merge_heads(repository: Repository) -> list[str]:
    place = repository.git_dir / "MERGE_HEAD"
    try:
        return place.read_text("ascii").split()
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as problem:
        raise RepositoryError(f"{place} cannot be read ({problem}); finish or abort the merge.") from None


def _unreadable(index: Path, problem: str) -> RepositoryError:
    return RepositoryError(
        f"what is staged cannot be read ({problem}); if the index is damaged, delete {index} and run `git reset`."
    )
