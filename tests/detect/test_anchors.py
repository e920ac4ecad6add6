"""An anchor is narrow, lies in one line, and is found wherever it ends."""

from __future__ import annotations

import re

import pytest

from leakguard.detect.anchors import AnchorScanner, compile_database, measure
from leakguard.model import ANCHOR_WIDTH


@pytest.mark.parametrize(
    ("expression", "width"),
    [
        ("abc", 3),
        ("a{4,9}", 9),
        (r"\bkey[^\n]{0,60}x", 64),
        ("(?i:ab|cde)f", 4),
        (f"a{{{ANCHOR_WIDTH}}}", ANCHOR_WIDTH),
    ],
)
def test_a_width_is_the_most_that_can_match(expression: str, width: int) -> None:
    assert measure(expression) == width


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("a*", "nothing at all"),
        ("ab*", "endlessly"),
        (f"a{{{ANCHOR_WIDTH + 1}}}", f"{ANCHOR_WIDTH + 1} bytes"),
        ("a(?=b)", "look-around"),
        ("(?<!a)b", "look-around"),
        (r"(a)\1", "back-reference"),
        (r"a\nb", "newline"),
        (r"a\sb", "newline"),
        ("a[^b]c", "newline"),
        (r"a\Wb", "newline"),
        (r"\Aab", "only"),
        ("a(", "does not parse"),
    ],
)
def test_what_the_sweep_could_not_find_again_is_refused(expression: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        measure(expression)


def test_hits_are_ends_in_order_without_repeats() -> None:
    scanner = AnchorScanner(compile_database([(3, "ab+"), (7, "b"), (7, "(?i)B")]))
    assert scanner.hits(b"abb\nb") == [(2, 3), (2, 7), (3, 3), (3, 7), (5, 7)]


def test_rules_that_are_off_are_not_reported() -> None:
    database = compile_database([(0, "a"), (1, "b")])
    assert AnchorScanner(database, frozenset({1})).hits(b"ab") == [(2, 1)]


def test_no_anchors_and_no_text_find_nothing() -> None:
    assert AnchorScanner(compile_database([])).hits(b"abc") == []
    assert AnchorScanner(compile_database([(0, "a")])).hits(b"") == []


def test_an_expression_that_hyperscan_refuses_is_named() -> None:
    with pytest.raises(ValueError, match=re.escape(r"cannot compile 'a\\1'")):
        compile_database([(0, "fine"), (1, r"a\1")])
