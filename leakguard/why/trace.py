"""The detection of a scan over one text, on record, and what the record says of one line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from leakguard.assemble import Assembly, Decision, settle
from leakguard.detect.entropy import shannon
from leakguard.detect.judgement import path_reasons
from leakguard.detect.judgement.explain import explain
from leakguard.detect.placeholders import placeholder_reason
from leakguard.detect.recorder import Recorder
from leakguard.excerpt import TextView, escape, printable
from leakguard.fingerprint import fingerprint
from leakguard.model import Secret
from leakguard.scan.run import Places
from leakguard.scan.worker import Worker
from leakguard.why.model import Candidate, Checked, Outcome, Why

if TYPE_CHECKING:
    from collections.abc import Iterator

    from leakguard.collect import Group
    from leakguard.config import Settings
    from leakguard.detect.checks.evidence import Evidence
    from leakguard.detect.detector import Detector, Found
    from leakguard.detect.recorder import Attempt
    from leakguard.detect.ruleset import RuleSet
    from leakguard.formats.reader import Assignment
    from leakguard.model import Match, Rule
    from leakguard.why.place import Text

Verdict = tuple[Outcome, str, str, str]
"""Outcome, reason, detail, justification."""


def trace(text: Text, rules: RuleSet, settings: Settings) -> Why:
    """Every candidate on the line that `text` means, with all that decided."""
    return _Trace(text, rules, settings).run()


class _Looker(Worker):
    """A scan's worker whose detector is on record. A version out of a history is looked at as a sweep does: by its
    lines alone."""

    def __init__(self, rules: RuleSet, settings: Settings, *, lines_only: bool) -> None:
        super().__init__(rules, settings)
        self.lines_only = lines_only
        self.found: dict[bytes, Found] = {}
        self.assigned: list[tuple[str, Assignment, Evidence]] = []
        self.record = lambda *what: self.assigned.append(what)

    def new_detector(self, rules: RuleSet) -> Detector:
        self.recorder = Recorder(rules, self.active)
        return self.recorder

    def detect(self, name: str, content: bytes) -> Found:
        found = self.detector.detect(content) if self.lines_only else super().detect(name, content)
        self.found[content] = found
        return found


class _Trace:
    def __init__(self, text: Text, rules: RuleSet, settings: Settings) -> None:
        self.asked, self.rules, self.settings = text, rules, settings
        self.text = text.text
        self.low, self.high = _span_of(self.text, text.line)
        self.looker = _Looker(rules, settings, lines_only=bool(text.version))
        self.by_id = self.looker.rules
        self.decisions: dict[tuple[str, bytes], Decision] = {}
        self.owners: dict[bytes, str] = {}

    def run(self) -> Why:
        looked = self.looker.look_at(self.asked.path, self.asked.content)
        groups = settle(looked.collector, self.by_id)
        work = Assembly(looked.collector, Places(looked.places), self.by_id, self.rules.guidance(), self.settings)
        work.record = self.decide
        for _ in work.findings(groups):
            pass
        self.found = self.looker.found.get(self.text) or self.looker.detector.detect(self.text)
        view = TextView.of(self.text, self.found)
        lines = view.quote(self.low, self.low, self.asked.line, mask=not self.settings.show_secrets)
        return Why(
            path=printable(Path(self.asked.path).as_posix().encode("utf-8", "surrogateescape"))
            + (self.asked.label if self.asked.label.startswith("!") else ""),
            line=self.asked.line,
            version=self.asked.version,
            rules=len(self.looker.active),
            excerpt=lines,
            candidates=tuple(sorted(self.candidates(), key=_order)),
            notes=self.notes(),
        )

    def decide(self, group: Group, decision: Decision) -> None:
        """What became of one value."""
        value = group.match.secret.reveal()
        self.decisions[group.match.rule, value] = decision
        self.owners[value] = group.match.rule
        for part in group.match.parts:
            self.owners.setdefault(part.secret.reveal(), group.match.rule)

    def candidates(self) -> Iterator[Candidate]:
        seen: set[tuple[str, int, int]] = set()
        for attempt in self.looker.recorder.texts.get(self.text, ()):
            yield from self.tried(attempt, seen)
        yield from self.assigned(seen)
        yield from self.alone(seen)
        yield from self.switched_off(seen)

    def tried(self, attempt: Attempt, seen: set[tuple[str, int, int]]) -> Iterator[Candidate]:
        """What an anchor that fired came to, where either is on the line."""
        rule, found = self.looker.recorder.rules[attempt.rule], attempt.found
        start, end = (attempt.end + found.start, attempt.end + found.end) if found else (attempt.end - 1, attempt.end)
        if not (self.touches(start, end) or self.touches(attempt.end - 1, attempt.end)):
            return
        key = (rule.id, start, end) if found else (rule.id, -1, -1)
        if key in seen:
            return
        seen.add(key)
        if found is None or attempt.weighed is None:
            detail = found.detail if found else "the rule's expression does not match here"
            reason = "timeout" if found else ""
            yield self.candidate(rule, "its anchor", start, end, ("no match", reason, detail, ""))
            return
        checks = tuple(
            Checked(name, verdict.outcome, escape(verdict.reason))
            for name, verdict in zip(rule.checks, attempt.weighed.verdicts, strict=True)
        )
        yield self.candidate(
            rule, "its anchor", start, end, self.verdict(rule.id, start, end), attempt.weighed.evidence, checks
        )

    def assigned(self, seen: set[tuple[str, int, int]]) -> Iterator[Candidate]:
        """What the format's reader says is assigned on the line."""
        if self.text != self.asked.content:
            return
        for rule, item, evidence in self.looker.assigned:
            if self.touches(item.start, item.end) and (rule, item.start, item.end) not in seen:
                seen.add((rule, item.start, item.end))
                verdict = self.verdict(rule, item.start, item.end)
                yield self.candidate(
                    self.by_id[rule], "the format's reader", item.start, item.end, verdict, evidence, name=item.name
                )

    def alone(self, seen: set[tuple[str, int, int]]) -> Iterator[Candidate]:
        """What only the file's name tells."""
        for match in self.found.matches:
            key = (match.rule, match.start, match.end)
            if key not in seen and self.touches(match.start, match.end):
                seen.add(key)
                verdict = self.verdict(*key)
                yield self.candidate(self.by_id[match.rule], "the file's name", match.start, match.end, verdict)

    def switched_off(self, seen: set[tuple[str, int, int]]) -> Iterator[Candidate]:
        """Rules that are off and would match here."""
        every = frozenset(range(len(self.rules.rules)))
        recorder = Recorder(self.rules, every - self.looker.active)
        recorder.detect(self.text)
        for attempt in recorder.texts.get(self.text, ()):
            found = attempt.found
            if found is None or found.held is not None:
                continue
            rule = self.rules.rules[attempt.rule]
            start, end = attempt.end + found.start, attempt.end + found.end
            if self.touches(start, end) and (rule.id, start, end) not in seen:
                seen.add((rule.id, start, end))
                why = "the settings leave it out" if not rule.disabled else "is off by default; `enable` turns it on"
                yield self.candidate(rule, "its anchor", start, end, ("off", "rule-off", why, ""))

    def verdict(self, rule: str, start: int, end: int) -> Verdict:
        """What the detection, and then the settings, made of a rule's match."""
        for held in self.found.held:
            if (held.rule, held.start, held.end) == (rule, start, end):
                return "held back", held.reason, held.detail, held.justification
        for match in self.found.matches:
            if (match.rule, match.start, match.end) == (rule, start, end):
                return self.settled(match)
            for part in match.parts:
                if (part.rule, part.start, part.end) == (rule, start, end):
                    return "held back", "overlapped", f"is told with {match.rule}, whose other half it is", ""
        if any(match.start < end and start < match.end for match in self.found.matches):
            return "held back", "overlapped", "the same bytes are told by a better match", ""
        return "held back", "unlikely", "the judgement takes it for no secret", ""

    def settled(self, match: Match) -> Verdict:
        """What became of a match once everything else of the text was known."""
        value = match.secret.reveal()
        decision = self.decisions.get((match.rule, value))
        if decision is None:
            return "held back", "overlapped", f"the same value is told as {self.owners.get(value, 'another rule')}", ""
        if decision.reason is None:
            return "told", "", "", ""
        return "held back", decision.reason, decision.detail, decision.justification

    def candidate(
        self,
        rule: Rule,
        seen_by: str,
        start: int,
        end: int,
        verdict: Verdict,
        evidence: Evidence | None = None,
        checks: tuple[Checked, ...] = (),
        name: str = "",
    ) -> Candidate:
        outcome, reason, detail, justification = verdict
        line = self.text.rfind(b"\n", 0, start) + 1
        value = self.text[start:end]
        decision = self.decisions.get((rule.id, value))
        told = outcome != "no match" and reason != "encrypted"
        judged = explain(evidence) if evidence is not None and rule.generic else None
        moved = decision.match.score if decision and judged and decision.match.score != judged.score else 0.0
        shown = self.settings.show_secrets
        return Candidate(
            rule=rule.id,
            rule_name=rule.name,
            outcome=outcome,
            seen_by=seen_by,
            column=start - line + 1,
            end_column=end - line + 1,
            secret=(printable(value) if shown else Secret(value).redacted()) if told else "",
            length=len(value) if told else 0,
            name=escape(name) or printable(evidence.groups.get("name", b"") if evidence else b""),
            checks=checks,
            placeholder=_placeholder(rule, evidence),
            entropy=round(shannon(evidence.secret), 2) if evidence and rule.entropy else 0.0,
            entropy_needed=rule.entropy,
            judgement=judged,
            path_score=moved,
            path_reasons=path_reasons(self.asked.path) if moved else (),
            reason=reason,
            detail=escape(detail),
            justification=escape(justification),
            confidence=decision.match.confidence if decision and outcome == "told" else "",
            fingerprint=fingerprint(rule, value, self.settings.fingerprint_key) if outcome == "told" else "",
        )

    def touches(self, start: int, end: int) -> bool:
        """Whether a span has a byte on the line."""
        return start < self.high and self.low < max(end, start + 1)

    def notes(self) -> tuple[str, ...]:
        """What else a scan would say of the file."""
        size = len(self.asked.content)
        limit = self.settings.max_blob_size
        return (f"the file is {size:,} bytes, over the limit of {limit:,}: it is not scanned",) if size > limit else ()


def _order(item: Candidate) -> tuple[int, int, str]:
    return ("told", "held back", "off", "no match").index(item.outcome), item.column, item.rule


def _placeholder(rule: Rule, evidence: Evidence | None) -> str:
    return placeholder_reason(evidence.secret, fixed=not (rule.generic or rule.context)) if evidence else ""


def _span_of(text: bytes, line: int) -> tuple[int, int]:
    """The bytes of a line, without its end."""
    low = 0
    for _ in range(line - 1):
        low = text.index(b"\n", low) + 1
    high = text.find(b"\n", low)
    return low, max(low + 1, len(text) if high < 0 else high)
