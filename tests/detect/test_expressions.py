"""What is kept of a compiled expression makes the same one again, and is used by nobody who could misread it."""

from __future__ import annotations

import copyreg
from typing import TYPE_CHECKING, Any

import pytest
import regex

from leakguard.detect import expressions
from leakguard.detect.detector import Detector
from leakguard.detect.expressions import compile_expression, keep_expression, restore_expression
from leakguard.detect.rules import parse_rules
from leakguard.detect.ruleset import RuleSet, build_ruleset
from leakguard.detect.template import expand

if TYPE_CHECKING:
    from leakguard.detect.ruleset import RuleSet as Rules

RULE = """[provider]
id = "acme"
name = "Acme"
[[rules]]
id = "acme-key"
name = "Acme key"
severity = "high"
value = 'acme_[0-9a-f]{32}'
"""
TEXT = expand("acme_{hex:32}", "kept").encode()


def parts(expression: regex.Pattern[bytes]) -> Any:
    """All that an expression was compiled to."""
    return copyreg.dispatch_table[type(expression)](expression)[1]


@pytest.mark.parametrize(
    "text",
    [
        "a",
        "(?i:secret|token)[^\\n]{0,60}(?P<secret>[0-9a-f]{32})(?![0-9a-f])",
        "(?m:^)(?>[ \\t-]{0,60})(?P<name>\\w+)=(?P<secret>\\S{8,200}?)(?P=name)",
        "(?<![./A-Za-z0-9])(?:key){2,3}|(?<=\\\\[nrt])\\x00\\xff",
    ],
)
def test_an_expression_is_restored_as_it_was_compiled(text: str) -> None:
    compiled = compile_expression(text)
    kept = keep_expression(compiled)
    assert kept
    assert parts(restore_expression(kept)) == parts(compiled)


def test_the_rules_own_expressions_are_kept(rules: Rules) -> None:
    for number in range(0, len(rules.rules), 97):
        kept, compiled = rules.expression(number), compile_expression(rules.rules[number].match)
        # What else they were compiled to may differ in the order of sets from one process to the next.
        assert (kept.pattern, kept.flags, kept.groupindex) == (compiled.pattern, compiled.flags, compiled.groupindex)


def test_an_expression_of_another_form_is_not_kept() -> None:
    assert keep_expression(regex.compile(rb"\L<words>", words=[b"one"])) == b""


def test_what_another_version_kept_is_compiled_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expressions, "ENGINE", "an older one")
    stored = build_ruleset(parse_rules(RULE, "acme.toml"))
    monkeypatch.undo()
    monkeypatch.setattr(expressions, "restore_expression", lambda _kept: pytest.fail("was restored"))
    assert [match.rule for match in Detector(RuleSet(stored)).detect(TEXT).matches] == ["acme-key"]


def test_what_could_not_be_kept_is_compiled_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expressions, "keep_expression", lambda _expression: b"")
    stored = build_ruleset(parse_rules(RULE, "acme.toml"))
    assert [match.rule for match in Detector(RuleSet(stored)).detect(TEXT).matches] == ["acme-key"]
