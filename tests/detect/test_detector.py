"""One finding a secret: the most specific rule wins, and what is not shown is counted with its reason."""

from __future__ import annotations

import hashlib
import pickle
from typing import TYPE_CHECKING

from leakguard.collect import Collector
from leakguard.detect.checks import google
from leakguard.detect.detector import Detector
from leakguard.detect.incremental import scan_whole
from leakguard.detect.rules import parse_rules
from leakguard.detect.ruleset import RuleSet, build_ruleset
from leakguard.detect.template import expand

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

HEAD = '[provider]\nid = "{id}"\nname = "{id}"\n{theme}\n'
RULE = '[[rules]]\nid = "{id}"\nname = "{id}"\nseverity = "high"\n{rest}\n'
VALUE = expand("{hex:32}", "value")


def build(*rules: tuple[str, str, str]) -> Detector:
    """A detector of (id, theme or '', the other fields) rules."""
    items = []
    for name, theme, rest in rules:
        text = HEAD.format(id=name.partition("-")[0], theme=theme) + RULE.format(id=name, rest=rest)
        items += parse_rules(text, "x.toml")
    return Detector(RuleSet(build_ruleset(items)))


SHAPE = ("acme-shape", "", "value = 'acme_[0-9a-f]{32}'")
CONTEXT = ("acme-word", "", "context = { words = ['acme'], value = '[0-9a-z_]{37}' }")
THEME = ("keys-any", "theme = true", "value = '[a-z]{4}_[0-9a-f]{32}'")
GENERIC = ("generic-key", "", "generic = true\nanchor = 'key = '\nmatch = 'key = (?P<secret>[0-9a-z_]{20,40})'")


def test_the_more_a_shape_says_the_better_its_rule() -> None:
    text = f"acme key = acme_{VALUE}".encode()
    for rules, winner in (
        ((GENERIC, THEME, CONTEXT, SHAPE), "acme-shape"),
        ((GENERIC, THEME, CONTEXT), "acme-word"),
        ((GENERIC, THEME), "keys-any"),
        ((GENERIC,), "generic-key"),
    ):
        found = build(*rules).detect(text)
        assert [match.rule for match in found.matches] == [winner]
        assert sorted(item.rule for item in found.held if item.reason == "overlapped") == sorted(
            rule[0] for rule in rules if rule[0] != winner
        )


def test_the_order_of_rules_does_not_matter() -> None:
    text = f"acme key = acme_{VALUE}".encode()
    one, two = build(SHAPE, CONTEXT, GENERIC).detect(text), build(GENERIC, CONTEXT, SHAPE).detect(text)
    assert [match.rule for match in one.matches] == [match.rule for match in two.matches]


def test_several_secrets_in_one_line_are_several_matches() -> None:
    values = [expand("acme_{hex:32}", str(at)) for at in range(3)]
    found = build(SHAPE).detect(" ".join(values).encode())
    assert [match.secret.reveal().decode() for match in found.matches] == values


def test_spans_are_those_of_the_secret() -> None:
    text = f"key = acme_{VALUE};".encode()
    (match,) = build(SHAPE).detect(text).matches
    assert text[match.start : match.end] == match.secret.reveal()


def test_a_stand_in_is_held_back_with_its_reason() -> None:
    found = build(SHAPE).detect(b"acme_" + b"0" * 32)
    assert found.matches == ()
    assert [item.reason for item in found.held] == ["placeholder"]


def test_any_bytes_are_a_text(detector: Detector) -> None:
    for data in (b"", b"\0", b"\xff" * 1000, bytes(range(256)) * 20, "é".encode("utf-16"), b"\n" * 5000):
        detector.detect(data)


def test_a_known_example_is_none_to_the_generic_rules_either(monkeypatch: pytest.MonkeyPatch) -> None:
    known, other = f"acme_{VALUE}", expand("acme_{hex:32}", "other")
    monkeypatch.setattr(google, "_DESKTOP", {hashlib.sha256(known.encode()).hexdigest()[:16]})
    shape = (SHAPE[0], "", SHAPE[2] + "\nchecks = ['google-client-secret']")
    found = build(shape, GENERIC).detect(f"key = {known}\nkey = {other}\n".encode())
    assert [match.secret.reveal().decode() for match in found.matches] == [other]
    assert [item.rule for item in found.held if item.reason == "known-example"] == ["acme-shape", "generic-key"]


def test_a_detector_finds_the_same_in_another_process() -> None:
    text = f"acme_{VALUE}".encode()
    built = build(SHAPE, GENERIC)
    found = built.detect(text)
    assert found.matches
    assert pickle.loads(pickle.dumps(built)).detect(text) == found


def test_what_is_held_back_by_itself_is_counted_as_the_whole_text_would_be(
    detector: Detector, token: Callable[[str], str]
) -> None:
    example = "".join(("AKIA", "IOSFODNN7", "EXAMPLE"))
    message = expand("-----BEGIN PGP MESSAGE-----\n\n{base64:64}\n-----END PGP MESSAGE-----", "m")
    lines = (
        *('password: "changeme"', 'password: "changeme" + "changeme"', f"key = {token('a')}", message),
        *('token = get("token", "abcdefgh12")', f"aws = {example}", f'api_key = "{example}"', 'secret: "x y z w v"'),
    )
    data = "\n".join(lines).encode()
    confirmed = detector.confirm(data, detector.scanner.hits(data))
    whole, parted = Collector(), Collector()
    for holder in ("b", "a", "c"):
        whole.add(detector.resolve(data, confirmed), holder)
        alone, others = detector.part(scan_whole(detector, data))
        parted.hold(alone, detector.rules, holder)
        parted.add(detector.resolve(data, others), holder)
    assert {item.held.reason for item in whole.held.values()} >= {"placeholder", "known-example", "encrypted"}
    assert (parted.held, parted.groups) == (whole.held, whole.groups)
