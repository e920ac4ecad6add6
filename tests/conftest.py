"""Fixtures that many tests share: real repositories with fixed dates, compiled rules, and the program itself."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from leakguard.config import Settings
from leakguard.detect.detector import Detector
from leakguard.detect.rules import patterns_folder
from leakguard.detect.ruleset import RuleSet, load_ruleset
from leakguard.detect.template import expand

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parent.parent

posix = pytest.mark.skipif(sys.platform != "linux", reason="other systems do not take such names or files")

HERMETIC = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.com",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.com",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C.UTF-8",
    "TZ": "UTC",
}


@dataclass
class GitRepo:
    """A real repository that git makes. Every commit is a day after the one before it."""

    path: Path
    clock: int = 1_600_000_000

    def git(self, *arguments: str, stdin: bytes | None = None, check: bool = True) -> str:
        """Run git here; its standard output without the last newline."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        date = f"{self.clock} +0000"
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.path,
            input=stdin,
            capture_output=True,
            check=False,
            env={**inherited, **HERMETIC, "GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date},
        )
        if check and done.returncode:
            raise AssertionError(f"git {' '.join(arguments)}: {done.stderr.decode(errors='replace')}")
        return done.stdout.decode("utf-8", "surrogateescape").rstrip("\n")

    def write(self, name: str | bytes, content: str | bytes) -> None:
        """Write a file of the working tree."""
        place = self.path / os.fsdecode(name)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content.encode() if isinstance(content, str) else content)

    def commit(self, message: str = "change", **files: str | bytes) -> str:
        """Commit everything, after writing `files` (a double underscore stands for a dot); the new commit's id."""
        for name, content in files.items():
            self.write(name.replace("__", "."), content)
        self.clock += 86_400
        self.git("add", "--all", "--force", ".")
        self.git("commit", "--quiet", "--allow-empty", "--allow-empty-message", "-m", message)
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def repo(tmp_path: Path) -> GitRepo:
    """An empty repository with the branch main."""
    return make_repo(tmp_path / "repo")


def make_repo(path: Path, *options: str) -> GitRepo:
    """An empty repository at `path`."""
    path.mkdir(parents=True)
    made = GitRepo(path)
    made.git("init", "--quiet", "--initial-branch=main", *options)
    return made


@pytest.fixture(scope="session")
def rules(tmp_path_factory: pytest.TempPathFactory) -> RuleSet:
    """All built-in rules, compiled once for all workers of a test run."""
    return load_ruleset(shared_cache(tmp_path_factory), folder=patterns_folder())


def shared_cache(factory: pytest.TempPathFactory) -> Path:
    """A cache folder that the workers of one run share."""
    base = factory.getbasetemp()
    return (base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base) / "cache"


@pytest.fixture(scope="session")
def detector(rules: RuleSet) -> Detector:
    """A detector with all rules."""
    return Detector(rules)


@pytest.fixture
def settings() -> Settings:
    """Settings for a run in the test's own process."""
    return Settings(jobs=1)


@pytest.fixture(scope="session")
def token() -> Callable[[str], str]:
    """A GitHub token with a right checksum for a seed: `token("a")`. No token is written down anywhere."""
    return lambda seed: expand("ghp_{start}{alnum:30}{crc32-base62}", seed)


@dataclass
class Ran:
    """What a run of the program left."""

    status: int
    out: str
    err: str


@pytest.fixture(scope="session")
def leakguard(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Ran]:
    """Run the program as a user would: `leakguard("sweep", path, stdin=b"…", cwd=…)`."""
    cache = shared_cache(tmp_path_factory)

    def run(*arguments: object, stdin: bytes | None = None, cwd: Path | None = None, **env: str) -> Ran:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        done = subprocess.run(
            [sys.executable, "-m", "leakguard", *map(str, arguments)],
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            check=False,
            cwd=cwd or ROOT,
            env={**inherited, **HERMETIC, "PYTHONPATH": str(ROOT), "LEAKGUARD_CACHE": str(cache), **env},
        )
        return Ran(done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8"))

    return run
