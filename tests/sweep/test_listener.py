"""A sweep tells each finding as soon as it is complete, in an order that depends on nothing but the content."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import msgspec
import pytest

from leakguard.assemble import finding_order
from leakguard.cli.lines import open_lines
from leakguard.errors import UsageError
from leakguard.report import find_report
from leakguard.report.load import load
from leakguard.sweep import places
from leakguard.sweep.run import sweep

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from leakguard.config import Settings
    from leakguard.detect.ruleset import RuleSet
    from leakguard.model import Finding, Result
    from tests.conftest import GitRepo, Ran


class Notes:
    """What a listener heard, in order."""

    def __init__(self) -> None:
        self.begun: list[Result] = []
        self.findings: list[Finding] = []

    def begin(self, result: Result) -> None:
        assert not self.findings
        self.begun.append(result)

    def finding(self, finding: Finding) -> None:
        self.findings.append(finding)


@pytest.fixture
def busy(repo: GitRepo, token) -> GitRepo:
    """A repository with secrets of several severities, gone and there, one allowed."""
    for number in range(4):
        repo.commit(
            f"commit {number}",
            **{
                f"f{at}__py": f"k = '{token(f'{number}-{at}')}'\npassword = 'tr0ub4dor-{number}-{at}x'\n" for at in "ab"
            },
        )
    repo.commit(f__py=f"k = '{token('allowed')}'  # leakguard:allow[github-pat-classic] made for the tests\n")
    return repo


def test_a_listener_hears_what_a_result_would_have_held(busy: GitRepo, rules: RuleSet, settings: Settings) -> None:
    notes = Notes()
    bare = sweep(busy.path, rules, settings, listener=notes)
    whole = sweep(busy.path, rules, settings)
    (begun,) = notes.begun
    assert (begun.target, begun.head, begun.rules) == (whole.target, whole.head, whole.rules)
    assert sorted(notes.findings, key=finding_order) == list(whole.findings)
    assert bare == msgspec.structs.replace(whole, findings=())
    severities = [item.severity for item in notes.findings]
    assert severities == sorted(severities, key=("critical", "high", "medium", "low").index)
    assert len(set(severities)) > 1


def test_a_finding_is_told_before_the_next_one_is_placed(
    busy: GitRepo, rules: RuleSet, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []

    class Locator(places.HistoryLocator):
        def _site(self, group):
            told.append("placed")
            return super()._site(group)

    class Teller(Notes):
        def finding(self, finding: Finding) -> None:
            told.append("told")

    monkeypatch.setattr(places, "HistoryLocator", Locator)
    sweep(busy.path, rules, settings, listener=Teller())
    assert told[:4] == ["placed", "told", "placed", "told"]


def test_workers_and_hash_seeds_change_no_byte_of_a_stream(busy: GitRepo, leakguard: Callable[..., Ran]) -> None:
    busy.git("repack", "-adq")
    outs = {
        leakguard("sweep", busy.path, "--no-cache", "-f", "jsonl", "-j", jobs, PYTHONHASHSEED=seed).out
        for jobs, seed in ((1, "1"), (3, "2"))
    }
    assert len(outs) == 1


def test_a_stream_can_be_read_back_as_the_result_that_it_tells(
    busy: GitRepo, leakguard: Callable[..., Ran], tmp_path: Path
) -> None:
    streamed, saved = tmp_path / "result.jsonl", tmp_path / "result.json"
    assert leakguard("sweep", busy.path, "-f", "jsonl", "-o", streamed).status == 1
    assert leakguard("sweep", busy.path, "-f", "json", "-o", saved).status == 1
    assert leakguard("report", streamed, "-f", "json").out == saved.read_text("utf-8")
    assert leakguard("diff", saved, streamed).status == 0


def test_every_target_of_a_stream_is_whole_before_the_next_begins(
    busy: GitRepo, leakguard: Callable[..., Ran], tmp_path: Path
) -> None:
    ran = leakguard("sweep", busy.path, tmp_path / "nowhere", "-f", "jsonl")
    kinds = [json.loads(line)["type"] for line in ran.out.splitlines()]
    assert (ran.status, kinds[0], kinds[-1]) == (2, "result", "coverage")


def test_a_line_is_in_the_file_once_it_is_told(
    busy: GitRepo, rules: RuleSet, settings: Settings, tmp_path: Path
) -> None:
    place = tmp_path / "lines.jsonl"
    result = sweep(busy.path, rules, settings)
    with open_lines(place, show_secrets=False) as lines:
        lines.begin(result)
        lines.finding(result.findings[0])
        assert [json.loads(line)["type"] for line in place.read_bytes().splitlines()] == ["result", "finding"]


@pytest.mark.parametrize(
    ("keep", "says"),
    [(slice(0, -1), "was cut off before its last line"), (slice(1, None), "belongs to no target")],
)
def test_a_stream_that_is_not_whole_is_refused_in_one_sentence(
    busy: GitRepo, rules: RuleSet, settings: Settings, keep: slice, says: str
) -> None:
    data = find_report("jsonl")([sweep(busy.path, rules, settings)], show_secrets=False, colour=False)
    with pytest.raises(UsageError, match=says):
        load(b"".join(data.splitlines(keepends=True)[keep]), "lines")
