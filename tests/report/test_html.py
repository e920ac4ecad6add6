"""The HTML page as bytes: self-contained, inert, masked, complete and the same every time."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from leakguard.diff import compare
from leakguard.model import SEVERITIES, Coverage, Event, Excerpt, Secret
from leakguard.report.html import render
from leakguard.report.page.charts import charts
from leakguard.report.page.mask import Mask
from leakguard.report.page.summary import cards, verdict
from leakguard.report.page.timeline import timelines
from tests.browser.made import HOSTILE, finding, result, secret_of
from tests.conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable

    from leakguard.model import Finding, Result
    from tests.conftest import GitRepo, Ran


def page(*results: Result, show_secrets: bool = False) -> str:
    return render(results, show_secrets=show_secrets, colour=False).decode("utf-8")


class Parsed(HTMLParser):
    """Every element with its attributes, and the text inside of scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.inside: list[tuple[str, dict[str, str | None], str]] = []
        self.visible = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag in ("script", "style"):
            self.inside.append((tag, dict(attrs), ""))

    def handle_data(self, data: str) -> None:
        if self.cdata_elem:
            tag, attributes, before = self.inside.pop()
            self.inside.append((tag, attributes, before + data))
        else:
            self.visible += data


def data_of(text: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    assert found
    loaded: dict[str, Any] = json.loads(found[1])
    return loaded


def with_life(item: Finding, **changes: object) -> Finding:
    return msgspec.structs.replace(item, provenance=msgspec.structs.replace(item.provenance, **changes))


def test_nothing_on_the_page_points_to_another_file_or_host() -> None:
    for tag, attributes in Parsed(page(result(5))).elements:
        assert tag not in ("link", "img", "iframe", "object", "embed", "base")
        assert "src" not in attributes
        assert "style" not in attributes
        assert not [name for name in attributes if name.startswith("on")]
        assert (attributes.get("href") or "#").startswith("#")
        assert "action" not in attributes


def test_the_policy_allows_this_script_and_this_style_and_nothing_else() -> None:
    parsed = Parsed(page(result(2)))
    policy = next(item["content"] for tag, item in parsed.elements if item.get("http-equiv"))
    assert policy
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    for tag, attributes, text in parsed.inside:
        if attributes.get("type") != "application/json":
            digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
            assert f"{tag}-src 'sha256-{digest}'" in policy


def test_the_page_s_own_script_can_neither_fetch_nor_evaluate_nor_write_markup() -> None:
    script = (ROOT / "leakguard/report/page/page.js").read_text("utf-8")
    for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "fetch(", "XMLHttpRequest"):
        assert word not in script
    assert "</script" not in script
    assert "<!--" not in script


def test_hostile_values_in_every_field_add_no_element_and_no_control_character() -> None:
    plain, hostile = Parsed(page(result(6))), Parsed(page(result(6, HOSTILE)))
    assert [tag for tag, _ in hostile.elements] == [tag for tag, _ in plain.elements]
    text = page(result(6, HOSTILE))
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\u2028\u2029]", text)
    block = re.search(r'id="data">(.*?)</script>', text, re.DOTALL)
    assert block
    assert not set(block[1]) & set("<>&")
    assert block[1].isascii()
    assert "\\u202e" in data_of(text)["findings"][0]["name"]


def test_what_a_repository_wrote_in_a_template_language_stays_text() -> None:
    assert "{{ 7*7 }}" in page(result(1, "{{ 7*7 }}"))


def test_no_secret_is_in_the_file_even_where_a_path_or_a_subject_repeats_it() -> None:
    value = secret_of(1).reveal().decode()
    item = finding(1)
    life = item.provenance
    assert life
    commit = msgspec.structs.replace(life.introduced[0].commit, subject=f"add {value}!", author=value)
    place = msgspec.structs.replace(
        item.places[0], path=f"keys/{value}.txt", excerpt=(Excerpt(1, f"again: {value}", True),)
    )
    item = with_life(item, introduced=(Event(commit, (place,)),), refs=(f"refs/heads/{value}",))
    told = msgspec.structs.replace(
        result(0), findings=(msgspec.structs.replace(item, places=(place,), name=value, reasons=(value,)),)
    )
    assert value not in page(told)
    assert value in page(told, show_secrets=True)


def test_a_short_secret_is_masked_as_a_word_of_a_subject_but_not_inside_of_a_path() -> None:
    mask = Mask([msgspec.structs.replace(result(0), findings=(finding(1, secret=Secret(b"hunter2")),))])
    assert mask.text("set password to hunter2, again") == "set password to ****, again"
    assert mask.path("src/hunter2s.py") == "src/hunter2s.py"


def test_a_secret_that_is_a_plain_word_makes_no_hole_in_every_path() -> None:
    mask = Mask([msgspec.structs.replace(result(0), findings=(finding(1, secret=Secret(b"sunshine")),))])
    assert mask.path("src/sunshine.py") == "src/sunshine.py"
    assert mask.text("the password is sunshine") == "the password is ****"


def test_secrets_that_begin_alike_are_all_masked_and_longer_ones_first() -> None:
    values = [b"same-start-%d-and-more" % number for number in range(50)] + [b"same-start-1-and-more-and-more"]
    found = tuple(finding(at, secret=Secret(value)) for at, value in enumerate(values))
    mask = Mask([msgspec.structs.replace(result(0), findings=found)])
    for value in values:
        assert mask.path(f"a {value.decode()} b") == "a same**** b"


def test_the_same_results_give_the_same_bytes_whatever_the_hash_seed() -> None:
    code = (
        "import sys; from tests.browser.made import result; from leakguard.report.html import render;"
        "sys.stdout.buffer.write(render([result(40)], show_secrets=False, colour=False))"
    )
    outs = [
        subprocess.run(
            [sys.executable, "-c", code],
            check=True,
            capture_output=True,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
        ).stdout
        for seed in ("1", "2")
    ]
    assert outs[0] == outs[1]
    assert b"\r" not in outs[0]


def test_coverage_and_every_held_back_count_are_on_the_page() -> None:
    words = Parsed(page(result(3))).visible
    assert "12,345 blobs, 678 commits" in words
    assert "held back: 21 placeholders, 1 allowed" in words
    assert "not scanned: blob 1234 cannot be read" in words
    assert "a shallow clone" in words
    assert "Not everything could be read" in words
    assert "allowed: the baseline: a test" in words


def test_a_page_without_findings_says_so_and_still_tells_its_coverage() -> None:
    words = Parsed(page(result(0))).visible
    assert "No secrets found." in words
    assert "12,345 blobs" in words
    assert "Not everything could be read" in words


def test_a_scan_of_files_has_no_timeline_and_says_why() -> None:
    text = page(msgspec.structs.replace(result(0), kind="scan", findings=(finding(1, provenance=None),)))
    assert "Files know no history" in text
    assert "<svg class=" not in text


def test_the_summary_answers_the_four_questions() -> None:
    found = [
        with_life(finding(1), in_head=True, pushed=True, exposed=864_000, ref_count=1),
        with_life(finding(2), in_head=False, pushed=False, exposed=86_400, ref_count=0),
    ]
    assert verdict(found) == "2 secrets were found. 1 is still in HEAD. 1 is already pushed."
    bad, old, still, public = cards(found, has_history=True)
    assert (bad.answer, still.answer, public.answer) == ("1 high", "1 in HEAD", "1 pushed")
    assert old.answer == "since 2017-08-20"
    assert "1 only in the history" in still.detail


def test_a_clone_that_cannot_tell_what_was_pushed_is_told_to_take_it_for_public() -> None:
    found = [with_life(finding(1), pushed=None)]
    assert cards(found, has_history=True)[3].answer == "unknown"
    assert "treat all of it as public" in verdict(found)


def test_the_timeline_counts_what_came_in_went_out_and_was_there() -> None:
    drawn = timelines([finding(number) for number in range(9)])
    assert [item.id for item in drawn] == ["wide", "narrow"]
    for item in drawn:
        assert sum(step.came for step in item.steps) == 9
        assert sum(step.went for step in item.steps) == 6
        assert item.steps[-1].there == 3
        assert all(0 <= step.x <= item.width for step in item.steps)
    assert "9 came in, 6 went out, 3 are there at the end" in drawn[0].told


@pytest.mark.parametrize("moment", [-(10**15), 0, 10**15])
def test_a_commit_that_claims_an_impossible_time_is_counted_but_not_drawn(moment: int) -> None:
    odd = finding(1)
    assert odd.provenance
    commit = msgspec.structs.replace(odd.provenance.introduced[0].commit, time=moment)
    odd = with_life(odd, introduced=(Event(commit),), removed=(), in_head=True, exposed=None)
    drawn = timelines([finding(3), odd])
    assert drawn[0].odd == 1
    assert len(drawn[0].steps) < 200
    assert "impossible times" in page(msgspec.structs.replace(result(0), findings=(finding(3), odd)))


def test_every_chart_tells_in_words_what_it_draws() -> None:
    made = {chart.id: chart.bars for chart in charts([finding(number) for number in range(8)], Mask([]))}
    assert [(bar.label, bar.count) for bar in made["severity"]] == [(name, 2) for name in SEVERITIES]
    assert set(made) == {"severity", "provider", "domain", "span"}
    text = page(result(8))
    for bar in (bar for bars in made.values() for bar in bars):
        assert f'<bdi>{bar.label}</bdi> <span class="number">{bar.count}</span>' in text


def test_the_rest_of_a_chart_sets_no_scale_and_leads_nowhere() -> None:
    life = finding(0).provenance
    many = []
    for number in range(30):
        commit = msgspec.structs.replace(life.introduced[0].commit, email=f"a@host{number:02}.example")
        event = msgspec.structs.replace(life.introduced[0], commit=commit)
        many.append(finding(number, provenance=msgspec.structs.replace(life, introduced=(event,))))
    (domains,) = [chart for chart in charts(many, Mask([])) if chart.id == "domain"]
    assert {bar.width for bar in domains.bars} == {300.0}
    assert (domains.bars[-1].label, domains.bars[-1].count, domains.bars[-1].shows) == ("23 others", 23, "")
    assert domains.bars[0].shows == "domain=host00.example"


def test_a_large_number_has_room_beside_the_timeline() -> None:
    drawn = timelines([finding(3)] * 12_345)[0]
    assert drawn.left > timelines([finding(3)])[0].left


def test_shared_commits_and_sentences_are_written_once() -> None:
    one = finding(1)
    many = tuple(msgspec.structs.replace(one, fingerprint=f"{number:032x}") for number in range(200))
    loaded = data_of(page(msgspec.structs.replace(result(0), findings=many)))
    assert len(loaded["findings"]) == 200
    assert len(loaded["commits"]) == 2
    assert len(loaded["sentences"]) == 3


def test_a_comparison_shows_what_is_new_and_what_is_fixed() -> None:
    old, new = result(4), msgspec.structs.replace(result(6), findings=result(6).findings[1:])
    text = page(*compare([old], [new]))
    assert {item["change"] for item in data_of(text)["findings"]} == {"new", "same", "fixed"}
    assert "Compared with" in text
    assert "2 new secrets; 1 fixed, 0 moved, 3 still there." in text


def test_several_targets_share_one_page() -> None:
    other = msgspec.structs.replace(result(2), target="/srv/other", coverage=Coverage(objects={"blob": 1}))
    loaded = data_of(page(result(3), other))
    assert loaded["targets"] == ["/srv/repository", "/srv/other"]
    assert [item["target"] for item in loaded["findings"]] == [0, 0, 0, 1, 1]


def test_a_page_with_secrets_warns_of_itself() -> None:
    assert "Do not share it" in page(result(1), show_secrets=True)
    assert "Do not share it" not in page(result(1))


def test_the_program_writes_the_page_of_a_real_repository(
    leakguard: Callable[..., Ran], repo: GitRepo, token: Callable[[str], str]
) -> None:
    repo.commit("one", a__txt=f"key = {token('a')}\n")
    repo.commit("two", a__txt="gone\n")
    out = repo.path.parent / "page.html"
    ran = leakguard("sweep", repo.path, "--format", "html", "--output", out)
    assert (ran.status, ran.out) == (1, "")
    text = out.read_bytes().decode("utf-8")
    assert token("a") not in text
    assert data_of(text)["findings"][0]["provider"] == "GitHub"
