"""The hooks as the pre-commit framework runs them, from this checkout."""

from __future__ import annotations

import json
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

from tests.conftest import ROOT, GitRepo, make_repo

if TYPE_CHECKING:
    from pathlib import Path

    from tests.hooks.conftest import Shell

pytestmark = [
    pytest.mark.skipif(find_spec("pre_commit") is None, reason="pre-commit is not installed"),
    pytest.mark.skipif(sys.platform == "win32", reason="the tests' leakguard on the PATH is a shell script"),
]


@pytest.fixture
def ready(repo: GitRepo, shell: Shell, tmp_path: Path) -> GitRepo:
    """A repository with both hooks set up by pre-commit. The manifest is this checkout's own; the hooks' environment
    is not built, because the program is on the PATH already."""
    hooks = make_repo(tmp_path / "checkout")
    text = (ROOT / ".pre-commit-hooks.yaml").read_text()
    assert text.count("language: python") == 2
    hooks.write(".pre-commit-hooks.yaml", text.replace("language: python", "language: system"))
    revision = hooks.commit()
    hook_types = ["pre-commit", "pre-push"]
    wanted = [{"repo": str(hooks.path), "rev": revision, "hooks": [{"id": "leakguard"}, {"id": "leakguard-push"}]}]
    repo.write(".pre-commit-config.yaml", json.dumps({"default_install_hook_types": hook_types, "repos": wanted}))
    repo.commit(a="clean\n")
    shell.environment["PRE_COMMIT_HOME"] = str(tmp_path / "pre-commit-home")
    ran = shell(sys.executable, "-m", "pre_commit", "install", cwd=repo.path)
    assert ran.status == 0, ran.out + ran.err
    return repo


def _commit(repo: GitRepo, content: str) -> None:
    repo.write("b", content)
    repo.git("add", "b")
    repo.git("commit", "--quiet", "--no-verify", "-m", "change")


def test_commits_and_pushes_with_a_secret_are_stopped(ready: GitRepo, shell: Shell, token, tmp_path: Path) -> None:
    server = make_repo(tmp_path / "server.git", "--bare")
    ready.git("remote", "add", "origin", str(server.path))
    ran = shell("git", "push", "origin", "main", cwd=ready.path)
    assert ran.status == 0, ran.out + ran.err
    ready.write("b", token("b"))
    ready.git("add", "b")
    ready.write("b", "clean in the working tree\n")
    ran = shell("git", "commit", "-m", "secret", cwd=ready.path)
    assert ran.status == 1
    assert "leakguard stopped the commit: 1 secret" in ran.out + ran.err
    assert "b:1" in ran.out + ran.err
    assert shell("git", "commit", "--no-verify", "-qm", "secret", cwd=ready.path).status == 0
    _commit(ready, "clean\n")
    ran = shell("git", "push", "origin", "main", cwd=ready.path)
    assert ran.status == 1
    assert "leakguard stopped the push: 1 secret" in ran.out + ran.err


def test_a_first_push_of_everything_is_looked_at(ready: GitRepo, shell: Shell, token, tmp_path: Path) -> None:
    server = make_repo(tmp_path / "server.git", "--bare")
    ready.git("remote", "add", "origin", str(server.path))
    _commit(ready, token("b"))
    _commit(ready, "clean\n")
    ran = shell("git", "push", "origin", "main", cwd=ready.path)
    assert ran.status == 1
    assert "leakguard stopped the push: 1 secret" in ran.out + ran.err


def test_clean_commits_pass(ready: GitRepo, shell: Shell) -> None:
    ready.write("b", "clean\n")
    ready.git("add", "b")
    ran = shell("git", "commit", "-m", "clean", cwd=ready.path)
    assert ran.status == 0, ran.out + ran.err
