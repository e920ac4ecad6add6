"""A confirmation says the same of the same bytes, and a bug in one check ends nothing."""

from __future__ import annotations

import pytest

from leakguard.detect import matching, search
from leakguard.detect.beginnings import Beginnings
from leakguard.detect.checks.evidence import Evidence, Verdict
from leakguard.detect.matching import Matcher, weigh
from leakguard.detect.placeholders import placeholder_reason
from leakguard.detect.rules import parse_rules
from leakguard.detect.template import expand

HEAD = '[provider]\nid = "acme"\nname = "Acme"\n[[rules]]\nid = "acme-key"\nname = "k"\nseverity = "high"\n'
BODY = "value = 'acme_[0-9A-Za-z]{32}'\n"
TOKEN = expand("acme_{alnum:32}", "t").encode()


def matcher(body: str = BODY) -> Matcher:
    return Matcher([rule for rule, _ in parse_rules(HEAD + body, "acme.toml")])


def test_a_check_that_fails_shows_the_finding_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_evidence: Evidence, _argument: str) -> Verdict:
        raise UnicodeDecodeError("utf-8", b"\xff", 0, 1, "a bug")

    monkeypatch.setattr(matching, "find_check", lambda _name: (broken, ""))
    found = matcher(BODY + "checks = ['mixed']\n").confirm(TOKEN, 0, len(TOKEN))
    assert found is not None
    assert found.held is None
    assert found.confidence == "high"
    assert "could not be put to the check mixed (UnicodeDecodeError)" in found.reasons[0]


def test_trouble_that_is_no_bug_of_a_check_is_not_swallowed(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_evidence: Evidence, _argument: str) -> Verdict:
        raise MemoryError

    monkeypatch.setattr(matching, "find_check", lambda _name: (full, ""))
    with pytest.raises(MemoryError):
        matcher(BODY + "checks = ['mixed']\n").confirm(TOKEN, 0, len(TOKEN))


def test_the_neighbourhood_is_the_line_and_no_more() -> None:
    data = b"above\n" + TOKEN + b" rest\nbelow"
    low, high = matcher().neighbourhood(data, 0, 6 + len(TOKEN))
    assert data[low:high] == TOKEN + b" rest"


def test_the_neighbourhood_of_a_multiline_rule_is_its_reach() -> None:
    data = b"\n" * 50 + TOKEN + b"\n" * 50
    low, high = matcher(BODY + "multiline = true\nreach = 40\n").neighbourhood(data, 0, 60)
    assert (low, high) == (20, 100)


def test_what_is_outside_of_the_neighbourhood_changes_nothing() -> None:
    found = [
        matcher().confirm(before + TOKEN + after, 0, len(before) + len(TOKEN))
        for before, after in ((b"", b""), (b"x\n", b""), (b"", b"\nx"), (b"acme_\n", b"\nacme_"))
    ]
    assert found[0] is not None
    assert all(other == found[0] for other in found)


def test_an_expression_that_takes_too_long_is_held_back_not_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "TIMEOUT", 0.001)
    slow = "anchor = 'acme_'\nmatch = 'acme_(?:a{1,50}a{1,50}){1,40}b'\n"
    found = matcher(slow).confirm(b"acme_" + b"a" * 900, 0, 5)
    assert found is not None
    assert found.held == "timeout"


def test_offsets_are_relative_to_the_candidates_end() -> None:
    rule = parse_rules(HEAD + BODY, "acme.toml")[0][0]
    import regex

    match = regex.search(rule.match.encode(), b"x " + TOKEN)
    found = weigh(rule, match, b"x " + TOKEN, 2 + len(TOKEN), Beginnings([rule]))
    assert (found.start, found.end) == (-len(TOKEN), 0)


@pytest.mark.parametrize(
    "value",
    [
        *(b"1234567890abcdef1234567890abcdef", b"abcd1234" * 4, b"deadbeef" * 4, b"0123456789" * 4, b"x" * 32),
        *(b"changeme", b"${TOKEN}", b"your-api-key-here", b"<token>", b"process.env.KEY"),
        *(b"key_cdefghijklmnopqrstuvwxyz1234567", b"lmnopqrstuvABCDEFGHI"),
        b"glc_k" + b"1" * 16 + b"Qz7",
    ],
)
def test_a_stand_in_is_known(value: bytes) -> None:
    assert placeholder_reason(value)


@pytest.mark.parametrize("run", ["abcd1234", "123456789", "000000", "qwerty"])
def test_a_run_of_keys_in_a_long_random_value_is_chance(run: str) -> None:
    assert not placeholder_reason((run + expand("{chars:A-Zb-z2-9:26}", "r")).encode())


def test_a_token_that_begins_with_written_zeros_is_no_stand_in() -> None:
    assert not placeholder_reason(b"A" * 21 + expand("{alnum:80}", "x").encode(), fixed=True)
    assert placeholder_reason(b"ghp_" + b"A" * 20 + b"bcdefghijklmnop", fixed=True)


def test_the_neighbourhood_of_a_match_of_two_lines_is_the_line_and_its_neighbours() -> None:
    data = b"a\nb\r\n" + TOKEN + b"\r\nd\r\ne\n"
    two = matcher(BODY + "multiline = true\nlines = 2\n")
    low, high = two.neighbourhood(data, 0, 5 + len(TOKEN))
    assert data[low:high] == b"b\r\n" + TOKEN + b"\r\nd\r\n"
    assert two.neighbourhood(TOKEN, 0, len(TOKEN)) == (0, len(TOKEN))


def test_the_lines_of_a_neighbourhood_do_not_pass_its_reach() -> None:
    data = b"x" * 90 + b"\n" + TOKEN + b"\n" + b"x" * 90
    low, high = matcher(BODY + "multiline = true\nlines = 2\nreach = 60\n").neighbourhood(data, 0, 91 + len(TOKEN))
    assert (low, high) == (91 + len(TOKEN) - 60, 91 + len(TOKEN) + 60)


def test_anchors_that_fire_side_by_side_are_answered_alike() -> None:
    data = b"x " + TOKEN + b" y"
    one = matcher()
    spans = {
        (end + found.start, end + found.end)
        for end in range(10, 2 + len(TOKEN))
        if (found := one.confirm(data, 0, end)) is not None
    }
    assert spans == {(2, 2 + len(TOKEN))}
