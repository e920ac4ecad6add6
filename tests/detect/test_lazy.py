"""Rules and guidance are the same whether all are decoded or one is asked for."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

import msgspec
import pytest

from leakguard.detect.lazy import LazyMapping, LazySequence
from leakguard.model import Guidance, Rule

if TYPE_CHECKING:
    from leakguard.detect.ruleset import RuleSet

STORED = msgspec.msgpack.encode([("one", 1), ("two", 2), ("three", 3)])
Pair = tuple[str, int]


@pytest.fixture
def items() -> LazySequence[Pair]:
    return LazySequence(STORED, Pair)


def test_items_are_those_that_were_stored(items: LazySequence[Pair]) -> None:
    assert list(items) == [("one", 1), ("two", 2), ("three", 3)]
    assert (len(items), items[1], items[-1], items[1:]) == (3, ("two", 2), ("three", 3), [("two", 2), ("three", 3)])
    with pytest.raises(IndexError):
        items[3]


def test_an_item_is_decoded_when_it_is_asked_for() -> None:
    broken = LazySequence(msgspec.msgpack.encode([("one", 1), "none of this kind"]), Pair)
    assert broken[0] == ("one", 1)
    with pytest.raises(msgspec.ValidationError):
        broken[1]


def test_an_item_is_decoded_once(items: LazySequence[Pair]) -> None:
    assert items[0] is items[0]


def test_items_are_sent_to_another_process(items: LazySequence[Pair]) -> None:
    assert list(pickle.loads(pickle.dumps(LazySequence(memoryview(STORED), Pair)))) == list(items)


def test_items_are_found_by_name(items: LazySequence[Pair]) -> None:
    named = LazyMapping({"a": 0, "c": 2}, items)
    assert dict(named) == {"a": ("one", 1), "c": ("three", 3)}
    assert (len(named), "b" in named, named.get("b")) == (2, False, None)


def test_rules_and_guidance_are_those_of_one_decoding(rules: RuleSet) -> None:
    assert tuple(rules.rules) == msgspec.msgpack.decode(rules._rules, type=tuple[Rule, ...])
    guidance = msgspec.msgpack.decode(rules._guidance, type=tuple[Guidance, ...])
    assert dict(rules.guidance()) == {item.rule: item for item in guidance}
    assert dict(rules.by_id) == {rule.id: rule for rule in rules.rules}
