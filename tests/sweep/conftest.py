"""What the tests of sweeps share: sweeps by both engines, and remembered ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from leakguard.git.objects import Objects
from leakguard.sweep.run import sweep
from leakguard.sweep.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from leakguard.config import Settings
    from leakguard.detect.ruleset import RuleSet
    from leakguard.model import Finding, Result
    from tests.conftest import GitRepo


@pytest.fixture
def passes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The passes of workers, as they are made."""
    made: list[str] = []
    for name in ("read_texts", "read_trees"):
        honest = getattr(Worker, name)

        def counted(self, task, *arguments, honest=honest, name=name):
            made.append(name)
            return honest(self, task, *arguments)

        monkeypatch.setattr(Worker, name, counted)
    return made


@pytest.fixture
def objects_read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids of objects that are read one by one."""
    made: list[str] = []
    honest = Objects.read

    def counted(self, oid):
        made.append(oid)
        return honest(self, oid)

    monkeypatch.setattr(Objects, "read", counted)
    return made


@pytest.fixture
def remember(repo: GitRepo, rules: RuleSet, settings: Settings, tmp_path: Path) -> Callable[[], Result]:
    """Sweeps `repo` with a memory that lasts."""
    settings = msgspec.structs.replace(settings, memory=tmp_path / "memory")
    return lambda: sweep(repo.path, rules, settings)


@pytest.fixture
def afresh(repo: GitRepo, rules: RuleSet, settings: Settings) -> Callable[[], Result]:
    """Sweeps `repo` without any memory."""
    return lambda: sweep(repo.path, rules, settings)


@pytest.fixture
def swept(rules, settings, repo: GitRepo) -> Callable[..., Result]:
    """A sweep of a repository by both engines, which must say the same."""

    def both(path: Path = repo.path, **changes: object) -> Result:
        results = [
            sweep(path, rules, msgspec.structs.replace(settings, **{"engine": engine, **changes}))
            for engine in ("pack", "plain")
        ]
        assert results[0].findings == results[1].findings
        return results[0]

    return both


@pytest.fixture
def found(swept, token) -> Callable[..., Finding]:
    """The one finding of a complete sweep, which must be the token of seed "a"."""

    def only(path: Path | None = None) -> Finding:
        result = swept(path) if path else swept()
        assert [finding.secret.reveal().decode() for finding in result.findings] == [token("a")]
        assert result.coverage.complete, result.coverage.skipped
        return result.findings[0]

    return only
