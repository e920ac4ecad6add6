"""What a purge plan says, done by the real git-filter-repo, leaves nothing to find."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from leakguard.advice.purge import _escaped, _line
from leakguard.sweep.run import sweep
from tests.conftest import HERMETIC

if TYPE_CHECKING:
    from leakguard.config import Settings
    from leakguard.detect.ruleset import RuleSet
    from tests.conftest import GitRepo

SCRIPTS = Path(sys.executable).parent


def leaky(repo: GitRepo, token) -> list[str]:
    """A history with secrets in files, a message, a tag, a file name and a UTF-16 file; their tokens."""
    repo.commit(a__py=f"x = 1\nT = '{token('a')}'\n", keep="kept\n")
    repo.commit(a__py="x = 1\n")
    repo.commit(f"use {token('b')}", c="c\n")
    repo.git("tag", "-a", "v1", "-m", f"with {token('c')}")
    repo.commit(utf16="wide\n" + f"t = {token('d')}\n")
    repo.write("wide.txt", f"t = {token('d')}\n".encode("utf-16"))
    repo.write(f"notes-{token('e')}.md", "n\n")
    repo.commit("more")
    repo.git("checkout", "--quiet", "-b", "side", "HEAD~2")
    repo.commit(b=f"  {token('f')}  \n")
    return [token(seed) for seed in "abcdef"]


def commands(ran) -> list[list[str]]:
    return [item["words"] for item in json.loads(ran.out)["commands"]]


@pytest.mark.skipif(not shutil.which("git-filter-repo", path=SCRIPTS), reason="git-filter-repo is not installed")
def test_the_plan_run_on_a_real_repository_leaves_nothing_to_find(
    repo: GitRepo, rules: RuleSet, settings: Settings, leakguard, token, tmp_path: Path
) -> None:
    secrets = leaky(repo, token)
    place = tmp_path / "safe" / "replace.txt"
    place.parent.mkdir()
    ran = leakguard("purge-plan", repo.path, "--replacements", place, "--format", "json")
    assert ran.status == 0
    assert "in clear text" in ran.err
    assert not any(secret in ran.out + ran.err for secret in secrets)
    assert os.name == "nt" or place.stat().st_mode & 0o077 == 0
    clone, rewrite, _, push, clean = commands(ran)
    for words in (clone, rewrite):
        env = {**os.environ, **HERMETIC, "PATH": f"{SCRIPTS}{os.pathsep}{os.environ['PATH']}"}
        done = subprocess.run(words, cwd=tmp_path, capture_output=True, env=env, check=False)
        assert done.returncode == 0, done.stderr.decode()
    result = sweep(tmp_path / "purge.git", rules, settings)
    assert [finding.rule for finding in result.findings] == []
    assert set(repo.git("for-each-ref", "--format=%(refname)").split()) == set(
        repo.git("--git-dir", str(tmp_path / "purge.git"), "for-each-ref", "--format=%(refname)").split()
    )
    assert repo.git("--git-dir", str(tmp_path / "purge.git"), "show", "main:keep") == "kept"
    assert push[-1] == clone[-2]
    assert str(place) in clean


def test_the_replace_file_goes_nowhere_where_it_could_be_committed(
    repo: GitRepo, leakguard, token, tmp_path: Path
) -> None:
    repo.commit(a=token("a"))
    for place in (repo.path / "r.txt", repo.path / ".git" / "r.txt", repo.path / "x" / ".." / "r.txt"):
        ran = leakguard("purge-plan", repo.path, "--replacements", place)
        assert (ran.status, place.exists()) == (2, False)
    taken = tmp_path / "taken"
    taken.write_text("mine")
    assert leakguard("purge-plan", repo.path, "--replacements", taken).status == 2
    assert taken.read_text() == "mine"


def test_without_a_place_nothing_is_written_and_the_plan_is_shown(repo: GitRepo, leakguard, token) -> None:
    repo.commit(a=token("a"))
    ran = leakguard("purge-plan", repo.path)
    assert ran.status == 0
    assert "leakguard guide github-pat-classic" in ran.out
    assert "git -C purge.git filter-repo --replace-text" in ran.out
    assert "--replacements FILE" in ran.out
    assert token("a") not in ran.out
    assert repo.git("status", "--porcelain") == ""


def test_a_clean_repository_has_nothing_to_purge(repo: GitRepo, leakguard) -> None:
    repo.commit(a="x")
    assert "Nothing to purge" in leakguard("purge-plan", repo.path).out


@pytest.mark.parametrize(
    "needle", [b"a==>b", b" lead", b"two\nlines", b"regex:x", b"cr\r\nlf", b"\xff\x00(", b"literal:"]
)
def test_a_replace_line_means_exactly_its_bytes(needle: bytes, tmp_path: Path) -> None:
    filter_repo = pytest.importorskip("git_filter_repo", reason="git-filter-repo is not installed")
    place = tmp_path / "replace"
    place.write_bytes(_line(needle))
    read = filter_repo.FilteringOptions.get_replace_text(str(place))
    content = b"x" + needle + b"y"
    for literal, replacement in read["literals"]:
        content = content.replace(literal, replacement)
    for expression, replacement in read["regexes"]:
        content = expression.sub(replacement, content)
    assert content == b"x***REMOVED***y"
    assert b"\n" not in _escaped(needle)
