"""`leakguard install` puts hooks where git looks for them, keeps those that were there, and takes its own out again."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from leakguard.hooks import HOOKS, script
from tests.conftest import ROOT, GitRepo, make_repo
from tests.hooks.conftest import shell  # noqa: F401 (a fixture)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.hooks.conftest import Shell

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the tests' leakguard on the PATH is a shell script")


@pytest.mark.parametrize("name", HOOKS)
def test_the_scripts_in_hooks_are_those_that_are_installed(name: str) -> None:
    assert (ROOT / "hooks" / name).read_text() == script(name)


def test_installed_hooks_stop_commits_and_pushes(repo: GitRepo, shell: Shell, token, tmp_path: Path) -> None:  # noqa: F811
    server = make_repo(tmp_path / "server.git", "--bare")
    assert shell("leakguard", "install", cwd=repo.path).status == 0
    repo.write("a", token("a"))
    repo.git("add", ".")
    assert shell("git", "commit", "-m", "secret", cwd=repo.path).status == 1
    assert shell("git", "commit", "--no-verify", "-qm", "secret", cwd=repo.path).status == 0
    assert shell("git", "push", str(server.path), "main", cwd=repo.path).status == 1
    ran = shell("leakguard", "install", cwd=repo.path)
    assert ran.out.count("already there:") == 2
    assert shell("leakguard", "install", "--uninstall", cwd=repo.path).status == 0
    assert shell("git", "push", str(server.path), "main", cwd=repo.path).status == 0


def test_a_hook_that_was_there_runs_after_ours_and_comes_back(repo: GitRepo, shell: Shell, tmp_path: Path) -> None:  # noqa: F811
    server = make_repo(tmp_path / "server.git", "--bare")
    hooks = repo.path / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for name, text in (("pre-commit", 'echo "$#" > committed'), ("pre-push", 'echo "$1" > pushed; cat >> pushed')):
        (hooks / name).write_text(f"#!/bin/sh\n{text}\n")
        (hooks / name).chmod(0o755)
    before = (hooks / "pre-push").read_bytes()
    for _ in range(2):
        shell("leakguard", "install", cwd=repo.path)
    repo.write("a", "clean\n")
    repo.git("add", "a")
    assert shell("git", "commit", "-qm", "clean", cwd=repo.path).status == 0
    assert (repo.path / "committed").read_text() == "0\n"
    assert shell("git", "push", "-q", str(server.path), "main", cwd=repo.path).status == 0
    head = repo.git("rev-parse", "main")
    assert (repo.path / "pushed").read_text() == f"{server.path}\nrefs/heads/main {head} refs/heads/main {'0' * 40}\n"
    shell("leakguard", "install", "--uninstall", cwd=repo.path)
    assert (hooks / "pre-push").read_bytes() == before
    assert not list(hooks.glob("*leakguard*"))


def test_core_hookspath_is_heeded(repo: GitRepo, shell: Shell) -> None:  # noqa: F811
    repo.git("config", "core.hooksPath", "my-hooks")
    ran = shell("leakguard", "install", "--hook", "pre-commit", cwd=repo.path)
    assert ran.status == 0, ran.err
    assert [place.name for place in (repo.path / "my-hooks").iterdir()] == ["pre-commit"]


def test_a_bare_repository_gets_pre_receive(tmp_path: Path, shell: Shell) -> None:  # noqa: F811
    server = make_repo(tmp_path / "server.git", "--bare")
    assert shell("leakguard", "install", server.path, cwd=tmp_path).status == 0
    assert (server.path / "hooks" / "pre-receive").is_file()
    assert not (server.path / "hooks" / "pre-commit").exists()


def test_the_template_reaches_repositories_that_are_made_later(tmp_path: Path, shell: Shell, token) -> None:  # noqa: F811
    ran = shell("leakguard", "install", "--template", cwd=tmp_path)
    assert ran.status == 0, ran.err
    assert shell("git", "init", "-q", "later", cwd=tmp_path).status == 0
    later = GitRepo(tmp_path / "later")
    assert (later.path / ".git" / "info").is_dir()
    later.write("a", token("a"))
    later.git("add", "a")
    assert shell("git", "commit", "-m", "secret", cwd=later.path).status == 1


def test_husky_keeps_its_own_hooks_and_is_told_what_to_add(repo: GitRepo, shell: Shell) -> None:  # noqa: F811
    repo.git("config", "core.hooksPath", ".husky/_")
    ran = shell("leakguard", "install", cwd=repo.path)
    assert ran.status == 2
    assert "add the line `leakguard staged` to .husky/pre-commit" in ran.err
    assert not (repo.path / ".husky").exists()


def test_outside_of_a_repository_it_says_so(tmp_path: Path, shell: Shell) -> None:  # noqa: F811
    ran = shell("leakguard", "install", cwd=tmp_path)
    assert (ran.status, ran.err.count("\n")) == (2, 1)
    assert "is in no git repository" in ran.err


def test_uninstalling_from_the_template_leaves_git_as_it_was(tmp_path: Path, shell: Shell) -> None:  # noqa: F811
    assert shell("leakguard", "install", "--template", "--uninstall", cwd=tmp_path).status == 0
    assert not (tmp_path / "home" / "gitconfig").exists()
    shell("leakguard", "install", "--template", cwd=tmp_path)
    ran = shell("leakguard", "install", "--template", "--uninstall", cwd=tmp_path)
    assert (ran.status, ran.out.splitlines()[-1]) == (0, "git config --global --unset init.templateDir")
    assert shell("git", "config", "--global", "--get", "init.templateDir", cwd=tmp_path).status == 1
    own = tmp_path / "own"
    shell("git", "config", "--global", "init.templateDir", str(own), cwd=tmp_path)
    shell("leakguard", "install", "--template", cwd=tmp_path)
    assert (own / "hooks" / "pre-commit").is_file()
    shell("leakguard", "install", "--template", "--uninstall", cwd=tmp_path)
    assert not list((own / "hooks").iterdir())
    assert shell("git", "config", "--global", "--get", "init.templateDir", cwd=tmp_path).status == 0
