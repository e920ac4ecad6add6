"""Fingerprints: nobody can test a guess at what a person chose, and what a machine drew is the same in every clone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from leakguard import fingerprint as module
from leakguard.detect.template import expand
from leakguard.fingerprint import fingerprint, is_drawn, needs_key, prepare

if TYPE_CHECKING:
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


def test_prepared_fingerprints_are_those_that_are_made_one_by_one(password: Rule) -> None:
    values = [f"summer{number}!".encode() for number in range(20)]
    module._slow.cache_clear()
    alone = [fingerprint(password, value, "") for value in values]
    module._slow.cache_clear()
    prepare([(password, value) for value in values], "", 4)
    assert [fingerprint(password, value, "") for value in values] == alone
    assert module._slow.cache_info().currsize == len(values)
