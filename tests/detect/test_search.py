"""The match that holds an anchor is the same however it is looked for."""

from __future__ import annotations

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from leakguard.detect.rules import patterns_folder, read_rules, rule_files
from leakguard.detect.search import Search, Seeker
from leakguard.detect.starts import find_starts
from leakguard.detect.template import expand
from leakguard.model import Rule

RULES = [rule for rule, _ in read_rules(rule_files(patterns_folder())) if rule.generic and find_starts(rule.match)]
EXPRESSIONS = {rule.id: regex.compile(rule.match.encode(), regex.VERSION0) for rule in RULES}
PIECES = [
    *(
        b"password",
        b"PASS",
        b"_pass",
        b"pw",
        b"secret",
        b"api key",
        b"API_KEY",
        b"private.key",
        b"token",
        b"x.sid",
        b"auth",
    ),
    *(
        b"=",
        b": ",
        b" = ",
        b"(",
        b'("',
        b'", "',
        b'"',
        b"'",
        b"`",
        b">",
        b"</",
        b",",
        b" ",
        b"\t",
        b"-",
        b".",
        b"_",
        b"\\n",
    ),
    *(b"q8Rt2", b"zK4mW9pL", b"0123", b"default=", b"ENV ", b"\xc3\xb1", b"\xe2\x80\x98", b"a" * 58, b"k.e-y_" * 11),
]
LINES = st.lists(st.sampled_from(PIECES), max_size=24).map(b"".join)


def first_around(expression: regex.Pattern[bytes], overlapped: bool, window: bytes, end: int) -> tuple[int, int] | None:
    """What trying the expression everywhere says."""
    for match in expression.finditer(window, overlapped=overlapped):
        if match.start() < end <= match.end():
            return match.span()
    return None


def around(search: Search, end: int) -> tuple[int, int] | None:
    match = search.around(end)
    return match.span() if match else None


def test_assignments_are_looked_for_by_their_names_words() -> None:
    assert {"generic-password", "generic-secret", "generic-token", "generic-key", "generic-value"} <= set(EXPRESSIONS)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
@given(window=LINES, ends=st.lists(st.integers(1, 200), min_size=1, max_size=6))
def test_trying_where_names_begin_finds_what_trying_everywhere_does(rule: Rule, window: bytes, ends: list[int]) -> None:
    expression = EXPRESSIONS[rule.id]
    search = Search(Seeker(expression, True, find_starts(rule.match)), window)
    for end in ends:
        assert around(search, end) == first_around(expression, True, window, end)


@pytest.mark.parametrize("overlapped", [True, False])
@given(window=st.text("ab=", max_size=40).map(str.encode), ends=st.lists(st.integers(1, 40), min_size=1, max_size=6))
def test_a_search_that_goes_on_finds_what_one_anew_does(overlapped: bool, window: bytes, ends: list[int]) -> None:
    expression = regex.compile(rb"(?<!b)a{1,3}=?b{0,2}(?!=)")
    search = Search(Seeker(expression, overlapped, None), window)
    for end in ends:
        assert around(search, end) == first_around(expression, overlapped, window, end)


def test_a_value_inside_of_another_names_match_is_found() -> None:
    value = expand("{alnum:24}", "v")
    window = f'token = get("token", "{value}")'.encode()
    rule = next(rule for rule in RULES if rule.id == "generic-token")
    match = Search(Seeker(EXPRESSIONS[rule.id], True, find_starts(rule.match)), window).around(len(window) - 3)
    assert match is not None
    assert match["secret"] == value.encode()


@pytest.mark.parametrize(
    "expression", [r"(?P<name>\w{0,9}(?i:key))=", r"(?<![\w.\-])(?P<name>[\w.\-]{0,60}?(?i:\Wkey))=", "x|y"]
)
def test_an_expression_of_another_form_is_tried_everywhere(expression: str) -> None:
    assert find_starts(expression) is None


def test_attempts_at_one_window_share_one_allowance_of_time(monkeypatch: pytest.MonkeyPatch) -> None:
    from leakguard.detect import search

    monkeypatch.setattr(search, "TIMEOUT", 0.02)
    slow = r"(?<![\w.\-])(?P<name>[\w.\-]{0,60}?(?i:key))=(?:a{1,50}a{1,50}){1,40}b"
    seeker = Seeker(regex.compile(slow.encode()), True, find_starts(slow))
    with pytest.raises(TimeoutError):
        Search(seeker, b"key=x " * 9 + b"key=" + b"a" * 900).around(60)
