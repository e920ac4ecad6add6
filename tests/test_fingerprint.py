"""Fingerprints: nobody can test a guess at what a person chose, and what a machine drew is the same in every clone."""

from __future__ import annotations

import hashlib
import sys
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
    module._made.clear()
    alone = [fingerprint(password, value, "") for value in values]
    module._made.clear()
    prepare([(password, value) for value in values], "", 4)
    assert [fingerprint(password, value, "") for value in values] == alone
    assert len(module._made) == len(values)


def test_what_is_prepared_and_never_asked_for_changes_no_fingerprint(password: Rule) -> None:
    module._made.clear()
    alone = fingerprint(password, b"autumn!", "")
    module._made.clear()
    prepare([(password, f"winter{number}!".encode()) for number in range(5)], "", 1)
    assert fingerprint(password, b"autumn!", "") == alone


def test_without_the_compiled_module_fingerprints_are_the_same(password: Rule, monkeypatch: pytest.MonkeyPatch) -> None:
    values = [f"spring{number}!".encode() for number in range(7)]
    module._made.clear()
    made = [fingerprint(password, value, "") for value in values]
    module._made.clear()
    monkeypatch.setitem(sys.modules, "leakguard._mix", None)
    assert [fingerprint(password, value, "") for value in values] == made


@pytest.mark.parametrize("count", range(8))
def test_several_at_a_time_are_what_hashlib_makes_of_each(count: int) -> None:
    mixed = pytest.importorskip("leakguard._mix").mixed
    texts = [bytes(range(number, 3 * number)) for number in range(count)]
    blocks = b"".join(hashlib.pbkdf2_hmac("sha256", text, b"salt", 1, 1024) for text in texts)
    for rounds in (2, 16, 512):
        ends = mixed(blocks, rounds)
        made = [hashlib.pbkdf2_hmac("sha256", text, ends[1024 * at :][:1024], 1, 32) for at, text in enumerate(texts)]
        assert made == [hashlib.scrypt(text, salt=b"salt", n=rounds, r=8, p=1, dklen=32) for text in texts]


@pytest.mark.parametrize(("blocks", "rounds"), [(b"short", 16), (bytes(1024), 0), (bytes(1024), 12), (bytes(1024), -2)])
def test_what_is_no_block_or_no_power_of_two_is_refused(blocks: bytes, rounds: int) -> None:
    mixed = pytest.importorskip("leakguard._mix").mixed
    with pytest.raises(ValueError, match=r"1024 bytes|power of two"):
        mixed(blocks, rounds)
    with pytest.raises(TypeError):
        mixed("text", 16)
