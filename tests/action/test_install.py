"""The action's first step: a Python that fits, an environment that is made once and found again."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.action.runner import ROOT

pytestmark = pytest.mark.skipif(os.name == "nt", reason="`bash` may be that of another system there")

PARTS = ROOT / "hooks" / "github-action"


def run(tmp_path: Path, path: str | None = None, **env: str) -> tuple[int, str, str]:
    """install.sh's status, log and outputs."""
    output = tmp_path / "output"
    output.write_text("")
    done = subprocess.run(
        ["bash", str(PARTS / "install.sh")],
        env={
            "PATH": os.environ["PATH"] if path is None else path,
            "GITHUB_OUTPUT": str(output),
            "RUNNER_TOOL_CACHE": str(tmp_path / "tools"),
            **env,
        },
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    return done.returncode, done.stdout + done.stderr, output.read_text("utf-8")


def made_before(tools: Path) -> Path:
    """An environment for this Python at the place where install.py looks for it."""
    spec = importlib.util.spec_from_file_location("action_install", PARTS / "install.py")
    install = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(install)
    place = tools / "leakguard" / f"{install.python_name()}-{install.fingerprint(ROOT)}"
    interpreter = install.interpreter(place)
    interpreter.parent.mkdir(parents=True)
    interpreter.write_text("")
    return interpreter


def test_an_environment_that_was_made_before_is_used_again(tmp_path: Path) -> None:
    interpreter = made_before(tmp_path / "tools")
    status, log, outputs = run(tmp_path, LEAKGUARD_ACTION_PYTHON=sys.executable)
    assert (status, outputs) == (0, f"python={interpreter}\n"), log


def test_an_old_python_on_the_path_is_passed_over_for_one_that_the_image_keeps(tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    interpreter = made_before(tools)
    kept = tools / "Python" / "3.12.1" / "x64" / "bin" / "python3"
    kept.parent.mkdir(parents=True)
    kept.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    kept.chmod(0o755)
    old = tmp_path / "bin"
    old.mkdir()
    for name in ("python3", "python"):
        (old / name).write_text("#!/bin/sh\nexit 1\n")
        (old / name).chmod(0o755)
    status, log, outputs = run(tmp_path, f"{old}{os.pathsep}/usr/bin{os.pathsep}/bin")
    assert (status, outputs) == (0, f"python={interpreter}\n"), log


def test_without_a_python_that_fits_the_next_step_is_told(tmp_path: Path) -> None:
    status, log, outputs = run(tmp_path, LEAKGUARD_ACTION_PYTHON=str(tmp_path / "none"))
    assert (status, outputs) == (2, "")
    assert log.startswith("::error title=leakguard::No Python of 3.10 or newer")
