"""What may stand right before a value, and where the word that names it may stand."""

from __future__ import annotations

import pytest

from leakguard.detect.detector import Detector
from leakguard.detect.rules import parse_rules
from leakguard.detect.ruleset import RuleSet, build_ruleset
from leakguard.detect.template import expand

HEAD = '[provider]\nid = "acme"\nname = "Acme"\n[[rules]]\nid = "acme-key"\nname = "Acme key"\nseverity = "high"\n'
SHAPES = {
    "value": "value = 'acme_[0-9a-f]{32}'",
    "match": "anchor = 'acme_[0-9a-f]{32}'\nmatch = '(?<![0-9A-Za-z_-])acme_[0-9a-f]{32}(?![0-9a-f])'",
}
CONTEXT = "context = { words = ['acme'], value = '[0-9a-f]{32}' }"
VALUE = expand("{hex:32}", "edge")


def found(rule: str, text: str) -> bool:
    detector = Detector(RuleSet(build_ruleset(parse_rules(HEAD + rule, "acme.toml"))))
    return bool(detector.detect(text.encode()).matches)


@pytest.mark.parametrize("rule", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("before", ["", " ", '"', "\\n", "\\t", "\x1b[93m", "\x1b[1;31m"])
def test_an_escape_sequence_before_a_value_is_no_edge(rule: str, before: str) -> None:
    assert found(rule, f"{before}acme_{VALUE}")


@pytest.mark.parametrize("rule", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("before", ["n", "m", "x-", "\\x", "[93m"])
def test_a_letter_before_a_value_is_an_edge(rule: str, before: str) -> None:
    assert not found(rule, f"{before}acme_{VALUE}")


@pytest.mark.parametrize("before", ["acme-token-", "ACME-SECRET-", "acme-key = ", "acmeAccess-"])
def test_a_credentials_word_and_a_dash_may_stand_right_before_a_value(before: str) -> None:
    assert found(CONTEXT, before + VALUE)


@pytest.mark.parametrize("before", ["acme-build-", "acme-v2-", "acme_token_"])
def test_another_word_and_a_dash_may_not(before: str) -> None:
    assert not found(CONTEXT, before + VALUE)


@pytest.mark.parametrize(
    "before",
    [
        "<secret>{acme ",
        '"token": "acme ',
        "Authorization: acme ",
        'api_key = "production acme ',
        "acme then more acme '",
    ],
)
def test_what_a_credentials_name_is_given_may_begin_with_the_providers_word(before: str) -> None:
    assert found(CONTEXT, before + VALUE)


@pytest.mark.parametrize("before", ["acme ", "released acme ", "acme then more ", "token of acme "])
def test_a_providers_word_alone_says_nothing_of_the_value_behind_it(before: str) -> None:
    assert not found(CONTEXT, before + VALUE)
