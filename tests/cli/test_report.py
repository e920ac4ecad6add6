"""`leakguard report` as a user runs it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from leakguard.report import FORMATS

if TYPE_CHECKING:
    from tests.conftest import GitRepo


@pytest.fixture
def saved(repo: GitRepo, leakguard, token, tmp_path: Path) -> Path:
    repo.commit("Add it", config__py=f"A = '{token('a')}'\nB = '{token('b')}'  # leakguard:allow revoked\n")
    path = tmp_path / "result.json"
    ran = leakguard("sweep", repo.path, "--format", "json", "--output", path)
    assert (ran.status, ran.out) == (1, "")
    return path


def test_every_format_is_made_of_a_saved_result(saved: Path, leakguard, token) -> None:
    for form in FORMATS:
        ran = leakguard("report", saved, "--format", form)
        assert (ran.status, ran.err) == (0, ""), form
        assert "GitHub" in ran.out, form
        assert token("a") not in ran.out, form


def test_a_report_of_a_saved_result_is_the_sweep_s_own(saved: Path, repo: GitRepo, leakguard) -> None:
    for form in ("text", "sarif"):
        assert leakguard("report", saved, "-f", form).out == leakguard("sweep", repo.path, "-f", form).out


def test_standard_input_is_read(saved: Path, leakguard) -> None:
    ran = leakguard("report", "-", "-f", "json", stdin=saved.read_bytes())
    assert ran.out.encode() == saved.read_bytes()


def test_findings_only_counts_what_was_held_back_without_listing_it(saved: Path, leakguard) -> None:
    full = json.loads(leakguard("report", saved, "-f", "sarif").out)["runs"][0]
    bare = json.loads(leakguard("report", saved, "-f", "sarif", "--findings-only").out)["runs"][0]
    assert (len(full["results"]), len(bare["results"])) == (2, 1)
    assert bare["properties"]["coverage"]["held"]["allowed"] == 1


def test_secrets_that_were_not_saved_cannot_be_shown(saved: Path, leakguard) -> None:
    ran = leakguard("report", saved, "--show-secrets")
    assert ran.status == 2
    assert "holds no secrets" in ran.err


def test_secrets_that_were_saved_are_shown_only_where_asked(repo: GitRepo, leakguard, token, tmp_path: Path) -> None:
    path = tmp_path / "bare.json"
    repo.commit(f"Add {token('a')}", config__py=f"A = '{token('a')}'\n")
    leakguard("sweep", repo.path, "-f", "json", "-o", path, "--show-secrets")
    assert token("a") in path.read_text("utf-8")
    assert token("a") in leakguard("report", path, "--show-secrets").out
    for form in FORMATS:
        assert token("a")[4:] not in leakguard("report", path, "-f", form).out, form


@pytest.mark.parametrize("content", ["", "{}", '{"schema": "leakguard-result/9", "results": []}', '{"schema": "le'])
def test_a_file_that_is_no_result_is_one_sentence_and_status_2(tmp_path: Path, leakguard, content: str) -> None:
    path = tmp_path / "r.json"
    path.write_text(content, "utf-8")
    ran = leakguard("report", path)
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith(f"leakguard: {path} ")
    assert ran.err.count("\n") == 1


def test_a_file_that_is_not_there_is_one_sentence_and_status_2(tmp_path: Path, leakguard) -> None:
    ran = leakguard("report", tmp_path / "none.json")
    assert ran.status == 2
    assert "cannot be read" in ran.err
