"""What is kept of our own expressions makes the same ones again, and nothing depends on whether it was kept."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest
import regex

from leakguard.detect import allowances, kept
from leakguard.detect.judgement import vetoes
from leakguard.detect.kept import keep, plain, rich, use_kept
from leakguard.detect.ruleset import _keep_own
from leakguard.detect.starts import find_starts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from leakguard.detect.ruleset import RuleSet

CASES = [
    (rb"a", 0),
    (rb"(?P<name>[\w.-]+)[ =:]{1,3}(?P<secret>\"[^\"\n]{8,40}\"|\S{8,})", 0),
    (rb"(?i)passw|pwd|(?:^|[_.-])pw(?![a-z])", 0),
    (rb"^\s*(?:#|//) (\w+) \1$", re.IGNORECASE | re.MULTILINE),
    (rb"(?<=\x00)[\x80-\xff]{2,}?.", re.DOTALL),
]
TEXT = Path(__file__).read_bytes() + b"# word word\n\0\xe9\xff\n"


@pytest.fixture(autouse=True)
def unchanged() -> Iterator[None]:
    before = kept._kept
    yield
    kept._kept = before


def spans(expression: re.Pattern[bytes] | regex.Pattern[bytes]) -> list[list[tuple[int, int]]]:
    return [[match.span(group) for group in range(len(match.groups()) + 1)] for match in expression.finditer(TEXT)]


@pytest.mark.parametrize(("text", "flags"), CASES)
def test_a_kept_expression_is_the_one_that_is_compiled(text: bytes, flags: int) -> None:
    plain(text, flags)
    rich(text, flags)
    use_kept(keep())
    for restored, compiled in (
        (plain(text, flags), re.compile(text, flags)),
        (rich(text, flags), regex.compile(text, flags)),
    ):
        assert (restored.pattern, restored.flags, restored.groupindex) == (
            compiled.pattern,
            compiled.flags,
            compiled.groupindex,
        )
        assert spans(restored) == spans(compiled)


def test_what_is_kept_is_not_compiled_again(monkeypatch: pytest.MonkeyPatch) -> None:
    for text, flags in CASES:
        plain(text, flags)
    use_kept(keep())
    monkeypatch.setattr(kept.re, "compile", lambda *_: pytest.fail("was compiled"))
    assert [plain(text, flags).pattern for text, flags in CASES] == [text for text, _ in CASES]


@pytest.mark.parametrize("change", ["engine", "rich_engine", "parts", "nothing"])
def test_what_cannot_be_used_is_compiled(change: str) -> None:
    text = rb"b+(?P<end>c|d)\Z"
    plain(text)
    rich(text)
    stored = msgspec.msgpack.decode(keep(), type=kept._Kept)
    if change == "parts":
        stored.plain = dict.fromkeys(stored.plain, b"\x90")
    elif change == "nothing":
        stored.plain, stored.rich = {}, {}
    else:
        setattr(stored, change, "another")
    use_kept(msgspec.msgpack.encode(stored))
    for expression in (plain(text), rich(text)):
        found = expression.search(b"abbd")
        assert found
        assert found["end"] == b"d"


def test_what_confirms_candidates_is_kept_with_the_rules(rules: RuleSet) -> None:
    generic = next(rule for rule in rules.rules if rule.generic and find_starts(rule.match))
    starts = find_starts(generic.match)
    assert starts
    stored = msgspec.msgpack.decode(_keep_own([(generic, rules.guidance()[generic.id])]), type=kept._Kept)
    for expression in (starts._words, vetoes._CODE):
        assert f"{expression.flags} {expression.pattern.decode('latin-1')}" in stored.plain
    assert f"0 {allowances._COMMENT.pattern.decode('latin-1')}" in stored.rich
