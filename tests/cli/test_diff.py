"""`leakguard diff` as a user runs it, on real repositories."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from leakguard.report import FORMATS

if TYPE_CHECKING:
    from tests.conftest import GitRepo


@pytest.fixture
def runs(repo: GitRepo, leakguard, token, tmp_path: Path) -> tuple[Path, Path]:
    """Two sweeps: between them one secret was added, one removed from HEAD, one moved, and one stayed."""
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    repo.commit("Start", stays=token("stays"), goes=token("goes"), moves=token("moves"))
    leakguard("sweep", repo.path, "-f", "json", "-o", old)
    repo.git("mv", "moves", "moved")
    repo.git("rm", "--quiet", "goes")
    repo.commit("Go on", added=token("added"))
    leakguard("sweep", repo.path, "-f", "json", "-o", new)
    return old, new


def test_what_is_new_gives_status_1(runs: tuple[Path, Path], leakguard) -> None:
    ran = leakguard("diff", *runs)
    assert (ran.status, ran.err) == (1, "")
    assert "1 new, 2 moved, 1 still there, 0 fixed" in ran.out
    assert "left HEAD; the history still holds it" in ran.out
    assert "was at moves:1" in ran.out


def test_nothing_new_gives_status_0(runs: tuple[Path, Path], leakguard) -> None:
    _, new = runs
    ran = leakguard("diff", new, new)
    assert ran.status == 0
    assert "0 new, 0 moved, 4 still there, 0 fixed" in ran.out


def test_every_format_shows_a_comparison(runs: tuple[Path, Path], leakguard) -> None:
    for form in FORMATS:
        ran = leakguard("diff", *runs, "--format", form)
        assert (ran.status, ran.err) == (1, ""), form
        assert ran.out, form


def test_a_saved_comparison_can_be_reported_later(runs: tuple[Path, Path], leakguard, tmp_path: Path) -> None:
    path = tmp_path / "diff.json"
    leakguard("diff", *runs, "-f", "json", "-o", path)
    changes = [item["change"] for item in json.loads(path.read_text("utf-8"))["results"][0]["findings"]]
    assert changes == ["new", "moved", "moved", "same"]
    assert leakguard("report", path, "-f", "markdown").out == leakguard("diff", *runs, "-f", "markdown").out


def test_a_rewritten_history_is_fixed(repo: GitRepo, leakguard, token, tmp_path: Path) -> None:
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    repo.commit("Start", a=token("a"))
    leakguard("scan", repo.path, "-f", "json", "-o", old)
    repo.write("a", "clean\n")
    leakguard("scan", repo.path, "-f", "json", "-o", new)
    ran = leakguard("diff", old, new)
    assert ran.status == 0
    assert "FIXED" in ran.out


def test_an_incomplete_newer_result_with_nothing_new_gives_status_3(runs: tuple[Path, Path], leakguard) -> None:
    _, new = runs
    document = json.loads(new.read_text("utf-8"))
    document["results"][0]["coverage"]["skipped"] = [{"what": "x", "reason": "is damaged"}]
    partial = new.with_name("partial.json")
    partial.write_text(json.dumps(document), "utf-8")
    assert leakguard("diff", new, partial).status == 3


def test_two_results_from_standard_input_are_refused(leakguard) -> None:
    ran = leakguard("diff", "-", "-", stdin=b"{}")
    assert ran.status == 2
    assert "only one" in ran.err
