"""What the shared options do: colours where a person wants them, a baseline where somebody put it."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.conftest import HERMETIC, ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import GitRepo


def on_a_terminal(folder: Path, *arguments: str, **env: str) -> bytes:
    """What a command prints where standard output is a terminal."""
    pty = pytest.importorskip("pty", reason="needs a pseudo-terminal")
    ours, theirs = pty.openpty()
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith("GIT_") and name != "NO_COLOR"
    }
    environment = {**inherited, **HERMETIC, "PYTHONPATH": str(ROOT), "TERM": "xterm", **env}
    command = [sys.executable, "-m", "leakguard", *arguments]
    with subprocess.Popen(command, cwd=folder, stdout=theirs, stderr=subprocess.DEVNULL, env=environment):
        os.close(theirs)
        out = b""
        try:
            while data := os.read(ours, 65536):
                out += data
        except OSError:  # Linux says so where the other end was closed
            pass
    os.close(ours)
    return out


@pytest.mark.parametrize(
    ("arguments", "env", "coloured"),
    [
        ((), {}, True),
        ((), {"NO_COLOR": "1"}, False),
        ((), {"NO_COLOR": ""}, True),
        ((), {"TERM": "dumb"}, False),
        (("--color", "never"), {}, False),
        (("--color", "always"), {"NO_COLOR": "1"}, True),
    ],
)
def test_a_terminal_gets_colours_unless_told_otherwise(
    repo: GitRepo, tmp_path_factory, arguments: tuple[str, ...], env: dict[str, str], coloured: bool
) -> None:
    from tests.conftest import shared_cache

    cache = {"LEAKGUARD_CACHE": str(shared_cache(tmp_path_factory))}
    assert (b"\033[" in on_a_terminal(repo.path, "staged", *arguments, **env, **cache)) is coloured


def test_a_pipe_gets_colours_only_where_they_are_asked_for(repo: GitRepo, leakguard) -> None:
    assert "\033[" not in leakguard("staged", cwd=repo.path).out
    assert "\033[" in leakguard("staged", "--color", "always", cwd=repo.path).out
    assert "\033[" not in leakguard("staged", "--color", "always", "--format", "json", cwd=repo.path).out


def test_a_baseline_may_lie_anywhere(repo: GitRepo, leakguard, token, tmp_path: Path) -> None:
    repo.commit(a=token("a"))
    elsewhere = tmp_path / "accepted.json"
    assert leakguard("baseline", "create", "--baseline", elsewhere, cwd=repo.path).status == 0
    assert leakguard("sweep", cwd=repo.path).status == 1
    for command in (["sweep"], ["scan", "."], ["range", "--repo", repo.path, "HEAD..HEAD"]):
        assert leakguard(*command, "--baseline", elsewhere, cwd=repo.path).status == 0
    assert "known when the baseline was made" in leakguard("baseline", "show", "--baseline", elsewhere).out


def test_a_named_baseline_that_is_not_there_is_an_error(repo: GitRepo, leakguard) -> None:
    for name in ("nowhere.json", ".leakguard-baseline.json"):
        ran = leakguard("staged", "--baseline", name, cwd=repo.path)
        assert (ran.status, ran.out) == (2, "")
        assert f"the baseline {name} cannot be read (No such file or directory)" in ran.err
