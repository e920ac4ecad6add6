"""Multi-part credentials: an id and its secret in one neighbourhood are one finding with its parts.

Which half is the finding depends on nothing but the rules and the values, never on places, so that the same two halves
are told the same way in every text; the other halves become its parts and are not told twice.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

import msgspec

from leakguard.model import SEVERITIES, Held, Match, Part

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from leakguard.model import Pair, Rule

Rank = tuple[int, bool, int, str, bytes]


def join_pairs(data: bytes, matches: list[Match], rules: Mapping[str, Rule]) -> tuple[list[Match], list[Held]]:
    """The matches of a text, ascending by start, with halves joined; and those held back that miss a half.

    Each match of a rule with `pairs` is tied to the nearest match of every rule that it names; where some of them are
    required, one of those must be there. Of two halves the one of the
    higher severity is the finding, then the one that can stand alone, then the longer.
    """
    if not any(rules[match.rule].pairs for match in matches):
        return matches, []
    return _Joiner(data, matches, rules).run()


class _Joiner:
    def __init__(self, data: bytes, matches: list[Match], rules: Mapping[str, Rule]) -> None:
        self.matches, self.rules = matches, rules
        self.lines = _line_numbers(data, matches)
        self.places: dict[str, list[int]] = {}
        for at, match in enumerate(matches):
            self.places.setdefault(match.rule, []).append(at)
        self.lesser: dict[int, set[int]] = {}
        """The halves right below each match; every tie points from the better ranked to the lesser one."""

    def run(self) -> tuple[list[Match], list[Held]]:
        held: dict[int, Held] = {}
        for at, match in enumerate(self.matches):
            found = [(pair, self.nearest(at, pair)) for pair in self.rules[match.rule].pairs]
            for _, other in found:
                if other is not None:
                    self.tie(at, other)
            needed = [(pair.rule, other) for pair, other in found if pair.required]
            if needed and all(other is None for _, other in needed):
                detail = f"stands alone, without {needed[0][0]} near it"
                held[at] = Held("unlikely", match.rule, detail, "", match.secret, match.start, match.end)
        for at in held:
            self.lesser.pop(at, None)
        parts = {at for lesser in self.lesser.values() for at in lesser}
        kept = [self.joined(at) for at in range(len(self.matches)) if at not in parts and at not in held]
        return kept, [held[at] for at in sorted(held) if at not in parts]

    def nearest(self, at: int, pair: Pair) -> int | None:
        """The match of the other rule with the fewest bytes between, the earlier of two; None where none is near."""
        places = self.places.get(pair.rule, [])
        after = bisect_left(places, at)
        near = [
            (self.distance(at, other), other)
            for other in (*places[max(0, after - 1) : after], *places[after : after + 1])
            if abs(self.lines[at] - self.lines[other]) <= pair.within
        ]
        return min(near)[1] if near else None

    def distance(self, one: int, other: int) -> int:
        low, high = sorted((one, other))
        return max(0, self.matches[high].start - self.matches[low].end)

    def tie(self, one: int, other: int) -> None:
        best, lesser = sorted((one, other), key=self.rank)
        if self.rank(best) != self.rank(lesser):
            self.lesser.setdefault(best, set()).add(lesser)

    def rank(self, at: int) -> Rank:
        match = self.matches[at]
        rule, value = self.rules[match.rule], match.secret.reveal()
        needy = any(pair.required for pair in rule.pairs)
        return SEVERITIES.index(rule.severity), needy, -len(value), rule.id, value

    def joined(self, at: int) -> Match:
        """A match that is nobody's part, with everything below it as its parts."""
        match = self.matches[at]
        below = [self.matches[other] for other in sorted(self.below(at))]
        if not below:
            return match
        parts = tuple(Part(other.rule, other.secret, other.start, other.end) for other in below)
        better = "high" if match.confidence in ("medium", "low") and not match.expired else match.confidence
        return msgspec.structs.replace(match, parts=parts, confidence=better)

    def below(self, at: int) -> Iterator[int]:
        seen: set[int] = set()
        waiting = [at]
        while waiting:
            for other in self.lesser.get(waiting.pop(), ()):
                if other not in seen:
                    seen.add(other)
                    waiting.append(other)
        return iter(seen)


def _line_numbers(data: bytes, matches: Sequence[Match]) -> list[int]:
    """The line of each match's start, counted in one pass."""
    numbers, line, last = [], 0, 0
    for match in matches:
        line += data.count(b"\n", last, match.start)
        last = max(last, match.start)
        numbers.append(line)
    return numbers
