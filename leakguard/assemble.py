"""From groups of matches to findings: one a secret, allowances applied, the rest counted with its reason."""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import msgspec

from leakguard.advice.opening import NAMED, Opened, with_what_it_opens
from leakguard.advice.steps import advise
from leakguard.collect import Group
from leakguard.detect.judgement import Judgement, adjust_for_path, path_reasons, verdict_of
from leakguard.fingerprint import fingerprint, prepare, slow_texts
from leakguard.globs import path_matches
from leakguard.ledger import Ledger
from leakguard.model import CONFIDENCES, SEVERITIES, Finding, Match, Place, Provenance, Secret, Severity, Suppressed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from leakguard.collect import Collector, HeldGroup, Spot
    from leakguard.config import Settings
    from leakguard.model import Guidance, Held, HeldReason, Rule

STANDARD_INPUT = "standard input"
"""What a place's path is where no file is known."""

SHOWN_SUPPRESSED: frozenset[HeldReason] = frozenset({"refuted", "known-example", "placeholder", "allowed", "excluded"})
"""What a report that knows suppressed results lists one by one; the other reasons are counted."""


class Sited(msgspec.Struct, frozen=True):
    """Where a group's secret is: places worth showing, and its life where it has one."""

    places: tuple[Place, ...]
    provenance: Provenance | None = None
    paths: tuple[str, ...] = ()

    @property
    def all_paths(self) -> tuple[str, ...]:
        """Every path that is known: those of the history, or of the places."""
        return self.paths or tuple(place.path for place in self.places)


class Locator(Protocol):
    """Turns spots into places. Each kind of target has its own."""

    def locate(self, groups: Sequence[Group]) -> Iterable[Sited]:
        """The sites of each group, in order."""
        ...

    def place(self, spot: Spot) -> Place | None:
        """One spot alone, for a suppressed result."""
        ...

    def commented_later(self, group: Group) -> bool:
        """Whether all spots of a group are in versions of files to which a later version puts a comment."""
        ...


class Assembled(msgspec.Struct, frozen=True):
    """Findings in their total order, suppressed ones, and how many were held back for which reason. `notes` tell of
    allowances that ran out or fit nothing; `stale` is how many notes fail the run, by the settings' wish."""

    findings: tuple[Finding, ...]
    suppressed: tuple[Suppressed, ...]
    held: dict[str, int]
    notes: tuple[str, ...] = ()
    stale: int = 0
    encrypted: dict[str, int] = {}


def settle(collected: Collector, rules: Mapping[str, Rule]) -> list[Group]:
    """The groups that may become findings: one a value. A spot that a comment stands beside is in none of them."""
    return merge_values(collected.groups.values(), rules)


def listed(collected: Collector, rules: Mapping[str, Rule]) -> list[HeldGroup]:
    """What is held back and still told one by one, in a total order: refuted tokens, known examples and stand-ins in a
    provider's shape, allowed secrets.
    What the judgement of generic kinds turned down is only counted."""
    found = [item for item in collected.held.values() if is_listed(item.held, rules)]
    return sorted(found, key=lambda item: (item.held.rule, item.held.reason, item.spot))


def encrypted_spots(collected: Collector) -> dict[str, list[Spot]]:
    """Where encrypted texts begin, by the rule that recognised each, in a total order."""
    found: dict[str, list[Spot]] = {}
    for item in collected.held.values():
        if item.held.reason == "encrypted":
            found.setdefault(item.held.rule, []).append(item.spot)
    return {rule: sorted(spots) for rule, spots in found.items()}


def is_listed(held: Held, rules: Mapping[str, Rule]) -> bool:
    """Whether a match that is held back is told one by one."""
    return bool(held.secret) and is_listed_kind(held.reason, rules[held.rule])


def is_listed_kind(reason: HeldReason, rule: Rule) -> bool:
    """Whether what a rule finds and a reason holds back is told one by one."""
    return reason in SHOWN_SUPPRESSED and (reason == "allowed" or not rule.generic)


def assemble(
    groups: Sequence[Group],
    collected: Collector,
    locator: Locator,
    rules: Mapping[str, Rule],
    guidance: Mapping[str, Guidance],
    settings: Settings,
    *,
    whole: bool = False,
) -> Assembled:
    """`groups` (of `settle`) as findings. The order depends on nothing but the content. `whole`: the run looked at all
    that there is, so that an allowance which fits nothing is out of use."""
    work = Assembly(collected, locator, rules, guidance, settings)
    findings = sorted(work.findings(groups), key=finding_order)
    return work.done(tuple(findings), whole=whole)


class Decision(msgspec.Struct, frozen=True):
    """What becomes of a group: `match` is what is left of it once its paths are known. Without a `reason` to hold it
    back it is a finding."""

    match: Match
    finding: Finding | None
    reason: HeldReason | None = None
    detail: str = ""
    justification: str = ""


def begin_fingerprints(
    groups: Sequence[Group], collected: Collector, rules: Mapping[str, Rule], settings: Settings
) -> None:
    """Have the slow fingerprints made while the rest is assembled, in the order in which they are asked for."""
    asked = [*secrets_of(groups, rules), *listed_secrets(collected, rules)]
    prepare(slow_texts(asked, settings.fingerprint_key), settings.workers)


def secrets_of(groups: Iterable[Group], rules: Mapping[str, Rule]) -> Iterator[tuple[Rule, bytes]]:
    """What `assemble` is going to ask fingerprints of, for the findings."""
    return ((rules[group.match.rule], group.match.secret.reveal()) for group in groups)


def listed_secrets(collected: Collector, rules: Mapping[str, Rule]) -> Iterator[tuple[Rule, bytes]]:
    """And for what is held back and told one by one."""
    held = (item.held for item in listed(collected, rules))
    return ((rules[item.rule], item.secret.reveal()) for item in held if item.secret)


class Assembly:
    """Turns groups into findings one after the other, and keeps account of what is held back on the way."""

    def __init__(
        self,
        collected: Collector,
        locator: Locator,
        rules: Mapping[str, Rule],
        guidance: Mapping[str, Guidance],
        settings: Settings,
    ) -> None:
        self.locator, self.rules, self.guidance, self.settings = locator, rules, guidance, settings
        self.ledger = Ledger(settings)
        self.held: Counter[str] = Counter(item.held.reason for item in collected.held.values())
        del self.held["encrypted"]
        self.encrypted = encrypted_spots(collected)
        self.listed = listed(collected, rules)
        self.suppressed: list[Suppressed] = []
        self.comments = _comments(collected)
        self.idle = collected.idle
        self.record: Callable[[Group, Decision], None] | None = None
        """Whoever asks why is told of every decision."""

    @cached_property
    def told(self) -> list[Suppressed]:
        """What is held back and told one by one, whatever becomes of the groups; asked for early where there is
        something to wait for."""
        return [_suppressed(item, self.locator, self.rules, self.settings) for item in self.listed]

    def findings(self, groups: Sequence[Group]) -> Iterator[Finding]:
        """Each group that is a finding, in their order, as soon as it is complete."""
        for group, sited in zip(groups, self.locator.locate(groups), strict=True):
            decision = self._decide(group, sited)
            if self.record is not None:
                self.record(group, decision)
            if decision.reason is not None:
                self._hold_back(decision)
            elif decision.finding is not None:
                yield decision.finding

    def _decide(self, group: Group, sited: Sited) -> Decision:
        """What becomes of one group, now that it is known where its secret is."""
        rule = self.rules[group.match.rule]
        match, unlikely = judge_paths(group.match, rule, sited.all_paths)
        if unlikely:
            return Decision(match, None, "unlikely", "where it stands, it is no secret")
        finding = _finding(match, len(group.spots), sited, self.rules, self.guidance, self.settings)
        held = _misplaced(rule, sited) or self._commented(group) or _hold(finding, sited, self.settings, self.ledger)
        if held is not None:
            return Decision(match, finding, *held)
        opened = [self._opened(kind) for kind in rule.opens if kind in self.encrypted]
        return Decision(match, with_what_it_opens(finding, opened))

    def _opened(self, kind: str) -> Opened:
        """The encrypted texts of one kind."""
        spots = self.encrypted[kind]
        places = (self.locator.place(spot) for spot in spots[:NAMED])
        paths = tuple(place.path for place in places if place and not place.path.startswith("blob "))
        return Opened(self.rules[kind].name, len(spots), paths)

    def _commented(self, group: Group) -> tuple[HeldReason, str, str] | None:
        """Why a secret that is beside no comment is allowed all the same: its file got one later. A comment in another
        file, or at another place of the same version, says nothing of it."""
        key = (group.match.rule, group.match.secret.reveal())
        if key not in self.comments or not self.locator.commented_later(group):
            return None
        return "allowed", "a comment beside it in a later version of the file", self.comments[key]

    def _hold_back(self, decision: Decision) -> None:
        finding, reason = decision.finding, decision.reason
        assert reason is not None
        self.held[reason] += 1
        if finding is None:  # what the judgement turned down is only counted
            return
        place = finding.places[0] if finding.places else None
        why = (decision.detail, decision.justification)
        self.suppressed.append(Suppressed(finding.rule, reason, *why, finding.fingerprint, finding.secret, place))

    def done(self, findings: tuple[Finding, ...], *, whole: bool) -> Assembled:
        """The account, once all findings are known; `findings` are those that are still at hand."""
        settings = self.settings
        stale = self.ledger.notes(whole=whole and not settings.only and not settings.since)
        stale += self.ledger.tell_idle(self.idle)
        return Assembled(
            findings,
            tuple(sorted(self.told + self.suppressed, key=lambda item: (item.rule, item.reason, item.fingerprint))),
            dict(sorted(self.held.items())),
            (*settings.notes, *stale),
            len(stale) if settings.stale_fails else 0,
            {self.rules[rule].name: len(spots) for rule, spots in sorted(self.encrypted.items())},
        )


def _comments(collected: Collector) -> dict[tuple[str, bytes], str]:
    """What comments say of secrets, by rule and value."""
    return {
        (item.held.rule, item.held.secret.reveal()): item.held.justification
        for item in collected.held.values()
        if item.held.reason == "allowed" and item.held.secret
    }


def by_weight(groups: Iterable[Group], rules: Mapping[str, Rule], settings: Settings) -> list[Group]:
    """Groups in the order in which a run that tells its findings one by one does so: worst first, before any place is
    known."""

    def weight(group: Group) -> tuple[int, int, str, str]:
        match, rule = group.match, rules[group.match.rule]
        mark = fingerprint(rule, match.secret.reveal(), settings.fingerprint_key)
        return SEVERITIES.index(_severity(rule, match)), CONFIDENCES.index(match.confidence), rule.id, mark

    return sorted(groups, key=weight)


def finding_order(finding: Finding) -> tuple[int, int, str, int, str, str]:
    """Worst first, then by place."""
    place = finding.places[0] if finding.places else None
    return (
        SEVERITIES.index(finding.severity),
        CONFIDENCES.index(finding.confidence),
        place.path if place else "",
        place.line if place else 0,
        finding.rule,
        finding.fingerprint,
    )


def merge_values(groups: Iterable[Group], rules: Mapping[str, Rule]) -> list[Group]:
    """One group a value: where several rules claim the same secret (in different texts), the most specific takes all.
    A value that is another secret's other half is told with that one."""
    best: dict[bytes, Group] = {}
    for group in sorted(groups, key=lambda item: _rank(item.match, rules)):
        value = group.match.secret.reveal()
        if value in best:
            winner = best[value]
            best[value] = Group(winner.match, winner.spots + group.spots, winner.seen)
        else:
            best[value] = Group(group.match, group.spots, group.seen)
    claimed = _halves(best.values())
    halves = _halves(group for value, group in best.items() if value not in claimed)
    found = [group for value, group in best.items() if value not in halves]
    for group in found:
        group.spots = sorted(set(group.spots))
    return sorted(found, key=lambda item: (item.match.rule, item.match.secret.reveal()))


def _halves(groups: Iterable[Group]) -> set[bytes]:
    return {part.secret.reveal() for group in groups for part in group.match.parts}


def _rank(match: Match, rules: Mapping[str, Rule]) -> tuple[int, int, int, str]:
    rule = rules[match.rule]
    shape = 2 if rule.generic else 1 if rule.context else 0
    return int(match.confidence != "proven"), shape, CONFIDENCES.index(match.confidence), match.rule


def judge_paths(match: Match, rule: Rule, paths: Sequence[str]) -> tuple[Match, bool]:
    """A generic match once its paths are known: the one that speaks most for it decides. The second value tells that
    even there it is no secret (a lock file's hash, a translation)."""
    if not rule.generic or not match.score or not paths:
        return match, False
    score, path = max((adjust_for_path(rule, match.score, path), path) for path in paths)
    if score == match.score:
        return match, False
    judged = Judgement(verdict_of(score), score, match.reasons)
    reasons = (*match.reasons, *path_reasons(path))
    lowered = msgspec.structs.replace(match, score=score, confidence=judged.confidence, reasons=reasons)
    return lowered, judged.verdict == "not"


def _finding(
    match: Match,
    occurrences: int,
    sited: Sited,
    rules: Mapping[str, Rule],
    guidance: Mapping[str, Guidance],
    settings: Settings,
) -> Finding:
    rule = rules[match.rule]
    bare = Finding(
        fingerprint=fingerprint(rule, match.secret.reveal(), settings.fingerprint_key),
        rule=rule.id,
        rule_name=rule.name,
        provider=guidance[rule.id].provider_name if rule.id in guidance else rule.provider,
        severity=_severity(rule, match),
        confidence=match.confidence,
        secret=match.secret,
        places=sited.places,
        occurrences=occurrences,
        reasons=match.reasons,
        name=match.name,
        expired=match.expired,
        parts=tuple((part.rule, part.secret) for part in match.parts),
        provenance=sited.provenance,
    )
    return msgspec.structs.replace(bare, advice=advise(bare, guidance.get(rule.id)))


def _severity(rule: Rule, match: Match) -> Severity:
    """An expired credential is a low one, whatever it once opened."""
    return "low" if match.expired else rule.severity


def _misplaced(rule: Rule, sited: Sited) -> tuple[HeldReason, str, str] | None:
    """Why a finding of a rule that is confined to some files is none where no place of it is such a file."""
    files = [path for path in sited.all_paths if path != STANDARD_INPUT]
    if not rule.paths or not files or any(path_matches(path, rule.paths) for path in files):
        return None
    return "unlikely", "stands in a file of another kind", ""


def _hold(finding: Finding, sited: Sited, settings: Settings, ledger: Ledger) -> tuple[HeldReason, str, str] | None:
    """Why a finding is not shown by the settings, or None."""
    paths = sited.all_paths
    if paths and settings.exclude and all(path_matches(path, settings.exclude) for path in paths):
        return "excluded", "every place of it is excluded", ""
    allowing = ledger.allowing(finding, paths)
    if allowing:
        return ("allowed", *allowing)
    events = sited.provenance.introduced if sited.provenance else ()
    if settings.since and events and all(event.commit.time < settings.since for event in events):
        return "excluded", "was introduced before the time asked for", ""
    return None


def _suppressed(item: HeldGroup, locator: Locator, rules: Mapping[str, Rule], settings: Settings) -> Suppressed:
    held = item.held
    secret = held.secret or Secret(b"")
    mark = fingerprint(rules[held.rule], secret.reveal(), settings.fingerprint_key)
    return Suppressed(held.rule, held.reason, held.detail, held.justification, mark, secret, locator.place(item.spot))
