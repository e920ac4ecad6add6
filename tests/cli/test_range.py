"""`leakguard range` tells what the commits of a range add, each secret with the commit that did."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import GitRepo, Ran


@pytest.fixture
def ranged(leakguard: Callable[..., Ran]) -> Callable[..., dict[str, list[tuple[str, list[str]]]]]:
    """Secret seen at PATH:LINE -> [(commit, places)], for one range."""

    def run(repo: GitRepo, span: str) -> list[tuple[str, list[str]]]:
        ran = leakguard("range", span, "--format", "json", cwd=repo.path)
        found = json.loads(ran.out)["results"][0]["findings"]
        assert ran.status == bool(found), ran.err
        return sorted(
            (event["commit"]["id"], [f"{place['path']}:{place['line']}" for place in event["places"]])
            for item in found
            for event in item["provenance"]["introduced"]
        )

    return run


def test_every_commit_of_the_range_counts_and_none_before(repo: GitRepo, ranged, token) -> None:
    base = repo.commit(old=token("old"))
    bad = repo.commit(a=f"x\n{token('a')}\n")
    repo.commit(a="clean\n")
    assert ranged(repo, f"{base}..HEAD") == [(bad, ["a:2"])]
    assert ranged(repo, f"{base}...HEAD") == [(bad, ["a:2"])]
    assert ranged(repo, f"{bad}..") == []


def test_a_merge_adds_only_what_is_its_own(repo: GitRepo, ranged, token) -> None:
    base = repo.commit(a="base\n")
    repo.git("checkout", "--quiet", "-b", "side")
    side = repo.commit(side=token("side"))
    repo.git("checkout", "--quiet", "main")
    repo.commit(a="main\n")
    repo.git("merge", "--quiet", "--no-commit", "side")
    merge = repo.commit("evil merge", own=token("own"))
    assert ranged(repo, f"{base}..HEAD") == sorted([(side, ["side:1"]), (merge, ["own:1"])])


def test_moves_and_edits_around_it_do_not_make_a_secret_new(repo: GitRepo, ranged, token) -> None:
    text = "".join(f"line {at}\n" for at in range(20)) + token("a") + "\n"
    base = repo.commit(a=text)
    repo.git("mv", "a", "b")
    repo.commit("move")
    repo.commit(b="above\n" + text)
    assert ranged(repo, f"{base}..HEAD") == []


def test_a_secret_that_comes_back_is_told_with_the_commit_that_brings_it(repo: GitRepo, ranged, token) -> None:
    repo.commit(a=token("a"))
    gone = repo.commit(a="clean\n")
    back = repo.commit(a=token("a"))
    assert ranged(repo, f"{gone}..HEAD") == [(back, ["a:1"])]


def test_a_commit_message_counts(repo: GitRepo, ranged, token) -> None:
    base = repo.commit(a="a\n")
    bad = repo.commit(f"subject\n\nkey {token('a')}")
    assert ranged(repo, f"{base}..HEAD") == [(bad, [f"commit {bad[:12]}:8"])]


@pytest.mark.parametrize(
    ("span", "says"), [("HEAD", "is no range; write A..B"), ("nope..HEAD", "no commit here is called nope")]
)
def test_what_is_no_range_is_wrong_usage(repo: GitRepo, leakguard, span: str, says: str) -> None:
    repo.commit(a="a\n")
    ran = leakguard("range", span, cwd=repo.path)
    assert (ran.status, ran.err.count("\n")) == (2, 1)
    assert says in ran.err


def test_a_shallow_clone_says_what_to_fetch(repo: GitRepo, leakguard, tmp_path: Path) -> None:
    first = repo.commit(a="a\n")
    repo.commit(a="b\n")
    repo.commit(a="c\n")
    repo.git("clone", "--quiet", "--depth=2", repo.path.as_uri(), str(tmp_path / "shallow"))
    ran = leakguard("range", f"{first}..HEAD", cwd=tmp_path / "shallow")
    assert ran.status == 2
    assert "git fetch --unshallow" in ran.err
    ran = leakguard("range", "HEAD~1..HEAD", cwd=tmp_path / "shallow")
    assert ran.status == 0
    assert "the clone is shallow" in ran.out


def test_exactly_one_source_of_the_range_is_taken(repo: GitRepo, leakguard) -> None:
    repo.commit(a="a\n")
    for arguments in ((), ("HEAD..HEAD", "--pre-receive")):
        ran = leakguard("range", *arguments, cwd=repo.path)
        assert ran.status == 2
        assert "give one of A..B" in ran.err


def test_two_runs_say_the_same_bytes(repo: GitRepo, leakguard, token) -> None:
    base = repo.commit(a="a\n")
    for number in range(4):
        repo.commit(
            f"commit {number}", **{f"f{at}": f"{token(f'{number}-{at}')}\n{token('same')}\n" for at in range(3)}
        )
    runs = [
        leakguard("range", f"{base}..", "--format", "json", cwd=repo.path, PYTHONHASHSEED=seed).out for seed in "12"
    ]
    assert runs[0] == runs[1]
