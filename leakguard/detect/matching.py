"""Confirming candidates: the rule's full expression and its offline checks on a bounded neighbourhood.

What a confirmation says depends on nothing but the rule and the bytes of the neighbourhood, so it is remembered by
them: a thousand versions of a file that hold the same key cost one confirmation.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

import msgspec

from leakguard.detect.beginnings import Beginnings
from leakguard.detect.checks import find_check
from leakguard.detect.checks.evidence import Evidence, Outcome, Verdict
from leakguard.detect.entropy import shannon
from leakguard.detect.expressions import compile_expression
from leakguard.detect.judgement import judge
from leakguard.detect.needed import find_needed
from leakguard.detect.placeholders import placeholder_reason
from leakguard.detect.search import Search, Seeker
from leakguard.detect.starts import find_starts
from leakguard.model import CONFIDENCES, Confidence, HeldReason, Rule, Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import regex

    from leakguard.detect.beginnings import Known

    Record = Callable[[Evidence, list[Verdict], "Confirmed"], None]

MEMO_SIZE = 200_000

BUGS = (ArithmeticError, AttributeError, LookupError, RecursionError, TimeoutError, TypeError, ValueError)
"""What a mistake in a check raises on bytes that nobody thought of. Nothing that means trouble elsewhere."""

FAILED = "could not be put to the check"


class Confirmed(msgspec.Struct, frozen=True):
    """What a confirmation found; offsets are relative to the candidate's end. `held` is set where it is not shown."""

    start: int
    end: int
    secret: Secret
    confidence: Confidence
    reasons: tuple[str, ...] = ()
    name: str = ""
    expired: str = ""
    held: HeldReason | None = None
    detail: str = ""
    score: float = 0.0


class Matcher:
    """Confirms the candidates of a list of rules, each numbered by its place in the list. `expression` gives a rule's
    expression where it was compiled before, `beginnings` what their tokens begin with where that was found before."""

    def __init__(
        self,
        rules: Sequence[Rule],
        record: Record | None = None,
        expression: Callable[[int], regex.Pattern[bytes]] | None = None,
        beginnings: Known | None = None,
    ) -> None:
        self._rules, self._specs = rules, dict[int, Rule]()
        self._record = record
        self._expression = expression or (lambda rule: compile_expression(rules[rule].match))
        self._beginnings = Beginnings(rules, beginnings)
        self._seekers: dict[int, Seeker] = {}
        self._searches: dict[int, Search] = {}
        self._memo: dict[tuple[int, int, bytes], Confirmed | None] = {}

    def neighbourhood(self, data: bytes, rule: int, end: int) -> tuple[int, int]:
        """The span of `data` that confirming this candidate reads; a change outside of it cannot change the answer."""
        spec = self._specs.get(rule) or self._specs.setdefault(rule, self._rules[rule])
        reach, size = spec.reach, len(data)
        low, high = end - reach if end > reach else 0, end + reach
        high = high if high < size else size
        if spec.lines:
            return _lines_around(data, end, spec.lines, low, high)
        if spec.multiline:
            return low, high
        newline = data.find(b"\n", end, high)
        return data.rfind(b"\n", low, end) + 1 or low, high if newline < 0 else newline

    def confirm(self, data: bytes, rule: int, end: int) -> Confirmed | None:
        """The match of rule number `rule` that holds the anchor whose last byte is at `end` - 1, or None."""
        return self.ask(data, rule, end)[2]

    def ask(self, data: bytes, rule: int, end: int) -> tuple[int, int, Confirmed | None]:
        """As `confirm`, after the neighbourhood's span."""
        low, high = self.neighbourhood(data, rule, end)
        window = data[low:high]
        key = (rule, end - low, blake2b(window, digest_size=16).digest())
        try:
            return low, high, self._memo[key]
        except KeyError:
            pass
        if len(self._memo) >= MEMO_SIZE:
            self._memo.clear()
        found = self._memo[key] = self._decide(rule, window, end - low)
        return low, high, found

    def _decide(self, rule: int, window: bytes, end: int) -> Confirmed | None:
        try:
            match = self._search(rule, window).around(end)
        except TimeoutError:
            return Confirmed(0, 0, Secret(b""), "low", held="timeout", detail="the expression took too long")
        return match and weigh(self._rules[rule], match, window, end, self._beginnings, self._record)

    def _search(self, rule: int, window: bytes) -> Search:
        """The search in this window, if it was the rule's last one as far as it went: anchors fire side by side."""
        search = self._searches.get(rule)
        if search is None or search.window != window:
            seeker = self._seekers.get(rule) or self._seekers.setdefault(rule, self._seeker(rule))
            search = self._searches[rule] = Search(seeker, window)
        return search

    def _seeker(self, rule: int) -> Seeker:
        spec = self._rules[rule]
        starts = find_starts(spec.match) if spec.generic else None
        return Seeker(self._expression(rule), spec.generic, starts, find_needed(spec.match) if spec.multiline else None)


def _lines_around(data: bytes, end: int, lines: int, low: int, high: int) -> tuple[int, int]:
    """Between `low` and `high`, the lines of any text of so many lines that holds the byte before `end`; with the last
    one's newline, which an expression may ask for."""
    first = last = end
    for _ in range(lines):
        first = data.rfind(b"\n", low, first)
        if first < 0:
            break
    for _ in range(lines):
        last = data.find(b"\n", last, high) + 1
        if not last:
            break
    return (first + 1 if first >= 0 else low), last or high


def weigh(
    rule: Rule,
    match: regex.Match[bytes],
    window: bytes,
    base: int,
    beginnings: Beginnings,
    record: Record | None = None,
) -> Confirmed:
    """What a match of a rule's expression amounts to: checks, placeholders, entropy, for generic kinds the judgement.

    The offsets of the answer are relative to `base`. `record` is told how the answer came about.
    """
    groups = {name: value for name, value in match.groupdict().items() if value is not None}
    start, end = match.span("secret" if "secret" in groups else 0)
    evidence = Evidence(window[start:end], window, start, end, groups)
    verdicts = [_verdict(name, evidence) for name in rule.checks]
    found = _combine(rule, evidence, verdicts, base)
    cut = beginnings.cut_short(evidence.secret) if rule.generic and found.held is None else ""
    if cut:
        found = msgspec.structs.replace(found, held="unlikely", detail=cut, score=0.0)
    if record is not None:
        record(evidence, verdicts, found)
    return found


def _verdict(name: str, evidence: Evidence) -> Verdict:
    """The answer of one check. One that fails says nothing, and the finding says so: a bug in a check must neither end
    a sweep nor decide whether a secret is shown. Tests call the checks themselves, where a bug is loud."""
    check, argument = find_check(name)
    try:
        return check(evidence, argument)
    except BUGS as problem:
        return Verdict("neutral", f"{FAILED} {name} ({type(problem).__name__}); please report it")


def _combine(rule: Rule, evidence: Evidence, verdicts: list[Verdict], base: int) -> Confirmed:
    said = {verdict.outcome: verdict for verdict in reversed(verdicts)}
    name = evidence.groups.get("name", b"").decode("utf-8", "replace")
    reasons = tuple([verdict.reason for verdict in verdicts if verdict.reason and verdict.outcome != "expired"])
    where = evidence.start - base, evidence.end - base, Secret(evidence.secret)
    held = _held(rule, evidence, said)
    if held:
        return Confirmed(*where, rule.confidence, reasons, name, held=held[0], detail=held[1])
    if "expired" in said:
        return Confirmed(*where, "low", reasons, name, said["expired"].reason)
    if "proven" in said:
        return Confirmed(*where, "proven", reasons, name)
    if rule.generic:
        judgement = judge(evidence)
        if judgement.verdict == "not":
            detail = "; ".join(judgement.reasons)
            return Confirmed(*where, rule.confidence, reasons, name, held="unlikely", detail=detail)
        return Confirmed(*where, judgement.confidence, reasons + judgement.reasons, name, score=judgement.score)
    if "doubtful" in said:
        lowered = CONFIDENCES[min(CONFIDENCES.index(rule.confidence) + 1, len(CONFIDENCES) - 1)]
        return Confirmed(*where, lowered, reasons, name)
    return Confirmed(*where, rule.confidence, reasons, name)


def _held(rule: Rule, evidence: Evidence, said: dict[Outcome, Verdict]) -> tuple[HeldReason, str] | None:
    """Why this match is not shown, or None."""
    if "refuted" in said:
        return "refuted", said["refuted"].reason
    if "harmless" in said:
        return "known-example", said["harmless"].reason
    if rule.encrypted:
        return "encrypted", rule.name
    if "proven" in said:
        return None
    stand_in = placeholder_reason(evidence.secret, fixed=not (rule.generic or rule.context))
    if stand_in:
        return "placeholder", stand_in
    if rule.entropy and shannon(evidence.secret) < rule.entropy:
        return "unlikely", "is too regular to be random"
    return None
