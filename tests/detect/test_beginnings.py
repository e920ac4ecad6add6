"""A value that begins like a provider's token and is too short to be one is held back; one of another kind is not."""

from __future__ import annotations

import pytest

from leakguard.detect.beginnings import Beginnings
from leakguard.detect.detector import Detector
from leakguard.detect.rules import parse_rules
from leakguard.detect.template import expand

HEAD = '[provider]\nid = "acme"\nname = "Acme"\n'
RULE = '[[rules]]\nid = "acme-{}"\nname = "Acme {}"\nseverity = "high"\nanchor = \'{}\'\nmatch = \'{}\'\n'


def beginnings(*anchors: str) -> Beginnings:
    tables = "".join(RULE.format(number, number, anchor, anchor) for number, anchor in enumerate(anchors))
    return Beginnings([rule for rule, _ in parse_rules(HEAD + tables, "acme.toml")])


def test_a_token_that_was_cut_short_is_told_with_its_kind() -> None:
    known = beginnings("acmz_[0-9a-f]{32}")
    assert known.cut_short(b"acmz_0123") == "begins like Acme 0 and is too short to be one"
    assert known.cut_short(b"acmz_" + b"0" * 32) == ""
    assert known.cut_short(b"other_0123") == ""


def test_the_longest_beginning_counts_and_of_its_kinds_the_shortest() -> None:
    known = beginnings("acmz_[0-9a-f]{8}", "acmz_ci_[0-9a-f]{40}", "acmz_ci_[0-9a-f]{20}")
    assert known.cut_short(b"acmz_ci_0123") == "begins like Acme 2 and is too short to be one"
    assert known.cut_short(b"acmz_ci_" + b"0" * 20) == ""


@pytest.mark.parametrize(
    "anchor", ["secret_[0-9a-f]{32}", "ax_[0-9a-f]{32}", "eyJrIjoi[A-Za-z0-9]{40}", "acmz[0-9]{9}"]
)
def test_words_and_short_and_common_beginnings_say_nothing(anchor: str) -> None:
    start = anchor.split("[")[0]
    assert beginnings(anchor).cut_short(start.encode() + b"01") == ""


def test_a_generic_finding_that_was_cut_short_is_held_back_and_a_longer_one_is_not(detector: Detector) -> None:
    short = detector.detect(expand("DEPLOY_TOKEN=glpat-{alnum:14}", "cut").encode())
    assert short.matches == ()
    assert {(item.reason, item.detail.split(" and ")[1]) for item in short.held} == {
        ("unlikely", "is too short to be one")
    }
    longer = detector.detect(expand("DEPLOY_TOKEN=AIzaSy{alnum:60}", "long").encode())
    assert [match.rule for match in longer.matches] == ["generic-token"]
