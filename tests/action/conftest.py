"""Pull requests and pushes as GitHub would send them, checked out as actions/checkout would."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.action.runner import ROOT, Job, run_action
from tests.conftest import HERMETIC, GitRepo, make_repo, shared_cache

if TYPE_CHECKING:
    from collections.abc import Callable

EVENTS = Path(__file__).parent / "events"
REMOTE = "refs/remotes/origin/main"


@dataclass
class Hub:
    """A repository on a server, and one workspace of a runner that checks it out."""

    origin: GitRepo
    folder: Path
    program: Path
    cache: Path
    secrets: list[str] = field(default_factory=list)

    def payload(self, name: str, base: str, head: str, **changes: Any) -> Path:
        """The recorded event `name` with real commits in it."""
        count = (
            len(self.origin.git("rev-list", f"{base}..{head}").split()) if base.strip("0") and head.strip("0") else 1
        )
        text = (EVENTS / f"{name}.json").read_text("utf-8")
        text = text.replace('"@COUNT@"', str(count)).replace("@BASE@", base).replace("@HEAD@", head)
        place = self.folder / "event.json"
        place.write_text(json.dumps({**json.loads(text), **changes}))
        return place

    def check_out(self, commit: str, ref: str = REMOTE, depth: int = 1) -> GitRepo:
        """What actions/checkout leaves: one ref, one detached commit, `depth` commits of history (0: all)."""
        work = make_repo(self.folder / "workspace")
        work.git("remote", "add", "origin", self.origin.path.as_uri())
        deep = [f"--depth={depth}"] if depth else []
        branches = [] if depth else ["+refs/heads/*:refs/remotes/all/*"]
        work.git("fetch", "--quiet", "--no-tags", *deep, "origin", f"+{commit}:{ref}", *branches)
        work.git("checkout", "--quiet", "--detach", commit)
        return work

    def run(self, event: str, payload: Path, **inputs: str) -> Job:
        """The action in the workspace; inputs have underscores for dashes."""
        temp = self.folder / "temp"
        temp.mkdir(exist_ok=True)
        given = {name.replace("_", "-"): value for name, value in inputs.items()}
        env = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "GITHUB_"))}
        return run_action(
            self.folder / "workspace",
            temp,
            event,
            payload,
            {"command": str(self.program), **given},
            **{**env, **HERMETIC, "LEAKGUARD_CACHE": str(self.cache)},
        )


@pytest.fixture
def hub(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Hub:
    """An empty repository on a server, and a program `leakguard` that the action need not install."""
    if os.name == "nt":
        pytest.skip("the shell parts are run on Linux and macOS; on Windows the project's own workflow runs them")
    origin = make_repo(tmp_path / "origin")
    program = tmp_path / "leakguard"
    start = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from leakguard.cli.main import run; run()"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -I -c "{start}" "$@"\n')
    program.chmod(0o755)
    return Hub(origin, tmp_path, program, shared_cache(tmp_path_factory))


@dataclass
class Pull:
    """A pull request that adds one secret, removes one and moves one."""

    base: str
    head: str
    merge: str
    added: str
    removed: str
    moved: str


@pytest.fixture
def pull(hub: Hub, token: Callable[[str], str]) -> Pull:
    """The pull request; main went on since it branched off, and GitHub made a trial merge."""
    repo, added, removed, moved = hub.origin, token("added"), token("removed"), token("moved")
    filler = "".join(f"line {number}\n" for number in range(20))
    repo.commit(old__py=f"KEY = '{removed}'\n", there__py=f"{filler}KEY = '{moved}'\n")
    fork_point = repo.commit(readme__md="hello\n")
    repo.git("checkout", "--quiet", "-b", "feature")
    repo.commit(new__py=f"# a key\nKEY = '{added}'\n")
    repo.commit(new__py=f"# a line above\n# a key\nKEY = '{added}'\n", old__py="KEY = None\n")
    repo.git("mv", "there.py", "here.py")
    head = repo.commit(here__py=f"# moved\n{filler}KEY = '{moved}'\n")
    repo.git("checkout", "--quiet", "main")
    assert repo.git("rev-parse", "HEAD") == fork_point
    base = repo.commit(readme__md="hello again\n")
    repo.git("checkout", "--quiet", "--detach")
    repo.git("merge", "--quiet", "--no-ff", "-m", "Merge", head)
    merge = repo.git("rev-parse", "HEAD")
    repo.git("update-ref", "refs/pull/3/merge", merge)
    repo.git("update-ref", "refs/pull/3/head", head)
    repo.git("checkout", "--quiet", "main")
    return Pull(base, head, merge, added, removed, moved)
