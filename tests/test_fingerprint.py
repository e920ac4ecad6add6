"""Fingerprints: nobody can test a guess at what a person chose, and what a machine drew is the same in every clone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from leakguard import fingerprint as module
from leakguard.detect.template import expand
from leakguard.fingerprint import fingerprint, is_drawn, learn, make, needs_key, prepare, slow_texts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from leakguard.detect.ruleset import RuleSet
    from leakguard.model import Rule


@pytest.fixture
def password(rules: RuleSet) -> Rule:
    return rules.rules[rules.numbers["generic-password"]]


@pytest.mark.parametrize("template", ["{hex:32}", "{HEX:64}", "{bytes64:32}"])
def test_most_of_what_a_machine_drew_needs_no_key(template: str, password: Rule) -> None:
    values = [expand(template, str(seed)).encode() for seed in range(50)]
    assert sum(is_drawn(value) for value in values) >= 30
    drawn = next(value for value in values if is_drawn(value))
    assert not needs_key(password, drawn)
    assert fingerprint(password, drawn, "") == fingerprint(password, drawn, "a key")


@pytest.mark.parametrize(
    "value",
    [
        b"hunter2",
        b"Tr0ub4dor&3",
        b"correcthorsebatterystaple",
        b"CorrectHorse7BatteryStaple9",
        b"Passw0rd-Of-The-Year-2024-Berlin",
        b"0123456789abcdef0123456789",
        b"deadbeefdeadbeefdeadbeefdeadbeef",
        b"aA1aA1aA1aA1aA1aA1aA1aA1aA1",
        b"postgres://app:hunter2@db.internal/x",
    ],
)
def test_what_a_person_may_have_chosen_needs_one(value: bytes, password: Rule) -> None:
    assert needs_key(password, value)
    assert fingerprint(password, value, "one") != fingerprint(password, value, "two")


@pytest.fixture
def slow(password: Rule) -> Iterator[list[tuple[Rule, bytes]]]:
    """Secrets whose fingerprints are slow; none is known before or after."""
    module._made.clear()
    yield [(password, f"summer{number}!".encode()) for number in range(20)]
    module._made.clear()


def test_prepared_fingerprints_are_those_that_are_made_one_by_one(slow: list[tuple[Rule, bytes]]) -> None:
    texts = slow_texts(slow, "")
    alone = [fingerprint(*secret, "") for secret in slow]
    module._made.clear()
    prepare(texts, 4)
    assert [fingerprint(*secret, "") for secret in slow] == alone
    assert len(module._made) == len(slow)


def test_a_slow_fingerprint_is_asked_for_once(slow: list[tuple[Rule, bytes]]) -> None:
    assert len(slow_texts([*slow, *slow], "")) == len(slow)
    fingerprint(*slow[0], "")
    assert len(slow_texts(slow, "")) == len(slow) - 1
    assert not slow_texts(slow, "a key")


def test_what_a_machine_drew_is_not_slow(password: Rule) -> None:
    assert not slow_texts([(password, b"9f86d081884c7d659a2feaa0c55ad015")], "")


def test_a_fingerprint_that_was_made_elsewhere_is_taken(slow: list[tuple[Rule, bytes]]) -> None:
    made = make(slow_texts(slow, ""))
    module._made.clear()
    learn(dict.fromkeys(made, "elsewhere"))
    assert {fingerprint(*secret, "") for secret in slow} == {"elsewhere"}
