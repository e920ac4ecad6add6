"""The judgement of one generic match, feature by feature, for whoever asks why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from leakguard.detect.judgement import SHOWN
from leakguard.detect.judgement.features import NUMBERS, features_of
from leakguard.detect.judgement.forest import load_forest
from leakguard.detect.judgement.reasons import say
from leakguard.detect.judgement.vetoes import refusal

if TYPE_CHECKING:
    from leakguard.detect.checks.evidence import Evidence


REFUSED = 0.01
"""The score of what a veto says no to."""


class Weight(msgspec.Struct, frozen=True):
    """By how much one feature moved the log-odds: above 0 towards a secret. `value` is a number, or 1 for what is true
    of the match and 0 for what is not; `words` is '' where nobody has any."""

    feature: str
    value: int
    weight: float
    words: str = ""


class Explanation(msgspec.Struct, frozen=True):
    """A score with all that made it: `start` and the weights add up to its log-odds; a veto needs no weights."""

    score: float
    threshold: float
    veto: str = ""
    start: float = 0.0
    weights: tuple[Weight, ...] = ()


def explain(evidence: Evidence) -> Explanation:
    """What `judge` says of the same evidence, and every feature that moved it, the weightiest first."""
    reason = refusal(evidence)
    if reason:
        return Explanation(REFUSED, SHOWN, reason)
    flags, numbers = features_of(evidence)
    forest = load_forest()
    row = forest.row(flags, numbers)
    score = round(forest.score(row), 4)
    start, moved = forest.explained(row)
    present = frozenset(flags)
    values = dict(zip(NUMBERS, numbers, strict=True))
    weights = [
        Weight(
            feature, values.get(feature, int(feature in present)), round(weight, 3), say(feature, weight > 0, present)
        )
        for feature, weight in sorted(moved.items(), key=lambda item: (-abs(item[1]), item[0]))
        if round(weight, 3)
    ]
    return Explanation(score, SHOWN, "", round(start, 3), tuple(weights))
