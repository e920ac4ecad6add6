"""What an excerpt masks is what masking the whole text would mask there, though only a few lines are looked at."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leakguard.detect.nearby import PLAIN, Nearby
from leakguard.detect.template import expand
from leakguard.excerpt import TextView
from tests.detect.test_detector import CONTEXT, GENERIC, SHAPE, THEME, VALUE, build

if TYPE_CHECKING:
    from leakguard.detect.detector import Detector
    from leakguard.detect.ruleset import RuleSet


def masks(detector: Detector, data: bytes) -> set[tuple[int, int]]:
    """The spans that detection in the whole text has masked."""
    found = detector.detect(data)
    spans = {(match.start, match.end) for match in found.matches}
    spans |= {(part.start, part.end) for match in found.matches for part in match.parts}
    return spans | {(held.start, held.end) for held in found.held if held.reason not in PLAIN}


def assert_same(detector: Detector, data: bytes, low: int, high: int) -> None:
    near = Nearby(detector, data).spans(low, high)
    assert near == sorted(near)
    expected = {span for span in masks(detector, data) if span[0] < high and low < span[1]}
    assert {span for span in near if span[0] < high and low < span[1]} == expected


def bounds(data: bytes, first: int, count: int) -> tuple[int, int]:
    """Where some lines of a text begin and end."""
    starts = [0, *(at + 1 for at, byte in enumerate(data) if byte == 10)]
    first = min(first, len(starts) - 1)
    low = starts[first]
    return low, starts[first + count] - 1 if first + count < len(starts) else len(data)


@pytest.fixture(scope="module")
def examples(rules: RuleSet) -> list[bytes]:
    """Texts of all rules' own examples, several of them beside each other, and of what is held back."""
    dice = random.Random(5)
    lines: list[bytes] = []
    for guide in rules.guidance().values():
        for template in (*guide.examples[:2], *guide.counterexamples[:1]):
            lines.extend(expand(template, str(dice.random())).encode().split(b"\n"))
    dice.shuffle(lines)
    return [b"\n".join(lines[at : at + 40]) for at in range(0, len(lines), 40)]


def test_every_few_lines_of_all_rules_examples_have_the_masks_of_the_whole(
    detector: Detector, examples: list[bytes]
) -> None:
    told = 0
    for data in examples[::4]:
        whole = masks(detector, data)
        near = Nearby(detector, data)
        for first in range(0, 40, 2):
            low, high = bounds(data, first, 3)
            expected = {span for span in whole if span[0] < high and low < span[1]}
            assert {span for span in near.spans(low, high) if span[0] < high and low < span[1]} == expected
            told += len(expected)
    assert told > 1000


def test_a_key_of_many_lines_is_masked_from_its_middle(detector: Detector) -> None:
    body = "\n".join(expand("{bytes64:48}", str(at)) for at in range(25))
    words = "RSA PRIVATE KEY"  # in parts, so that this file holds no key
    data = f"first\n-----BEGIN {words}-----\n{body}\n-----END {words}-----\nlast\n".encode()
    assert masks(detector, data)
    for first in range(30):
        assert_same(detector, data, *bounds(data, first, 3))


WORDS = [f"acme_{VALUE}", VALUE, f"key = acme_{VALUE}", f"acme key = {VALUE}", "key = example", "key = key = abcdefgh"]
PIECES = [
    *WORDS,
    *(word[: len(word) * 2 // 3] for word in WORDS),
    "\n",
    "\n\n",
    " ",
    "plain words",
    "'",
    "# leakguard:allow",
]


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(PIECES), max_size=30), st.integers(0, 12), st.integers(1, 3))
def test_overlapping_matches_of_several_rules_are_settled_as_in_the_whole(
    contested: Detector, pieces: list[str], first: int, count: int
) -> None:
    data = "".join(pieces).encode()
    assert_same(contested, data, *bounds(data, first, count))


OVERLAPPED = ("wide-any", "theme = true", "anchor = 'acme'\nmatch = '(?s)acme.{0,90}'\nmultiline = true\nreach = 512")


@pytest.fixture(scope="module")
def contested() -> Detector:
    """Rules whose matches overlap each other and reach over lines."""
    return build(SHAPE, CONTEXT, THEME, GENERIC, OVERLAPPED)


def test_what_is_far_away_is_not_confirmed() -> None:
    detector = build(SHAPE, THEME, GENERIC)
    confirm, asked = detector.matcher.confirm, []

    def counted(data: bytes, rule: int, end: int) -> object:
        asked.append(end)
        return confirm(data, rule, end)

    detector.matcher.confirm = counted  # type: ignore[method-assign,assignment]
    data = b"\n".join(b"acme_%s" % expand("{hex:32}", str(at)).encode() for at in range(500))
    assert {start // 38 for start, _ in Nearby(detector, data).spans(*bounds(data, 250, 3))} == {250, 251, 252}
    assert len(asked) < 20


def test_a_view_quotes_alike_whether_it_knows_the_text_or_asks_the_detector(
    detector: Detector, examples: list[bytes]
) -> None:
    data = examples[0]
    found = detector.detect(data)
    known, asking = TextView.of(data, found), TextView(data, detector)
    for match in found.matches:
        one, other = (view.place("x", match.start, match.end, "blob", "", mask=True) for view in (known, asking))
        assert one == other
