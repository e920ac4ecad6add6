"""A repository may be opened before anyone asks for it, and what goes wrong is told when it is asked for."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from leakguard.errors import RepositoryError
from leakguard.git.objects import open_objects
from leakguard.git.repository import open_repository
from leakguard.sweep import opening
from leakguard.sweep.opening import Opening
from leakguard.sweep.run import sweep

if TYPE_CHECKING:
    from pathlib import Path

    from leakguard.config import Settings
    from leakguard.detect.ruleset import RuleSet
    from tests.conftest import GitRepo


def test_the_objects_are_those_of_the_repository(repo: GitRepo) -> None:
    repo.commit(a="one")
    repo.git("repack", "--quiet", "-ad")
    repo.commit(a="two")
    begun = Opening(repo.path, "pack")
    assert begun.repository().path == repo.path
    objects, problems = begun.objects()
    expected, _ = open_objects(open_repository(repo.path))
    assert (objects.oids, objects.loose, problems) == (expected.oids, expected.loose, [])
    assert not begun.busy


def test_without_packs_nothing_is_read_ahead(repo: GitRepo) -> None:
    threads = threading.active_count()
    begun = Opening(repo.path, "plain")
    assert threading.active_count() == threads
    assert (begun.busy, begun.objects()[0].count) == (False, 0)


def test_a_missing_repository_is_told_when_it_is_asked_for(tmp_path: Path) -> None:
    begun = Opening(tmp_path, "pack")
    with pytest.raises(RepositoryError, match="is not in a git repository"):
        begun.repository()


def test_what_fails_ahead_fails_where_the_objects_are_asked_for(repo: GitRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_repository: object) -> None:
        raise MemoryError

    monkeypatch.setattr(opening, "open_objects", fail)
    begun = Opening(repo.path, "pack")
    assert begun.repository().path == repo.path
    with pytest.raises(MemoryError):
        begun.objects()


def test_a_sweep_of_what_is_open_gives_the_same_result(
    repo: GitRepo, rules: RuleSet, settings: Settings, token
) -> None:
    repo.commit(a=token("a"))
    assert sweep(repo.path, rules, settings, opening=Opening(repo.path, "pack")) == sweep(repo.path, rules, settings)


def test_a_rule_file_that_is_missing_is_told_before_a_repository_that_is(leakguard, tmp_path: Path) -> None:
    config = tmp_path / "own.toml"
    config.write_text('rules = ["gone.toml"]\n')
    ran = leakguard("sweep", tmp_path / "nowhere", "--config", config)
    assert (ran.status, ran.err.count("\n")) == (2, 1)
    assert "gone.toml" in ran.err
