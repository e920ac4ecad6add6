"""Rules that prove themselves: every rule against its own examples and counter-examples, and the lint of its texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from leakguard.detect.detector import Detector
from leakguard.detect.ruleset import RuleSet, build_ruleset
from leakguard.detect.template import expand
from leakguard.model import Guidance, Rule

if TYPE_CHECKING:
    from collections.abc import Sequence


class Complaint(msgspec.Struct, frozen=True):
    """What is wrong with one field of one rule."""

    rule: str
    field: str
    problem: str

    def __str__(self) -> str:
        return f"{self.rule}: {self.field}: {self.problem}"


def check_rules(rules: Sequence[tuple[Rule, Guidance]], only: Sequence[str] = ()) -> list[Complaint]:
    """Lint and self-test `rules` (or those named in `only`, within all of them), in order."""
    complaints: list[Complaint] = []
    enabled = [(msgspec.structs.replace(rule, disabled=False), guidance) for rule, guidance in rules]
    detector = Detector(RuleSet(build_ruleset(enabled)))
    for rule, guidance in rules:
        if only and rule.id not in only:
            continue
        complaints.extend(_lint(rule, guidance))
        complaints.extend(_run_examples(detector, rule, guidance))
    return complaints


def _lint(rule: Rule, guidance: Guidance) -> list[Complaint]:
    found = []
    for field, least in (("examples", 2), ("counterexamples", 2)):
        if len(getattr(guidance, field)) < least:
            found.append(Complaint(rule.id, field, f"has fewer than {least}"))
    if not rule.disabled:
        for field in ("impact", "rotate"):
            if not getattr(guidance, field):
                found.append(Complaint(rule.id, field, "is missing"))
    if guidance.link and not guidance.link.startswith("https://"):
        found.append(Complaint(rule.id, "link", "is no https address"))
    if guidance.verify and "{secret}" not in msgspec.json.encode(guidance.verify).decode():
        found.append(Complaint(rule.id, "verify", "holds no {secret} to fill in"))
    if not (rule.generic or rule.theme) and not rule.id.startswith(rule.provider):
        found.append(Complaint(rule.id, "id", f"does not begin with the provider's id, {rule.provider}"))
    return found


def _run_examples(detector: Detector, rule: Rule, guidance: Guidance) -> list[Complaint]:
    found = []
    for number, template in enumerate(guidance.examples):
        rules = _rules_found(detector, template, f"{rule.id}/{number}")
        if rule.id not in rules:
            found.append(Complaint(rule.id, f"examples[{number}]", f"is not found by the rule{_instead(detector, template, rule, number)}"))
        for other in sorted(rules - {rule.id, *guidance.also}):
            found.append(Complaint(rule.id, f"examples[{number}]", f"is also found by {other}; name it in `also` or mend one"))
    for number, template in enumerate(guidance.counterexamples):
        if rule.id in _rules_found(detector, template, f"{rule.id}/-{number}"):
            found.append(Complaint(rule.id, f"counterexamples[{number}]", "is found by the rule"))
    return found


def _rules_found(detector: Detector, template: str, seed: str) -> set[str]:
    found = detector.detect(expand(template, seed).encode())
    return {match.rule for match in found.matches} | {part.rule for match in found.matches for part in match.parts}


def _instead(detector: Detector, template: str, rule: Rule, number: int) -> str:
    """Why an example was not found: what held it back, or which rule won instead."""
    found = detector.detect(expand(template, f"{rule.id}/{number}").encode())
    reasons = [f"{item.reason}: {item.detail}" for item in found.held if item.rule == rule.id]
    return f" ({'; '.join(reasons)})" if reasons else ""
