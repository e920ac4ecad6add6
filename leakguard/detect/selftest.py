"""Rules that prove themselves: every rule against its own examples and counter-examples, alone and deep in other text,
its texts and its own worst case."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from leakguard.detect.detector import Detector
from leakguard.detect.hostile import per_megabyte, slowest
from leakguard.detect.lint import Complaint, lint_rule, lint_together
from leakguard.detect.matching import FAILED
from leakguard.detect.ruleset import RuleSet, build_ruleset
from leakguard.detect.template import expand

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leakguard.detect.detector import Found
    from leakguard.model import Guidance, Rule

PER_KILOBYTE = 0.004
"""Seconds of work that a rule may be made to do on each kilobyte of its neighbourhood."""
PER_MEGABYTE = 30.0
"""Seconds of work that a rule may be made to do on a megabyte that is full of its candidates; the dearest does 20, a
usual rule half of one."""
FILLERS = (b"Nobody had looked at the old mill by the river for years. ", b"and so it went on\n" * 230)
"""Prose that an example is put between, short and long: some builds of the matcher have missed anchors deep in a text
that they found at its beginning."""


def check_rules(rules: Sequence[tuple[Rule, Guidance]], only: Sequence[str] = ()) -> list[Complaint]:
    """Lint and self-test `rules` (or those named in `only`, within all of them), in order."""
    chosen = set(only) or {rule.id for rule, _ in rules}
    enabled = [(msgspec.structs.replace(rule, disabled=False), guidance) for rule, guidance in rules]
    detector = Detector(RuleSet(build_ruleset(enabled)))
    complaints: list[Complaint] = []
    for number, (rule, guidance) in enumerate(rules):
        if rule.id in chosen:
            complaints.extend(lint_rule(rule, guidance))
            complaints.extend(_run_examples(detector, rule, guidance))
            complaints.extend(_run_hostile(rule, guidance))
            complaints.extend(_run_dense(detector, number, rule, guidance))
    return [*complaints, *lint_together(rules, chosen)]


def _run_hostile(rule: Rule, guidance: Guidance) -> list[Complaint]:
    limit = PER_KILOBYTE * 2 * rule.reach / 1024
    spent, text = slowest(rule, guidance, limit)
    if spent <= limit:
        return []
    return [
        Complaint(rule.id, "match", f"works for {spent * 1000:.0f} ms on one candidate ({text}); bound its repeats")
    ]


def _run_dense(detector: Detector, number: int, rule: Rule, guidance: Guidance) -> list[Complaint]:
    if not guidance.examples:
        return []
    spent = per_megabyte(detector, number, rule, guidance, PER_MEGABYTE)
    if spent <= PER_MEGABYTE:
        return []
    text = f"works for {spent:.0f} s on a megabyte full of candidates; give the anchor or the value more shape"
    return [Complaint(rule.id, "match", text)]


def _run_examples(detector: Detector, rule: Rule, guidance: Guidance) -> list[Complaint]:
    complaints = []
    unseen = {other for other in guidance.also if not other.startswith("generic-")}
    for number, template in enumerate(guidance.examples):
        field = f"examples[{number}]"
        text = expand(template, f"{rule.id}/{number}").encode()
        found = detector.detect(text)
        complaints.extend(_run_between(detector, rule, field, text))
        rules = _rules_in(found)
        unseen -= rules
        if rule.id not in rules:
            complaints.append(Complaint(rule.id, field, f"is not found by the rule{_why(found, rule)}"))
        for other in sorted(rules - {rule.id, *guidance.also}):
            complaints.append(Complaint(rule.id, field, f"is also found by {other}; name it in `also` or mend one"))
        for reason in _failures(found):
            complaints.append(Complaint(rule.id, field, reason))
    for number, template in enumerate(guidance.counterexamples):
        found = detector.detect(expand(template, f"{rule.id}/-{number}").encode())
        if rule.id in _rules_in(found):
            complaints.append(Complaint(rule.id, f"counterexamples[{number}]", "is found by the rule"))
    complaints.extend(Complaint(rule.id, "also", f"{other} finds none of the examples") for other in sorted(unseen))
    return complaints


def _run_between(detector: Detector, rule: Rule, field: str, text: bytes) -> list[Complaint]:
    """Whether the same anchors fire in an example when it stands between lines of prose."""
    alone = set(detector.scanner.hits(text))
    moved = [_hits_between(detector, text, filler) for filler in FILLERS]
    unsteady = {detector.rules[number].id for hits in moved for _, number in alone ^ hits}
    problem = f"anchors of {', '.join(sorted(unsteady))} depend on the text around it; spell out their alternatives"
    return [Complaint(rule.id, field, problem)] if unsteady else []


def _hits_between(detector: Detector, text: bytes, filler: bytes) -> set[tuple[int, int]]:
    """The anchors that fire in `text` when it has `filler` above and below."""
    start = len(filler) + 1
    hits = detector.scanner.hits(b"\n".join((filler, text, filler)))
    return {(end - start, rule) for end, rule in hits if start < end <= start + len(text)}


def _rules_in(found: Found) -> set[str]:
    told = {match.rule for match in found.matches} | {part.rule for match in found.matches for part in match.parts}
    return told | {item.rule for item in found.held if item.reason == "encrypted"}


def _failures(found: Found) -> list[str]:
    return sorted({reason for match in found.matches for reason in match.reasons if reason.startswith(FAILED)})


def _why(found: Found, rule: Rule) -> str:
    """What held an example back, or which rule won instead."""
    reasons = [f"{item.reason}: {item.detail}" for item in found.held if item.rule == rule.id]
    return f" ({'; '.join(reasons)})" if reasons else ""
