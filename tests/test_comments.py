"""A comment allows the occurrence that it stands beside, and the earlier versions of its file: nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from leakguard.sweep.run import sweep

if TYPE_CHECKING:
    from leakguard.config import Settings
    from leakguard.detect.ruleset import RuleSet
    from leakguard.model import Result
    from tests.conftest import GitRepo

COMMENT = "  # leakguard:allow[github-pat-classic] revoked in May"


@pytest.fixture(params=["pack", "plain"])
def swept(request: pytest.FixtureRequest, repo: GitRepo, rules: RuleSet, settings: Settings):
    """Sweep the repository with either engine."""

    def run(**wishes: object) -> Result:
        repo.git("repack", "-adq")
        return sweep(repo.path, rules, msgspec.structs.replace(settings, engine=request.param, **wishes))

    return run


def places(result: Result) -> list[str]:
    return [f"{place.path}:{place.line}" for finding in result.findings for place in finding.places]


def test_the_same_secret_in_another_file_is_reported_there_only(repo: GitRepo, leakguard, token) -> None:
    repo.write("a.py", f'k = "{token("a")}"{COMMENT}\n')
    repo.write("b.py", f'k = "{token("a")}"\n')
    ran = leakguard("scan", ".", "--format", "json", cwd=repo.path)
    assert ran.status == 1
    result = msgspec.json.decode(ran.out)["results"][0]
    assert [[place["path"] for place in finding["places"]] for finding in result["findings"]] == [["b.py"]]
    assert [item["justification"] for item in result["suppressed"]] == ["revoked in May"]


def test_the_same_secret_at_another_place_of_the_same_file_is_reported(repo: GitRepo, swept, token) -> None:
    repo.commit(a__py=f'k = "{token("a")}"{COMMENT}\n\nk = "{token("a")}"\n')
    assert places(swept()) == ["a.py:3"]


def test_the_same_secret_in_another_file_of_head_is_reported_there_only(repo: GitRepo, swept, token) -> None:
    repo.commit(a__py=f'k = "{token("a")}"{COMMENT}\n', b__py=f'k = "{token("a")}"\n')
    assert places(swept()) == ["b.py:1"]


def test_a_comment_allows_the_earlier_versions_of_its_file(repo: GitRepo, swept, token) -> None:
    repo.commit(a__py=f'k = "{token("a")}"\n')
    repo.git("tag", "old")
    repo.git("branch", "old-branch")
    repo.commit(a__py=f'# more\nk = "{token("a")}"\n')
    repo.commit(a__py=f'# more\nk = "{token("a")}"{COMMENT}\n')
    result = swept()
    assert (result.findings, result.coverage.held["allowed"]) == ((), 2)
    assert [item.justification for item in result.suppressed] == ["revoked in May"] * 2


def test_its_file_may_move_afterwards(repo: GitRepo, swept, token) -> None:
    repo.commit(a__py=f'k = "{token("a")}"\n')
    repo.commit(a__py=f'k = "{token("a")}"{COMMENT}\n')
    repo.git("mv", "a.py", "b.py")
    repo.commit("moved")
    assert swept().findings == ()


def test_a_comment_says_nothing_of_what_another_file_once_held(repo: GitRepo, swept, token) -> None:
    repo.commit(prod__env=f"TOKEN={token('a')}\n")
    repo.git("rm", "-q", "prod.env")
    repo.commit(a__py=f'k = "{token("a")}"{COMMENT}\n')
    assert places(swept()) == ["prod.env:1"]


def test_a_comment_that_is_gone_allows_nothing_any_more(repo: GitRepo, swept, token) -> None:
    repo.commit(a__py=f'k = "{token("a")}"{COMMENT}\n')
    repo.commit(a__py=f'k = "{token("a")}"\n')
    assert places(swept()) == ["a.py:1"]


def test_a_comment_that_was_taken_back_before_the_file_went_allows_nothing(repo: GitRepo, swept, token) -> None:
    repo.commit(a__py=f'k = "{token("a")}"\n')
    repo.commit(a__py=f'k = "{token("a")}"{COMMENT}\n')
    repo.commit(a__py=f'k = "{token("a")}"\n')
    repo.git("rm", "-q", "a.py")
    repo.commit()
    assert places(swept()) == ["a.py:1", "a.py:1"]


def test_a_later_commit_of_a_push_may_bring_the_comment(repo: GitRepo, leakguard, token) -> None:
    repo.commit()
    repo.commit(a__py=f'k = "{token("a")}"\n')
    repo.commit(a__py=f'k = "{token("a")}"{COMMENT}\n')
    assert leakguard("range", "HEAD~2..HEAD", cwd=repo.path).status == 0
    assert leakguard("range", "HEAD~2..HEAD~1", cwd=repo.path).status == 1
    repo.commit(b__py=f'k = "{token("a")}"\n')
    ran = leakguard("range", "HEAD~3..HEAD", "--format", "json", cwd=repo.path)
    (finding,) = msgspec.json.decode(ran.out)["results"][0]["findings"]
    assert {place["path"] for place in finding["places"]} >= {"b.py"}
    repo.commit(a__py=f'k = "{token("a")}"\n', b__py="")
    assert leakguard("range", "HEAD~4..HEAD", cwd=repo.path).status == 1


@pytest.mark.parametrize(
    ("after", "status"),
    [
        ('k = "{t}"{c}\n\nk = "{t}"\n', 1),  # a second occurrence, without a comment
        ('k = "{t}"\n', 1),  # the comment is taken away
        ('# moved\n\n  k = "{t}" {c}\n', 0),
    ],
)
def test_a_commit_is_held_against_the_comments_that_head_has(
    repo: GitRepo, leakguard, token, after: str, status: int
) -> None:
    repo.commit(a__py=f'k = "{token("a")}"{COMMENT}\n')
    repo.write("a.py", after.format(t=token("a"), c=COMMENT))
    repo.git("add", "a.py")
    assert leakguard("staged", cwd=repo.path).status == status


def test_a_comment_on_what_head_has_already_is_no_obstacle(repo: GitRepo, leakguard, token) -> None:
    repo.commit(a__py=f'k = "{token("a")}"\n')
    repo.write("a.py", f'k = "{token("a")}"{COMMENT}\n')
    repo.git("add", "a.py")
    ran = leakguard("staged", cwd=repo.path)
    assert (ran.status, "1 allowed" in ran.out) == (0, True)


def test_a_scan_names_comments_that_allow_nothing(repo: GitRepo, leakguard, token) -> None:
    repo.write("a.py", f'k = "{token("a")}"{COMMENT}\n# leakguard:allow long gone\nx = 1\n')
    repo.write("b.py", "# leakguard:allow-start\nx = 1  # gitleaks:allow\n")
    repo.write("c.md", "The comment `leakguard:allow` is explained here.\n")
    ran = leakguard("scan", ".", cwd=repo.path)
    assert ran.status == 0
    assert "note: 2 comments allow nothing (unused or out of date), to be taken out: a.py:2, b.py:1\n" in ran.out
    assert "allow nothing" not in leakguard("scan", ".", "--rule", "aws-*", cwd=repo.path).out
    repo.write(".leakguard.toml", 'stale_allowances = "fail"\n')
    assert leakguard("scan", ".", cwd=repo.path).status == 1


def test_a_comment_that_ran_out_fails_the_run_beside_a_secret_and_alone(repo: GitRepo, leakguard, token) -> None:
    repo.write("a.py", f'k = "{token("a")}"  # leakguard:allow later (until 2020-01-31)\n')
    ran = leakguard("scan", ".", cwd=repo.path)
    assert (ran.status, "ran out on 2020-01-31" in ran.out, "allows nothing" in ran.out) == (1, True, False)
    repo.write("a.py", "# leakguard:allow later (until 2020-01-31)\n")
    assert (
        "1 comment allows nothing (unused or out of date), to be taken out: a.py:1"
        in leakguard("scan", ".", cwd=repo.path).out
    )


def test_a_sweep_that_must_not_have_stale_allowances_reads_the_comments_of_head(repo: GitRepo, swept) -> None:
    repo.commit(a__py="x = 1  # leakguard:allow gone\n", b__py="# leakguard:allow gone before\n")
    repo.git("rm", "-q", "b.py")
    repo.write("src/deep/c.py", "\n\n# leakguard:allow gone\n")
    repo.commit()
    assert swept().coverage.notes == ()
    result = swept(stale_fails=True)
    assert result.coverage.notes == (
        "2 comments allow nothing (unused or out of date), to be taken out: a.py:1, src/deep/c.py:3",
    )
    assert result.coverage.stale == 1
