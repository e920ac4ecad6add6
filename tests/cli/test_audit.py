"""`leakguard audit` asks once, remembers at once, and takes back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.conftest import GitRepo

FILE = ".leakguard-baseline.json"


def ready(repo: GitRepo, token) -> None:
    repo.commit(a=token("a"), b=token("b"), c=token("c"))


def reasons(repo: GitRepo) -> list[str]:
    place = repo.path / FILE
    return [entry["reason"] for entry in json.loads(place.read_bytes())["entries"]] if place.exists() else []


def test_decisions_are_remembered_and_not_asked_again(repo: GitRepo, leakguard, token) -> None:
    ready(repo, token)
    ran = leakguard("audit", repo.path, stdin=b"a\n\nit is revoked\nl\ns\n")
    assert ran.status == 0, ran.err
    assert "1 allowed, 1 confirmed as a leak, 1 not decided." in ran.out
    assert not any(token(seed) in ran.out for seed in "abc")
    assert reasons(repo) == ["it is revoked"]
    again = leakguard("audit", repo.path, stdin=b"q\n").out
    assert "1 of 1" in again
    assert "1 of 3" in leakguard("audit", "--again", repo.path, stdin=b"q\n").out
    found = json.loads(leakguard("sweep", "--format", "json", repo.path).out)["results"][0]["findings"]
    assert len(found) == 2
    assert repo.git("status", "--porcelain") == f"?? {FILE}"


def test_undo_takes_the_last_decision_back_and_asks_again(repo: GitRepo, leakguard, token) -> None:
    ready(repo, token)
    ran = leakguard("audit", repo.path, stdin=b"u\na\nwrong\nu\na\nright\nl\nu\nq\n")
    assert "nothing to undo" in ran.out
    assert "1 allowed, 0 confirmed as leaks, 2 not decided." in ran.out
    assert reasons(repo) == ["right"]


def test_a_leak_that_was_allowed_is_a_finding_again(repo: GitRepo, leakguard, token) -> None:
    repo.commit(a=token("a"))
    leakguard("audit", repo.path, "--owner", "ada", stdin=b"a\nno leak\n")
    assert leakguard("sweep", repo.path).status == 0
    leakguard("audit", "--again", repo.path, stdin=b"l\n")
    assert reasons(repo) == []
    assert leakguard("sweep", repo.path).status == 1


def test_the_end_of_input_stops_and_unknown_answers_show_help(repo: GitRepo, leakguard, token) -> None:
    ready(repo, token)
    ran = leakguard("audit", repo.path, stdin=b"what\na\n")
    assert ran.status == 0
    assert "s  skip it for now" in ran.out
    assert reasons(repo) == []
    assert leakguard("audit", repo.path / "nowhere").status == 2
