"""A window without the words that an expression needs holds no match of it."""

from __future__ import annotations

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from leakguard.detect.needed import find_needed
from leakguard.detect.rules import patterns_folder, read_rules, rule_files
from leakguard.detect.search import Search, Seeker
from leakguard.detect.template import expand
from leakguard.model import Guidance, Rule

RULES = [item for item in read_rules(rule_files(patterns_folder())) if item[0].multiline and find_needed(item[0].match)]
PIECES = [
    *(b"name", b"KEY", b"variable", b"field", b"value", b"Val", b"default", b"defaultValue", b"<name>", b"</name>"),
    *(b"<key>", b"</Key>", b"<string>", b"<value>", b"db_password", b"api-key", b"TOKEN", b"q8Rt2zK4mW9pL"),
    *(b'"', b"'", b": ", b" = ", b"=", b",", b"\n", b"  ", b" {\n", b"type = string\n", b"\r\n"),
]


def test_pairs_of_a_name_and_a_value_need_their_words() -> None:
    assert "generic-named-pair" in {rule.id for rule, _ in RULES}


@pytest.mark.parametrize(("rule", "guidance"), RULES, ids=lambda item: getattr(item, "id", ""))
def test_no_example_lacks_a_word(rule: Rule, guidance: Guidance) -> None:
    needed = find_needed(rule.match)
    assert needed
    assert guidance.examples
    for example in guidance.examples:
        text = expand(example, rule.id).encode()
        assert not needed.missing(text)
        assert not needed.missing(text.upper())


@given(st.lists(st.sampled_from(PIECES), max_size=24).map(b"".join))
def test_what_is_not_searched_holds_no_match(window: bytes) -> None:
    (match,) = (rule.match for rule, _ in RULES if rule.id == "generic-named-pair")
    expression = regex.compile(match.encode(), regex.VERSION0)
    quick, whole = (Seeker(expression, True, None, needed) for needed in (find_needed(match), None))
    spans = [[found.span() for found in seeker.matches(window, 0, len(window))] for seeker in (quick, whole)]
    assert spans[0] == spans[1]


@pytest.mark.parametrize(
    ("expression", "lacking", "having"),
    [
        ("x(?i:name|key)y(?i:val)", b"a name without", b"NAME and VAL"),
        ("<(?i:name)>.*</(?i:name)>", b"name</name>", b"<Name></NAME>"),
        ("(?i:one)|(?i:two)", b"three", b"TWO"),
    ],
)
def test_words_are_looked_for_in_either_case(expression: str, lacking: bytes, having: bytes) -> None:
    needed = find_needed(expression)
    assert needed
    assert needed.missing(lacking)
    assert not needed.missing(having)


@pytest.mark.parametrize(
    "expression",
    ["(?i:name)?x", "(?i:name)*", "(?i:name){0,2}", "(?:(?i:name))", "(?i:na.e)", "(?i:name)|x", r"\(?i:name)", "name"],
)
def test_what_is_not_needed_for_certain_is_not_asked_for(expression: str) -> None:
    assert find_needed(expression) is None


def test_a_window_that_is_not_searched_is_done_with() -> None:
    needed = find_needed("(?i:name)=a+")
    search = Search(Seeker(regex.compile(b"(?i:name)=a+"), False, None, needed), b"nam=aaa")
    assert search.around(6) is None
    assert search.around(7) is None
