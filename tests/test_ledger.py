"""Allowances fit what they name, run out, and are told of when nothing needs them any more."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

import msgspec
import pytest

from leakguard.config import Allowance, Settings
from leakguard.sweep.run import sweep

if TYPE_CHECKING:
    from leakguard.detect.ruleset import RuleSet
    from leakguard.model import Result
    from tests.conftest import GitRepo

PAST, FUTURE = datetime.date(2020, 1, 1), datetime.date(2999, 1, 1)


def run(repo: GitRepo, rules: RuleSet, settings: Settings, *allow: Allowance, **more: object) -> Result:
    return sweep(repo.path, rules, msgspec.structs.replace(settings, allow=allow, source="conf", **more))


def test_an_allowance_holds_until_its_day(repo: GitRepo, rules: RuleSet, settings: Settings, token) -> None:
    repo.commit(a=token("a"))
    allow = Allowance("known", rule="github-*", owner="ada")
    assert run(repo, rules, settings, allow).findings == ()
    assert run(repo, rules, settings, msgspec.structs.replace(allow, expires=FUTURE)).findings == ()
    late = run(repo, rules, settings, msgspec.structs.replace(allow, expires=PAST))
    assert len(late.findings) == 1
    assert late.coverage.notes == (
        "allowance 1 of conf (rule github-*) ran out on 2020-01-01 (owner: ada); renew it or take it out",
    )
    assert late.coverage.stale == 0


def test_what_fits_nothing_is_told_after_a_whole_run_only(
    repo: GitRepo, rules: RuleSet, settings: Settings, token
) -> None:
    repo.commit(a=token("a"))
    allow = Allowance("gone", value="nothing-like-it")
    note = "allowance 1 of conf (a value) fits nothing; take it out"
    assert run(repo, rules, settings, allow).coverage.notes == (note,)
    assert run(repo, rules, settings, allow, only=("github-*",)).coverage.notes == ()
    assert run(repo, rules, settings, allow, stale_fails=True).coverage.stale == 1


@pytest.mark.parametrize(
    ("allow", "fits"),
    [
        (Allowance("r", rule="github-pat-classic", path="lib/**"), True),
        (Allowance("r", rule="github-pat-classic", path="src/**"), False),
        (Allowance("r", rule="slack-*", path="lib/**"), False),
        (Allowance("r", value="ghp_.*"), True),
        (Allowance("r", value="ghp_"), False),
    ],
)
def test_all_that_an_allowance_names_has_to_fit(
    repo: GitRepo, rules: RuleSet, settings: Settings, token, allow: Allowance, fits: bool
) -> None:
    repo.write("lib/a", token("a"))
    repo.commit()
    assert (run(repo, rules, settings, allow).findings == ()) is fits


def test_a_fingerprint_survives_moved_lines_renames_and_reformatting(
    repo: GitRepo, rules: RuleSet, settings: Settings, token
) -> None:
    repo.commit(a=f"k = '{token('a')}'\n")
    mark = run(repo, rules, settings).findings[0].fingerprint
    repo.git("mv", "a", "b")
    repo.commit(b=f'more\n\n   key:   "{token("a")}",\n\nlines\n')
    allow = Allowance("known", fingerprint=mark)
    assert run(repo, rules, settings, allow).findings == ()
    repo.commit(b=f'key: "{token("a")}", other: "{token("b")}"\n')
    assert [item.secret.reveal().decode() for item in run(repo, rules, settings, allow).findings] == [token("b")]


def test_an_expression_that_explodes_allows_nothing(repo: GitRepo, rules: RuleSet, settings: Settings, token) -> None:
    repo.commit(a=token("a"))
    result = run(repo, rules, settings, Allowance("r", value="(?:(?:[a-zA-Z0-9_]+)+)+!(?:x+x+)+y"))
    assert len(result.findings) == 1
