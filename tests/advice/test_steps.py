"""Advice fits the case, its commands work, and no line of it holds a secret."""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from leakguard.advice.homes import READ, STORES, instructions, language_of, read_line, variable_of
from leakguard.sweep.run import sweep
from tests.conftest import GitRepo, make_repo

if TYPE_CHECKING:
    from pathlib import Path

    from leakguard.config import Settings
    from leakguard.detect.ruleset import RuleSet


def cloned(tmp_path: Path) -> GitRepo:
    upstream = make_repo(tmp_path / "upstream")
    upstream.commit(a__py="x = 1\n")
    upstream.git("clone", "--quiet", str(upstream.path), str(tmp_path / "clone"))
    return GitRepo(tmp_path / "clone", upstream.clock)


def test_the_commands_for_an_unpushed_commit_rewrite_exactly_that_commit(
    tmp_path: Path, rules: RuleSet, settings: Settings, token
) -> None:
    repo = cloned(tmp_path)
    repo.commit(a__py=f"x = 1\nT = '{token('a')}'\n")
    repo.commit(b__py="later = 1\n")
    (finding,) = sweep(repo.path, rules, settings).findings
    assert finding.advice.situation == "unpushed"
    commit = finding.provenance.introduced[0].commit.id[:10]
    assert commit in finding.advice.steps[0]
    command = re.search(r"then: `([^`]+)`", finding.advice.steps[1]).group(1)
    prune = re.search(r"`([^`]+)`", finding.advice.steps[2]).group(1)
    repo.write("a.py", "x = 1\nT = os.environ['T']\n")
    for line in (command, prune):
        for part in line.split(" && "):
            repo.git(*[word.strip("'") for word in part.split()[1:]])
    assert sweep(repo.path, rules, settings).findings == ()
    assert repo.git("rev-list", "--count", "HEAD") == "3"
    assert repo.git("show", "HEAD:b.py") == "later = 1"


def test_a_pushed_secret_is_revoked_first_and_purged_last(
    tmp_path: Path, rules: RuleSet, settings: Settings, token
) -> None:
    repo = cloned(tmp_path)
    repo.commit(app__js=f"const githubToken = '{token('a')}'\n")
    repo.git("push", "--quiet", "origin", "main:work")
    (finding,) = sweep(repo.path, rules, settings).findings
    first, *_, store, last = finding.advice.steps
    assert "Rotate it first" in first
    assert "process.env." in store
    assert "refs/heads/main, refs/remotes/origin/work" in last
    assert "app.js" in last
    assert "leakguard purge-plan" in last
    assert not any(token("a") in step for step in finding.advice.steps)


@pytest.mark.parametrize(
    ("name", "variable"),
    [("jwtSecret", "JWT_SECRET"), ("db.password", "DB_PASSWORD"), ("", "NAME"), ("1x", "NAME"), ("naïve", "NA_VE")],
)
def test_a_variable_is_named_after_the_value(name: str, variable: str) -> None:
    assert variable_of(name) == variable


def test_the_language_is_that_of_the_file_and_node_without_one() -> None:
    assert read_line("src/app.ts", "apiKey").startswith("const name = process.env.API_KEY")
    assert read_line("x.py", "apiKey") == 'name = os.environ["API_KEY"]'
    assert language_of("Makefile") == "node"


@pytest.mark.parametrize("store", list(STORES))
def test_every_store_has_lines_for_every_language(store: str) -> None:
    for language in READ:
        lines = instructions(store, language)
        assert len(lines) >= 2
        assert all(len(line) < 160 for line in lines)


def test_guide_shows_rotation_and_where_to_put_it(leakguard) -> None:
    ran = leakguard("guide", "github-pat-classic")
    assert ran.status == 0
    assert "1. " in ran.out
    assert "process.env.NAME" in ran.out
    assert "--store environment, aws, azure, google" in ran.out
    ran = leakguard("guide", "--store", "vault", "--language", "python")
    assert (ran.status, "hvac" in ran.out) == (0, True)
    assert leakguard("guide").status == 2
    assert leakguard("guide", "no-such-rule").status == 2


def test_a_dotenv_line_runs_in_a_shell(tmp_path: Path) -> None:
    subprocess.run(["sh", "-c", STORES["dotenv"].put[0]], cwd=tmp_path, check=True)
    assert (tmp_path / ".gitignore").read_text() == ".env\n.env.*\n!.env.example\n"


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="needs ssh-keygen")
@pytest.mark.parametrize(("phrase", "situation"), [("some pass phrase", "encrypted"), ("", "unpushed")])
def test_a_key_behind_a_pass_phrase_is_told_apart(
    tmp_path: Path, rules: RuleSet, settings: Settings, phrase: str, situation: str
) -> None:
    repo = cloned(tmp_path)
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", phrase, "-f", str(repo.path / "deploy_key")]
    subprocess.run(command, check=True, capture_output=True)
    (repo.path / "deploy_key.pub").unlink()
    repo.commit()
    (finding,) = sweep(repo.path, rules, settings).findings
    assert finding.advice.situation == situation


def test_what_a_later_commit_took_out_again_is_rewritten_too(
    tmp_path: Path, rules: RuleSet, settings: Settings, token
) -> None:
    repo = cloned(tmp_path)
    commit = repo.commit(b__py=f"T = '{token('a')}'\n")
    repo.commit(b__py="\n")
    (finding,) = sweep(repo.path, rules, settings).findings
    assert finding.advice.steps[1].startswith(f"`git rebase --interactive {commit[:10]}~1` (--root instead of")
    assert "mark it edit" in finding.advice.steps[1]
