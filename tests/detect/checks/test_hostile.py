"""No check raises, whatever bytes it is given: what a checker reads was written by others."""

from __future__ import annotations

import base64
import random
from typing import TYPE_CHECKING

import pytest
import regex
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leakguard.detect.checks import find_check
from leakguard.detect.checks.evidence import Evidence, Verdict
from leakguard.detect.rules import patterns_folder, read_rules, rule_files
from leakguard.detect.template import expand

if TYPE_CHECKING:
    from leakguard.model import Rule

GROUPS = ("name", "word", "gap", "payload", "header", "section", "user", "password", "host", "checksum")


def wrap(data: bytes) -> st.SearchStrategy[bytes]:
    """The bytes as they are, or in one of the dresses that checks take off."""
    encoded = base64.b64encode(data)
    return st.sampled_from(
        [data, encoded, encoded.rstrip(b"="), data.hex().encode(), b"eyJ" + encoded, encoded + b"." + encoded + b".x"]
    )


texts = st.one_of(
    st.binary(max_size=200),
    st.text(alphabet='{}[]":,0123456789abcdefABCDEF-_.|~=+/ \n\\', max_size=200).map(str.encode),
    st.sampled_from(
        [
            b"",
            b"=",
            b"\xff\xfe",
            b"{",
            b'{"a":' * 2000,
            b"[" * 100_000,
            b"9" * 5000,
            b'{"exp":1e999}',
            b'{"exp":-1}',
            b'{"exp":99999999999999999999}',
            b'{"alg":"HS256","exp":"x"}',
            b"http://[::1:%zz@/",
            b"-----BEGIN RSA PRIVATE KEY-----\n\n-----END RSA PRIVATE KEY-----",
            b"\0" * 64,
            "é".encode("utf-16"),
        ]
    ),
).flatmap(wrap)


def ask(name: str, text: bytes, groups: dict[str, bytes], around: bytes = b"") -> None:
    check, argument = find_check(name)
    window = around + text + around
    answer = check(Evidence(text, window, len(around), len(around) + len(text), groups), argument)
    assert isinstance(answer, Verdict), name


@pytest.fixture(scope="module")
def used() -> list[str]:
    """Every check with every argument that a rule gives it."""
    rules = [rule for rule, _ in read_rules(rule_files(patterns_folder()))]
    return sorted({name for rule in rules for name in rule.checks})


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=texts, group=texts, around=st.binary(max_size=40))
def test_no_check_raises_on_hostile_bytes(used: list[str], text: bytes, group: bytes, around: bytes) -> None:
    for name in used:
        ask(name, text, {}, around)
        ask(name, text, dict.fromkeys(GROUPS, group), around)


@pytest.fixture(scope="module")
def examples() -> list[tuple[Rule, str]]:
    """The first example of every rule that has checks."""
    rules = read_rules(rule_files(patterns_folder()))
    return [(rule, expand(known.examples[0], rule.id)) for rule, known in rules if rule.checks]


@pytest.mark.parametrize("seed", range(6))
def test_no_check_raises_on_a_damaged_credential(examples: list[tuple[Rule, str]], seed: int) -> None:
    """An example of each rule with a byte changed reaches deeper into its checks than noise does."""
    source = random.Random(seed)
    for rule, example in examples:
        text = bytearray(example.encode())
        text[source.randrange(len(text))] = source.randrange(256)
        match = regex.search(rule.match.encode(), bytes(text))
        secret = (match.groupdict().get("secret") or match.group()) if match else bytes(text)
        for name in rule.checks:
            ask(name, secret, {"payload": bytes(text)})
