"""A sweep finds every secret of a history, once, with its life."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from leakguard.sweep.run import sweep
from tests.conftest import GitRepo, make_repo

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from leakguard.config import Settings
    from leakguard.detect.ruleset import RuleSet
    from leakguard.model import Finding, Result

    Sweep = Callable[..., Result]


@pytest.fixture
def run(rules: RuleSet, settings: Settings) -> Sweep:
    def swept(path: Path, **changes: object) -> Result:
        return sweep(path, rules, msgspec.structs.replace(settings, **changes))

    return swept


def only(result: Result) -> Finding:
    assert len(result.findings) == 1, [finding.rule for finding in result.findings]
    return result.findings[0]


def introduced(finding: Finding) -> list[str]:
    return [event.commit.id for event in finding.provenance.introduced]


def removed(finding: Finding) -> list[str]:
    return [event.commit.id for event in finding.provenance.removed]


def test_a_secret_that_was_deleted_later_is_found_with_both_commits(repo: GitRepo, run: Sweep, token) -> None:
    repo.commit(app__py="print('hello')\n")
    bad = repo.commit(app__py=f"print('hello')\nTOKEN = '{token('a')}'\n")
    good = repo.commit(app__py="print('hello')\n")
    finding = only(run(repo.path))
    assert finding.rule == "github-pat-classic"
    assert finding.confidence == "proven"
    assert introduced(finding) == [bad]
    assert removed(finding) == [good]
    assert not finding.provenance.in_head
    assert finding.provenance.refs == ()
    assert finding.provenance.exposed == 86_400
    assert [(place.path, place.line, place.column) for place in finding.places] == [("app.py", 2, 10)]


def test_a_secret_in_head_names_its_refs_and_place(repo: GitRepo, run: Sweep, token) -> None:
    repo.commit(config__yml=f"a: 1\nb: 2\ngithub: {token('a')}\n")
    repo.git("tag", "v1")
    finding = only(run(repo.path))
    assert finding.provenance.in_head
    assert finding.provenance.refs == ("refs/heads/main", "refs/tags/v1")
    assert finding.provenance.pushed is None
    assert [(place.path, place.line) for place in finding.places] == [("config.yml", 3)]


def test_renames_and_edits_around_a_secret_do_not_make_it_new(repo: GitRepo, run: Sweep, token) -> None:
    first = repo.commit(a__txt=f"x\n{token('a')}\n")
    repo.git("mv", "a.txt", "b.txt")
    repo.commit("rename")
    repo.commit(b__txt=f"more\nlines\nabove\n{token('a')}\nbelow\n")
    finding = only(run(repo.path))
    assert introduced(finding) == [first]
    assert removed(finding) == []
    assert [(place.path, place.line) for place in finding.places] == [("b.txt", 4)]


def test_a_secret_that_comes_back_is_introduced_twice(repo: GitRepo, run: Sweep, token) -> None:
    first = repo.commit(a=token("a"))
    gone = repo.commit(a="clean")
    again = repo.commit(a=token("a"))
    finding = only(run(repo.path))
    assert introduced(finding) == [first, again]
    assert removed(finding) == [gone]


def test_content_that_only_a_merge_adds_counts(repo: GitRepo, run: Sweep, token) -> None:
    repo.commit(a="base\n")
    repo.git("checkout", "--quiet", "-b", "side")
    repo.commit(b="side\n")
    repo.git("checkout", "--quiet", "main")
    repo.commit(a="main\n")
    repo.git("merge", "--quiet", "--no-commit", "side")
    merge = repo.commit("evil merge", c=token("a"))
    assert len(repo.git("rev-list", "--parents", "-1", merge).split()) == 3
    assert introduced(only(run(repo.path))) == [merge]


def test_a_merge_of_a_branch_with_a_secret_introduces_nothing_of_its_own(repo: GitRepo, run: Sweep, token) -> None:
    repo.commit(a="base\n")
    repo.git("checkout", "--quiet", "-b", "side")
    bad = repo.commit(b=token("a"))
    repo.git("checkout", "--quiet", "main")
    repo.commit(a="main\n")
    repo.git("merge", "--quiet", "--no-ff", "-m", "merge", "side")
    assert introduced(only(run(repo.path))) == [bad]


def test_the_same_secret_in_many_files_is_one_finding(repo: GitRepo, run: Sweep, token) -> None:
    repo.commit(a=token("a"), b=f"again {token('a')}", c=f"{token('a')} {token('a')}")
    finding = only(run(repo.path))
    assert finding.occurrences == 4
    assert {place.path for place in finding.places} == {"a", "b", "c"}


def test_pushed_is_what_a_remote_tracking_ref_reaches(tmp_path: Path, run: Sweep, token) -> None:
    upstream = make_repo(tmp_path / "upstream")
    upstream.commit(a=token("pushed"))
    upstream.git("clone", "--quiet", str(upstream.path), str(tmp_path / "clone"))
    clone = GitRepo(tmp_path / "clone", upstream.clock)
    clone.commit(b=token("local"))
    by_secret = {finding.secret.reveal().decode(): finding for finding in run(clone.path).findings}
    assert by_secret[token("pushed")].provenance.pushed is True
    assert by_secret[token("local")].provenance.pushed is False
    assert by_secret[token("local")].advice.situation == "unpushed"
    assert by_secret[token("pushed")].advice.situation == "pushed"


def test_a_dropped_stash_is_found_and_called_unreachable(repo: GitRepo, run: Sweep, token) -> None:
    repo.commit(a="clean\n")
    repo.write("a", token("a"))
    repo.git("stash", "--quiet")
    repo.git("stash", "drop", "--quiet")
    finding = only(run(repo.path))
    assert finding.provenance.unreachable
    assert finding.advice.situation == "unreachable"


def test_a_stash_is_a_ref_like_any_other(repo: GitRepo, run: Sweep, token) -> None:
    repo.commit(a="clean\n")
    repo.write("a", token("a"))
    repo.git("stash", "--quiet")
    finding = only(run(repo.path))
    assert finding.provenance.refs == ("refs/stash",)
    assert not finding.provenance.unreachable


def test_a_blob_that_no_tree_holds_is_found(repo: GitRepo, run: Sweep, token) -> None:
    repo.commit(a="clean\n")
    oid = repo.git("hash-object", "-w", "--stdin", stdin=token("a").encode())
    finding = only(run(repo.path))
    assert finding.places[0].path == f"blob {oid[:12]}"
    assert finding.provenance.unreachable


def test_amended_commits_do_not_blur_what_the_branch_did(repo: GitRepo, run: Sweep, token) -> None:
    repo.commit(a="clean\n")
    repo.commit("first try", a=token("a"))
    repo.git("commit", "--quiet", "--amend", "-m", "second try")
    kept = repo.git("rev-parse", "HEAD")
    assert introduced(only(run(repo.path))) == [kept]


@pytest.mark.parametrize("packed", [False, True])
def test_workers_and_packing_change_nothing(repo: GitRepo, run: Sweep, token, packed: bool) -> None:
    for number in range(12):
        lines = "".join(f"line {at} of {number}\n" for at in range(80))
        repo.commit(f"change {number}", a__txt=lines + f"{token(str(number % 5))}\n" + lines, b=str(number))
    if packed:
        repo.git("repack", "-adfq", "--depth=50", "--window=50")
    results = [run(repo.path, engine=engine, jobs=jobs) for engine in ("pack", "plain") for jobs in (1, 2)]
    first = results[0]
    assert len(first.findings) == 5
    for other in results[1:]:
        assert other.findings == first.findings
        assert other.suppressed == first.suppressed
        assert other.coverage.objects == first.coverage.objects


def test_since_leaves_out_what_came_before(repo: GitRepo, run: Sweep, token) -> None:
    repo.commit(a=token("old"))
    since = repo.clock + 1
    repo.commit(b=token("new"))
    result = run(repo.path, since=since)
    assert only(result).secret.reveal().decode() == token("new")
    assert result.coverage.held["excluded"] == 1


def test_an_excluded_path_is_counted_not_forgotten(repo: GitRepo, run: Sweep, token) -> None:
    repo.commit(a=token("a"))
    repo.write("vendor/lib/x.js", token("b"))
    repo.commit()
    result = run(repo.path, exclude=("vendor/**",))
    assert only(result).secret.reveal().decode() == token("a")
    assert result.coverage.held["excluded"] == 1
    assert any(item.reason == "excluded" and item.place.path == "vendor/lib/x.js" for item in result.suppressed)


def test_a_comment_beside_a_secret_allows_that_secret_only(repo: GitRepo, run: Sweep, token) -> None:
    repo.commit(a__py=f"A = '{token('a')}'  # leakguard:allow[github-pat-classic] revoked in May\nB = '{token('b')}'\n")
    result = run(repo.path)
    assert only(result).secret.reveal().decode() == token("b")
    allowed = [item for item in result.suppressed if item.reason == "allowed"]
    assert [item.justification for item in allowed] == ["revoked in May"]


def test_a_wrong_checksum_is_refuted_and_stays_visible(repo: GitRepo, run: Sweep, token) -> None:
    broken = token("a")[:-1] + ("0" if token("a")[-1] != "0" else "1")
    repo.commit(a=broken)
    result = run(repo.path)
    assert result.findings == ()
    assert [(item.rule, item.reason, item.place.path) for item in result.suppressed] == [
        ("github-pat-classic", "refuted", "a")
    ]


def test_excerpts_mask_every_secret_on_their_lines(repo: GitRepo, run: Sweep, token) -> None:
    repo.commit(a=f"one={token('a')} two={token('b')}\nthree={token('c')}\n")
    for finding in run(repo.path).findings:
        shown = " ".join(line.text for place in finding.places for line in place.excerpt)
        for seed in "abc":
            assert token(seed)[4:] not in shown
