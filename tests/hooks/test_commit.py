"""The pre-commit hook, as `git commit` runs it."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import GitRepo
    from tests.hooks.conftest import Shell

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the tests' leakguard on the PATH is a shell script")


def test_a_commit_with_a_secret_is_stopped_and_no_verify_passes(repo: GitRepo, shell: Shell, hooked, token) -> None:
    hooked(repo, "pre-commit")
    repo.write("a", token("a"))
    repo.git("add", "a")
    ran = shell("git", "commit", "-m", "secret", cwd=repo.path)
    assert ran.status == 1
    assert "leakguard stopped the commit: 1 secret" in ran.err
    assert token("a") not in ran.err
    assert shell("git", "commit", "--no-verify", "-qm", "secret", cwd=repo.path).status == 0


@pytest.mark.parametrize("how", [("-a",), ("--", "a")])
def test_commits_with_an_index_of_their_own_are_stopped_too(
    repo: GitRepo, shell: Shell, hooked, token, how: tuple[str, ...]
) -> None:
    repo.commit(a="clean\n", b="clean\n")
    hooked(repo, "pre-commit")
    repo.write("a", token("a"))
    ran = shell("git", "commit", "-m", "secret", *how, cwd=repo.path)
    assert ran.status == 1
    assert "a:1" in ran.err


def test_a_commit_of_one_file_is_not_stopped_by_another_staged_one(repo: GitRepo, shell: Shell, hooked, token) -> None:
    repo.commit(a="clean\n", b="clean\n")
    hooked(repo, "pre-commit")
    repo.write("a", token("a"))
    repo.git("add", "a")
    repo.write("b", "changed\n")
    ran = shell("git", "commit", "-m", "b only", "--", "b", cwd=repo.path)
    assert ran.status == 0, ran.err


def test_a_commit_in_a_linked_worktree_is_looked_at(repo: GitRepo, shell: Shell, hooked, token, tmp_path: Path) -> None:
    repo.commit(a="clean\n")
    hooked(repo, "pre-commit")
    repo.git("worktree", "add", "--quiet", "-b", "side", str(tmp_path / "linked"))
    (tmp_path / "linked" / "new").write_text(token("a"))
    shell("git", "add", "new", cwd=tmp_path / "linked")
    assert shell("git", "commit", "-m", "secret", cwd=tmp_path / "linked").status == 1


def test_without_leakguard_the_hook_blocks_and_names_the_way_out(
    repo: GitRepo, shell: Shell, hooked, tmp_path: Path
) -> None:
    hooked(repo, "pre-commit")
    repo.write("a", "clean\n")
    repo.git("add", "a")
    bare = tmp_path / "bare"
    bare.mkdir()
    for name in ("git", "sh", "cat"):
        (bare / name).symlink_to(shutil.which(name))
    ran = shell("git", "commit", "-m", "clean", cwd=repo.path, PATH=str(bare))
    assert ran.status == 1
    assert "leakguard is not installed here" in ran.err
    assert "--no-verify" in ran.err


def test_a_check_that_cannot_be_done_blocks_and_names_the_way_out(repo: GitRepo, shell: Shell, hooked) -> None:
    hooked(repo, "pre-commit")
    repo.write(".leakguard.toml", "wrong = 1\n")
    repo.git("add", ".")
    ran = shell("git", "commit", "-m", "clean", cwd=repo.path)
    assert ran.status == 1
    assert "could not do its work, so it stopped the commit" in ran.err
    assert repo.git("rev-list", "--all") == ""
