"""Markdown that fits GitHub's limits and in which nothing of a repository's is markup."""

from __future__ import annotations

from html.parser import HTMLParser

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from leakguard.report.markdown import COMMENT, SUMMARY, code, len_utf8, render, sentence, within, words
from tests.report.samples import HOSTILE, finding, hostile, sample


class Page(HTMLParser):
    """Tags, link targets and text of a rendered page."""

    def __init__(self, markdown: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: set[str] = set()
        self.texts: list[str] = []
        self.depth = 0
        self.feed(MarkdownIt("commonmark", {"html": True}).enable("table").render(markdown))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.depth += tag == "details"
        self.links |= {value or "" for name, value in attrs if name in ("href", "src")}

    def handle_endtag(self, tag: str) -> None:
        self.depth -= tag == "details"

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        return "".join(self.texts)


def page(*results) -> Page:
    return Page(render(results or [sample()], show_secrets=False, colour=False).decode())


def many(count: int):
    findings = tuple(finding("a", fingerprint=f"{number:032x}") for number in range(count))
    return msgspec.structs.replace(sample(), findings=findings)


ALLOWED = {"h2", "p", "table", "thead", "tbody", "tr", "th", "td", "code", "pre", "details", "summary", "b", "ul", "li"}
ALLOWED |= {"strong", "em", "a", "blockquote"}


def test_nothing_that_a_repository_wrote_is_markup() -> None:
    shown = page(hostile())
    assert shown.tags <= ALLOWED
    assert shown.links <= {"https://example.com/t"}
    assert shown.depth == 0
    for text in HOSTILE:
        assert text in shown.text


def test_mentions_and_addresses_are_broken_up_outside_of_code() -> None:
    assert words("@team www.x http://x") == "@<!-- -->team www<!-- -->.x http:<!-- -->//x"


@pytest.mark.parametrize("text", ["`", "``a`", "a`", " a ", "a|b", "\\", "", "\\|"])
def test_a_code_span_gives_its_text_back(text: str) -> None:
    assert text.strip() in Page(code(text)).text


def test_a_command_in_the_guidance_is_code() -> None:
    assert sentence("Run `git gc`, then *wait*.") == r"Run `git gc`, then \*wait\*."


@given(st.text(alphabet="`ab \\<>|*&;_-", max_size=24))
@settings(max_examples=300, deadline=None)
def test_no_sentence_of_the_guidance_can_be_markup_whatever_backticks_it_has(text: str) -> None:
    shown = Page(sentence(f"x{text}x"))
    assert shown.tags <= {"p", "code"}
    plain = str.maketrans("", "", "` ")
    assert shown.text.strip("\n").translate(plain) == f"x{text}x".translate(plain)


def test_a_table_row_keeps_its_cells_whatever_a_path_holds() -> None:
    rendered = (
        MarkdownIt("commonmark").enable("table").render(render([hostile()], show_secrets=False, colour=False).decode())
    )
    rows = rendered.split("<tr>")[2:]
    assert len(rows) == len(HOSTILE)
    assert {row.count("<td>") for row in rows} == {7}


def test_where_when_pushed_and_what_to_do_are_told() -> None:
    text = page().text
    for part in ("app.py:2", "2020-09-14", "pushed", "Rotate it first.", "exposed for 4 days", "Add settings"):
        assert part in text


@pytest.mark.parametrize("count", [0, 1, 40, 2000])
def test_a_comment_is_never_too_long_and_counts_the_rest(count: int) -> None:
    text = within([many(count)], COMMENT)
    assert len(text) <= COMMENT
    assert Page(text).depth == 0
    assert "Coverage" in text
    assert ("only counted" in text) == (count > 40)


def test_a_summary_is_never_larger_than_a_step_may_write() -> None:
    data = render([many(3000)], show_secrets=False, colour=False)
    assert SUMMARY // 2 < len(data) <= SUMMARY


def test_many_targets_share_the_room() -> None:
    text = within([many(60)] * 40, COMMENT)
    assert len(text) <= COMMENT
    assert "more targets are left out" in text or text.count("## leakguard") == 40


def test_a_hostile_target_cannot_push_the_rest_over_the_limit() -> None:
    big = msgspec.structs.replace(hostile(), coverage=msgspec.structs.replace(sample().coverage, notes=("é" * 70_000,)))
    assert len(within([big], COMMENT)) <= COMMENT
    assert len_utf8(within([big] * 3, SUMMARY, len_utf8)) <= SUMMARY
