"""From the bytes of one text to its matches: anchors, confirmation, pairs and the one winner of each span."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import msgspec

from leakguard.detect.anchors import AnchorScanner
from leakguard.model import CONFIDENCES, Held, Match

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from leakguard.detect.incremental import State
    from leakguard.detect.matching import Confirmed, Matcher
    from leakguard.detect.ruleset import RuleSet
    from leakguard.model import HeldReason, Rule, Secret


class Found(msgspec.Struct, frozen=True):
    """What one text holds: matches to show, and those held back with their reasons."""

    matches: tuple[Match, ...] = ()
    held: tuple[Held, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.matches or self.held)

    def allows(self, match: Match) -> bool:
        """Whether this text has the secret of a match of another one, and has it beside comments only."""
        return not any(own.secret == match.secret for own in self.matches) and any(
            item.reason == "allowed" and item.rule == match.rule and item.secret == match.secret for item in self.held
        )


NOTHING = Found()
Answer = tuple[int, int, "Confirmed"]
"""An anchor's end, its rule's number and what was confirmed."""
Alone = tuple[int, "Confirmed", int, int]
"""A rule's number, its match, which is held back, and the match's span."""
TELLING = frozenset({"encrypted", "known-example"})
"""Reasons to hold back that say something of other matches of the same text."""
_SAMPLE = 8192
"""How many bytes tell whether a file is text, as git does it."""


def idle_comments(data: bytes, found: Found) -> list[int]:
    """The lines of comments that allow nothing in a text, given what it holds. One that ran out beside a secret is told
    with that secret; what is compiled has no comments."""
    from leakguard.detect.allowances import OWN_MARK, read_comments

    comments = read_comments(data) if OWN_MARK in data and b"\0" not in data[:_SAMPLE] else None
    if comments is None:
        return []
    secrets = [(match.start, match.end, match.rule) for match in found.matches]
    secrets += [(item.start, item.end, item.rule) for item in found.held if item.reason == "allowed"]
    return comments.idle(secrets)


class Detector:
    """Finds secrets in texts. One per thread or process; it knows neither files nor git.

    What confirms a match is imported, and the rules are decoded, when an anchor first fires: most commits fire none.
    """

    def __init__(self, rules: RuleSet, active: frozenset[int] | None = None) -> None:
        self._set, self._active = rules, active
        self.scanner = AnchorScanner(rules.database, active)

    def __reduce__(self) -> tuple[type[Detector], tuple[RuleSet, frozenset[int] | None]]:
        # For workers that are started rather than forked: they load the databases and remember for themselves.
        return type(self), (self._set, self._active)

    @cached_property
    def rules(self) -> Sequence[Rule]:
        """The rules by number."""
        return self._set.rules

    @property
    def numbers(self) -> dict[str, int]:
        """The numbers of the rules by id."""
        return self._set.numbers

    @cached_property
    def matcher(self) -> Matcher:
        """What confirms candidates."""
        from leakguard.detect.matching import Matcher

        return Matcher(self.rules, expression=self._set.expression, beginnings=self._set.beginnings)

    def detect(self, data: bytes) -> Found:
        """Everything in one whole text."""
        hits = self.scanner.hits(data)
        return self.resolve(data, self.confirm(data, hits)) if hits else NOTHING

    def confirm(self, data: bytes, hits: Iterable[tuple[int, int]]) -> list[tuple[int, int, Confirmed]]:
        """(anchor end, rule number, what was confirmed) for each hit that is a match."""
        confirm = self.matcher.confirm
        return [(end, rule, found) for end, rule in hits if (found := confirm(data, rule, end)) is not None]

    def part(self, state: State) -> tuple[list[Alone], list[Answer]]:
        """Of a text's candidates, what is held back by what it is itself, whatever else the text holds; and the others,
        for `resolve`."""
        seen: set[tuple[int, int, int]] = set()
        alone: list[Alone] = []
        others: list[Answer] = []
        for entry in state:
            found = entry.found
            if found is None:
                continue
            end, rule = entry.end, entry.rule
            start, stop = end + found.start, end + found.end
            key = start, stop, rule
            if key in seen:
                continue
            seen.add(key)
            if found.held is None or found.held in TELLING:
                others.append((end, rule, found))
            else:
                alone.append((rule, found, start, stop))
        return alone, others

    def resolve(self, data: bytes, confirmed: Iterable[tuple[int, int, Confirmed]]) -> Found:
        """Pairs halves, lets the most specific rule win each span, and parts what is shown from what is held back."""
        winners, held = self.contest(confirmed)
        if not winners:
            return Found((), _ordered(held)) if held else NOTHING
        from leakguard.detect.allowances import may_allow, read_comments
        from leakguard.detect.pairs import join_pairs

        matches = []
        around = [(start, end) for (start, end, _), _ in winners]
        comments = read_comments(data) if may_allow(data, around) else None
        for (start, end, rule), found in winners:
            spec = self.rules[rule]
            inline = comments.about(start, end, spec.id, around) if comments else None
            if inline and not inline.expired:
                held.append(Held("allowed", spec.id, "a comment beside it", inline.reason, found.secret, start, end))
                continue
            outdated = (f"the comment that allowed it ran out on {inline.expired}",) if inline else ()
            match = match_of(spec, found, start, end)
            matches.append(msgspec.structs.replace(match, reasons=match.reasons + outdated) if outdated else match)
        matches, unpaired = join_pairs(data, matches, self._set.by_id)
        return Found(tuple(matches), _ordered(held + unpaired))

    def contest(
        self, confirmed: Iterable[tuple[int, int, Confirmed]]
    ) -> tuple[list[tuple[tuple[int, int, int], Confirmed]], list[Held]]:
        """The best ranked of the matches at each place, by span and rule, and what is held back."""
        spans: dict[tuple[int, int, int], Confirmed] = {}
        for end, rule, found in confirmed:
            spans.setdefault((end + found.start, end + found.end, rule), found)
        ordered = sorted(spans.items(), key=lambda item: item[0])
        shown = [(key, found) for key, found in ordered if found.held is None]
        held = [
            Held(found.held, self.rules[rule].id, found.detail, "", _kept(found), start, end)
            for (start, end, rule), found in ordered
            if found.held is not None
        ]
        sealed = [(item.start, item.end) for item in held if item.reason == "encrypted"]
        if sealed:
            shown, inside = self._outside(shown, sealed)
            held.extend(inside)
        known = [(item.start, item.end) for item in held if item.reason == "known-example"]
        if known:
            shown, examples = self._unknown(shown, known)
            held.extend(examples)
        winners, losers = self._winners(shown)
        held.extend(losers)
        return winners, held

    def _outside(
        self, shown: list[tuple[tuple[int, int, int], Confirmed]], spans: list[tuple[int, int]]
    ) -> tuple[list[tuple[tuple[int, int, int], Confirmed]], list[Held]]:
        """What stands outside of encrypted text, or is proven or of a provider's shape; the rest is chance."""
        from leakguard.detect.spans import Spans

        overlap = Spans(spans).overlap
        inside = {
            key
            for key, found in shown
            if found.confidence != "proven" and _specificity(self.rules[key[2]]) and overlap(*key[:2])
        }
        return self._parted(shown, inside, "overlapped", "stands in encrypted text")

    def _unknown(
        self, shown: list[tuple[tuple[int, int, int], Confirmed]], known: list[tuple[int, int]]
    ) -> tuple[list[tuple[tuple[int, int, int], Confirmed]], list[Held]]:
        """A value that a provider's rule knows for a published example is none to the generic rules either."""
        inside = {
            (start, end, rule)
            for (start, end, rule), _ in shown
            if self.rules[rule].generic and any(low <= start and end <= high for low, high in known)
        }
        return self._parted(shown, inside, "known-example", "the same bytes are a known example")

    def _parted(
        self,
        shown: list[tuple[tuple[int, int, int], Confirmed]],
        inside: set[tuple[int, int, int]],
        reason: HeldReason,
        detail: str,
    ) -> tuple[list[tuple[tuple[int, int, int], Confirmed]], list[Held]]:
        """What stays shown, and what is held back for one reason."""
        held = [
            Held(reason, self.rules[rule].id, detail, "", found.secret, start, end)
            for (start, end, rule), found in shown
            if (start, end, rule) in inside
        ]
        return [item for item in shown if item[0] not in inside], held

    def _rank(self, item: tuple[tuple[int, int, int], Confirmed]) -> tuple[int, int, int, int, str]:
        (start, end, rule), found = item
        spec = self.rules[rule]
        return (
            CONFIDENCES.index(found.confidence) if found.confidence == "proven" else 1,
            _specificity(spec),
            -(end - start),
            CONFIDENCES.index(found.confidence),
            spec.id,
        )

    def _winners(
        self, shown: list[tuple[tuple[int, int, int], Confirmed]]
    ) -> tuple[list[tuple[tuple[int, int, int], Confirmed]], list[Held]]:
        """Of matches whose secrets overlap the best ranked one stays; the others are counted as overlapped."""
        kept: list[tuple[tuple[int, int, int], Confirmed]] = []
        lost: list[Held] = []
        for item in sorted(shown, key=self._rank):
            (start, end, rule), found = item
            rival = next((other for (a, b, other), _ in kept if a < end and start < b), None)
            if rival is None:
                kept.append(item)
            elif rival != rule:
                detail = f"the same bytes are reported as {self.rules[rival].id}"
                lost.append(Held("overlapped", self.rules[rule].id, detail, "", found.secret, start, end))
        return sorted(kept, key=lambda item: item[0]), lost


def _ordered(held: Iterable[Held]) -> tuple[Held, ...]:
    return tuple(sorted(held, key=lambda item: (item.start, item.end, item.rule)))


def _kept(found: Confirmed) -> Secret | None:
    """What is kept of a match that is held back; of encrypted text nothing, for nobody asks for it."""
    return None if found.held == "encrypted" else found.secret


def _specificity(rule: Rule) -> int:
    """How much a rule's shape says: 0 a provider's own shape, 1 a shape beside a provider's word, 2 a shape that
    belongs to no provider (a key, a URL), 3 none."""
    if rule.generic:
        return 3
    if rule.theme:
        return 2
    return 1 if rule.context else 0


def match_of(rule: Rule, found: Confirmed, start: int, end: int) -> Match:
    """What is shown of a confirmed candidate, by itself."""
    says = (found.confidence, found.reasons, found.name, found.expired)
    return Match(rule.id, found.secret, start, end, *says, score=found.score)
