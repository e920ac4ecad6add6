"""`leakguard baseline` accepts what is there; new secrets are told all the same."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from leakguard.detect.template import expand

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import GitRepo

FILE = ".leakguard-baseline.json"


def weak() -> str:
    """A password that a person could have chosen. None is written down."""
    return expand("{alnum:12}-{alnum:4}", "weak")


def made(repo: GitRepo, leakguard, token, *options: str) -> dict:
    repo.commit(a__py=f"T = '{token('a')}'\ndb_password = '{weak()}'\n")
    assert leakguard("baseline", "create", repo.path, *options).status == 0
    return json.loads((repo.path / FILE).read_bytes())


def test_what_was_accepted_is_quiet_and_what_is_new_is_not(repo: GitRepo, leakguard, token) -> None:
    baseline = made(repo, leakguard, token, "--reason", "rotation is planned", "--owner", "ada", "--expires", "90d")
    assert {entry["rule"]: entry.get("keyed", False) for entry in baseline["entries"]} == {
        "generic-password": True,
        "github-pat-classic": False,
    }
    assert {entry["reason"] for entry in baseline["entries"]} == {"rotation is planned"}
    repo.commit("the baseline itself")
    assert leakguard("sweep", repo.path).status == 0
    assert leakguard("scan", repo.path).status == 0
    repo.commit(b=token("b"))
    assert leakguard("sweep", repo.path).status == 1
    shown = leakguard("baseline", "show", repo.path).out
    assert "rotation is planned; owner ada" in shown
    assert "2 entries" in shown


def test_neither_a_secret_nor_a_hash_that_can_be_guessed_is_in_the_file(repo: GitRepo, leakguard, token) -> None:
    first = made(repo, leakguard, token)
    text = (repo.path / FILE).read_text()
    assert weak() not in text
    assert token("a") not in text
    marks = {entry["rule"]: entry["fingerprint"] for entry in first["entries"]}
    again = made(repo, leakguard, token, "--force")
    assert {entry["rule"]: entry["fingerprint"] for entry in again["entries"]} == marks
    other = leakguard("baseline", "create", repo.path, "--force", LEAKGUARD_FINGERPRINT_KEY="another key")
    assert other.status == 0
    changed = {entry["rule"]: entry["fingerprint"] for entry in json.loads((repo.path / FILE).read_bytes())["entries"]}
    assert changed["github-pat-classic"] == marks["github-pat-classic"]
    assert changed["generic-password"] != marks["generic-password"]


def test_another_clone_needs_the_key_for_weak_secrets_only(repo: GitRepo, tmp_path: Path, leakguard, token) -> None:
    made(repo, leakguard, token)
    repo.commit("baseline")
    repo.git("clone", "--quiet", str(repo.path), str(tmp_path / "clone"))
    ran = leakguard("sweep", tmp_path / "clone")
    assert ran.status == 1
    assert "generic-password" in ran.out
    assert "github-pat-classic" not in ran.out
    assert "1 of 2 entries of .leakguard-baseline.json need a fingerprint key that is not here" in ran.out
    assert leakguard("baseline", "update", tmp_path / "clone").status == 2
    key = leakguard("baseline", "key", "--print", repo.path).out
    assert leakguard("baseline", "key", "--set", tmp_path / "clone", stdin=key.encode()).status == 0
    assert leakguard("sweep", tmp_path / "clone").status == 0


def test_without_a_key_a_baseline_holds_in_every_clone(repo: GitRepo, leakguard, token) -> None:
    baseline = made(repo, leakguard, token, "--no-key")
    assert [entry.get("slow", False) for entry in baseline["entries"]] == [True, False]
    assert leakguard("sweep", repo.path, LEAKGUARD_FINGERPRINT_KEY="some key").status == 0
    assert not (repo.path / ".git" / "leakguard").exists()


def test_update_adds_what_is_new_drops_what_is_gone_and_keeps_what_ran_out(repo: GitRepo, leakguard, token) -> None:
    made(repo, leakguard, token, "--expires", "2020-01-01")
    ran = leakguard("sweep", repo.path)
    assert ran.status == 1
    assert "2 entries of .leakguard-baseline.json ran out" in ran.out
    repo.commit(b=token("b"))
    assert "1 accepted, 0 gone, 2 kept" in leakguard("baseline", "update", repo.path).out
    assert leakguard("sweep", repo.path).status == 1
    assert leakguard("baseline", "update", repo.path, "--renew").status == 2
    assert leakguard("baseline", "update", repo.path, "--renew", "--expires", "30d").status == 0
    assert leakguard("sweep", repo.path).status == 0
    place = repo.path / FILE
    baseline = json.loads(place.read_bytes())
    baseline["entries"].append({"fingerprint": "0" * 32, "rule": "x", "reason": "gone"})
    place.write_text(json.dumps(baseline))
    (repo.path / ".leakguard.toml").write_text('stale_allowances = "fail"\n')
    ran = leakguard("sweep", repo.path)
    assert ran.status == 1
    assert "1 entry of .leakguard-baseline.json fits nothing" in ran.out
    assert "0 accepted, 1 gone" in leakguard("baseline", "update", repo.path, "--prune").out
    assert leakguard("sweep", repo.path).status == 0


def test_bad_input_is_one_sentence_and_status_2(repo: GitRepo, leakguard, token, tmp_path: Path) -> None:
    made(repo, leakguard, token)
    for arguments in (
        ("baseline", "create", repo.path),
        ("baseline", "create", repo.path, "--force", "--expires", "someday"),
        ("baseline", "show", tmp_path),
        ("baseline", "update", tmp_path / "nowhere"),
        ("baseline", "key", tmp_path),
    ):
        ran = leakguard(*arguments)
        assert (ran.status, len(ran.err.strip().splitlines())) == (2, 1), arguments
    (repo.path / FILE).write_text('{"schema": "leakguard-baseline/7"}')
    for command in ("sweep", "scan"):
        ran = leakguard(command, repo.path)
        assert ran.status == 2
        assert "another version" in ran.err


def test_what_the_baseline_allows_does_not_stop_a_commit(repo: GitRepo, leakguard, token) -> None:
    made(repo, leakguard, token)
    repo.commit("baseline")
    repo.write("moved.py", f"\n\n  T = '{token('a')}'\n  db_password = '{weak()}'\n")
    repo.git("add", "moved.py")
    assert leakguard("staged", cwd=repo.path).status == 0
    repo.write("moved.py", token("b"))
    repo.git("add", "moved.py")
    assert leakguard("staged", cwd=repo.path).status == 1
    (repo.path / FILE).write_text("{")
    ran = leakguard("staged", cwd=repo.path)
    assert (ran.status, len(ran.err.strip().splitlines())) == (2, 1)
