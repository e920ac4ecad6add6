"""What lies beside the objects in a git folder, and in those of other worktrees and submodules."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.conftest import GitRepo, make_repo, posix


class TestWorktrees:
    @pytest.fixture
    def other(self, repo: GitRepo, tmp_path: Path) -> GitRepo:
        """A linked worktree without a branch."""
        repo.commit(a="1")
        repo.git("worktree", "add", "--quiet", "--detach", str(tmp_path / "other"))
        return GitRepo(tmp_path / "other", repo.clock)

    def test_what_another_worktree_has_checked_out_is_reached(
        self, repo: GitRepo, other: GitRepo, found, token
    ) -> None:
        other.commit(b=token("a"))
        assert found().provenance.refs == ("worktrees/other/HEAD",)
        assert found(other.path).provenance.in_head

    def test_the_main_worktree_is_another_ones_other(self, repo: GitRepo, other: GitRepo, found, token) -> None:
        repo.git("checkout", "--quiet", "--detach")
        repo.commit(b=token("a"))
        assert found(other.path).provenance.refs == ("main-worktree/HEAD",)

    def test_its_configuration(self, repo: GitRepo, other: GitRepo, found, token) -> None:
        repo.git("config", "extensions.worktreeConfig", "true")
        other.git("config", "--worktree", "remote.x.url", f"https://u:{token('a')}@github.com/acme/app.git")
        assert [place.path for place in found().places] == [".git/worktrees/other/config.worktree"]
        assert [place.path for place in found(other.path).places] == [".git/worktrees/other/config.worktree"]

    def test_its_reflog(self, repo: GitRepo, other: GitRepo, found, token) -> None:
        log = repo.path / ".git" / "worktrees" / "other" / "logs" / "HEAD"
        log.parent.mkdir(exist_ok=True)
        with log.open("a") as file:
            file.write(f"{'0' * 40} {other.commit()} Ada <a@example.com> 1600000000 +0000\twith {token('a')}\n")
        assert [place.path for place in found().places] == [".git/worktrees/other/logs/HEAD"]


class TestBesideTheObjects:
    @pytest.mark.parametrize("name", ["hooks/pre-push", "COMMIT_EDITMSG", "info/exclude", "rebase-apply/patch"])
    def test_text_in_the_git_folder(self, repo: GitRepo, found, token, name: str) -> None:
        repo.commit(a="1")
        repo.write(f".git/{name}", f"#!/bin/sh\ncurl -H 'Authorization: token {token('a')}'\n")
        assert [place.path for place in found().places] == [f".git/{name}"]

    @posix
    def test_links_and_pipes_are_not_followed(self, repo: GitRepo, swept, token, tmp_path: Path) -> None:
        repo.commit(a="1")
        (tmp_path / "outside").write_text(token("a"))
        (repo.path / ".git" / "hooks").mkdir(exist_ok=True)
        (repo.path / ".git" / "hooks" / "link").symlink_to(tmp_path / "outside")
        os.mkfifo(repo.path / ".git" / "hooks" / "pipe")
        assert swept().findings == ()

    def test_submodules_own_repositories_are_told_of(self, repo: GitRepo, swept, tmp_path: Path) -> None:
        lib = make_repo(tmp_path / "lib")
        lib.commit(a="1")
        repo.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(lib.path), "lib")
        repo.commit()
        assert any("repositories of submodules" in note for note in swept().coverage.notes)
