"""Hooks run as git runs them: real repositories, a `leakguard` on the PATH, real pushes."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.conftest import HERMETIC, ROOT, GitRepo, Ran, shared_cache

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass
class Shell:
    """Runs programs in a folder with hooks that find this leakguard."""

    environment: dict[str, str]

    def __call__(self, *command: object, cwd: Path, stdin: bytes = b"", **env: str) -> Ran:
        done = subprocess.run(
            list(map(str, command)),
            cwd=cwd,
            input=stdin,
            capture_output=True,
            check=False,
            env={**self.environment, **env},
        )
        return Ran(done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace"))


@pytest.fixture
def shell(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """A shell whose PATH begins with a `leakguard` that is this checkout's."""
    programs = tmp_path / "programs"
    programs.mkdir()
    program = programs / "leakguard"
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m leakguard "$@"\n')
    program.chmod(0o755)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "PRE_COMMIT"))}
    (tmp_path / "home").mkdir()
    return Shell(
        {
            **inherited,
            **HERMETIC,
            "GIT_CONFIG_GLOBAL": str(tmp_path / "home" / "gitconfig"),
            "HOME": str(tmp_path / "home"),
            "XDG_DATA_HOME": str(tmp_path / "home" / "data"),
            "PATH": os.pathsep.join([str(programs), os.environ["PATH"]]),
            "PYTHONPATH": str(ROOT),
            "LEAKGUARD_CACHE": str(shared_cache(tmp_path_factory)),
        }
    )


@pytest.fixture
def hooked(shell: Shell) -> Callable[..., None]:
    """Put one of the scripts in hooks/ into a repository."""

    def put(repo: GitRepo, name: str) -> None:
        folder = repo.path / repo.git("rev-parse", "--git-path", "hooks")
        folder.mkdir(exist_ok=True)
        place = folder / name
        place.write_bytes((ROOT / "hooks" / name).read_bytes())
        place.chmod(0o755)

    return put
