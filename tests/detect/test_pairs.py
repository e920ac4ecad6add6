"""The halves of a credential are one finding, the same way round in every text."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leakguard.collect import Collector
from leakguard.detect.detector import Detector, Found
from leakguard.detect.rules import parse_rules
from leakguard.detect.ruleset import RuleSet, build_ruleset
from leakguard.detect.template import expand

RULE = """
[[rules]]
id = "acme-{name}"
name = "Acme {name}"
severity = "{severity}"
value = '{name}_[0-9a-f]{{20}}'
confidence = "medium"
pairs = [{pairs}]
"""


def build(*rules: tuple[str, str, str]) -> Detector:
    text = '[provider]\nid = "acme"\nname = "Acme"\n'
    text += "".join(RULE.format(name=name, severity=severity, pairs=pairs) for name, severity, pairs in rules)
    return Detector(RuleSet(build_ruleset(parse_rules(text, "acme.toml"))))


def pair(name: str, within: int = 3, *, required: bool = False) -> str:
    return f'{{ rule = "acme-{name}", within = {within}, required = {str(required).lower()} }}'


def value(name: str, seed: int = 0) -> str:
    return f"{name}_" + expand("{hex:20}", f"{name}{seed}")


def shown(found: Found) -> list[tuple[str, list[str]]]:
    return [(match.rule, [part.rule for part in match.parts]) for match in found.matches]


def held(found: Found) -> list[tuple[str, str]]:
    return [(item.rule, item.reason) for item in found.held]


def test_an_id_beside_its_secret_is_a_part_of_it_and_raises_confidence() -> None:
    detector = build(("id", "low", pair("secret", required=True)), ("secret", "high", ""))
    for text in (f"{value('id')}\n{value('secret')}", f"{value('secret')}\n{value('id')}"):
        found = detector.detect(text.encode())
        assert shown(found) == [("acme-secret", ["acme-id"])]
        assert [match.confidence for match in found.matches] == ["high"]
        assert held(found) == []


def test_an_id_alone_is_held_back_and_a_secret_alone_is_not() -> None:
    detector = build(("id", "low", pair("secret", required=True)), ("secret", "high", ""))
    assert held(detector.detect(value("id").encode())) == [("acme-id", "unlikely")]
    found = detector.detect(value("secret").encode())
    assert shown(found) == [("acme-secret", [])]
    assert found.matches[0].confidence == "medium"


def test_rules_that_name_each_other_do_not_both_vanish() -> None:
    detector = build(("id", "high", pair("secret")), ("secret", "high", pair("id")))
    assert shown(detector.detect(f"{value('id')} {value('secret')}".encode())) == [("acme-secret", ["acme-id"])]


def test_the_higher_severity_is_the_finding_whichever_half_names_the_other() -> None:
    for pairs in ((pair("secret"), ""), ("", pair("id"))):
        detector = build(("id", "critical", pairs[0]), ("secret", "low", pairs[1]))
        assert shown(detector.detect(f"{value('id')} {value('secret')}".encode())) == [("acme-id", ["acme-secret"])]


def test_beyond_the_lines_a_pair_is_none() -> None:
    detector = build(("id", "low", pair("secret", 2)), ("secret", "high", ""))
    near, far = (f"{value('id')}{gap}{value('secret')}" for gap in ("\n\n", "\n\n\n"))
    assert shown(detector.detect(near.encode())) == [("acme-secret", ["acme-id"])]
    assert shown(detector.detect(far.encode())) == [("acme-id", []), ("acme-secret", [])]


def test_each_secret_takes_the_id_next_to_it() -> None:
    detector = build(("id", "low", pair("secret", required=True)), ("secret", "high", ""))
    text = "\n\n\n\n".join(f"id: {value('id', at)}\nsecret: {value('secret', at)}" for at in range(3))
    matches = detector.detect(text.encode()).matches
    assert [[part.secret.reveal().decode() for part in match.parts] for match in matches] == [
        [value("id", at)] for at in range(3)
    ]


def test_an_id_that_two_secrets_share_is_a_part_of_both() -> None:
    detector = build(("id", "low", ""), ("secret", "high", pair("id")))
    text = f"{value('secret', 1)}\n{value('id')}\n{value('secret', 2)}"
    assert shown(detector.detect(text.encode())) == [("acme-secret", ["acme-id"]), ("acme-secret", ["acme-id"])]


def test_one_of_several_required_halves_is_enough() -> None:
    detector = build(
        ("id", "low", f"{pair('old', required=True)}, {pair('new', required=True)}"),
        ("old", "high", ""),
        ("new", "high", ""),
    )
    assert shown(detector.detect(f"{value('id')} {value('new')}".encode())) == [("acme-new", ["acme-id"])]


def test_a_chain_of_halves_loses_none() -> None:
    detector = build(("a", "low", pair("b")), ("b", "medium", pair("c")), ("c", "high", ""))
    text = f"{value('a')} {value('b')} {value('c')}"
    assert shown(detector.detect(text.encode())) == [("acme-c", ["acme-a", "acme-b"])]


CHAIN = build(("a", "low", pair("b")), ("b", "medium", pair("c", required=True)), ("c", "high", pair("a")))


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 2), st.sampled_from([" ", "\n", "\n\n\n\n"])), max_size=9)
)
def test_no_value_is_lost_whatever_stands_where(pieces: list) -> None:
    text = "".join(value(name, seed) + gap for name, seed, gap in pieces)
    found = CHAIN.detect(text.encode())
    seen = {match.secret.reveal() for match in found.matches}
    seen |= {part.secret.reveal() for match in found.matches for part in match.parts}
    seen |= {item.secret.reveal() for item in found.held}
    assert seen == {value(name, seed).encode() for name, seed, _ in pieces}


def test_thousands_of_halves_take_no_quadratic_time() -> None:
    detector = build(("id", "low", pair("secret")), ("secret", "high", pair("id")))
    text = "\n".join(value("id", 0) + "\n" * 9 for _ in range(4000))
    assert len(detector.detect(text.encode()).matches) == 4000


@pytest.mark.parametrize("order", [1, -1])
def test_halves_that_stand_apart_elsewhere_are_still_one_finding(order: int) -> None:
    from leakguard.assemble import merge_values

    detector = build(("id", "low", ""), ("secret", "high", pair("id")))
    texts = [value("id"), f"{value('id')}\n{value('secret')}", value("secret")][::order]
    collector = Collector()
    for number, text in enumerate(texts):
        collector.add(detector.detect(text.encode()), str(number))
    groups = merge_values(collector.groups.values(), {rule.id: rule for rule in detector.rules})
    assert [(group.match.rule, len(group.match.parts)) for group in groups] == [("acme-secret", 1)]
