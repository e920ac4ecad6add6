"""Is a value without a provider's shape a secret? One scored decision with its reasons.

The score is the calibrated chance, in [0, 1], that a person would call the value a secret. Vetoes come first; then
small decision trees over features of the value, its name and its line each add to the log-odds. The trees are data,
made by benchmarks/judgement/fit.py. `judge` reads the neighbourhood only; `adjust_for_path` is the second step, where
paths are known.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

import msgspec

from leakguard.detect.checks.evidence import Evidence
from leakguard.detect.judgement.features import features_of
from leakguard.detect.judgement.forest import load_forest
from leakguard.detect.judgement.paths import PATH_WEIGHTS, WEAK_AT_MOST, path_kinds
from leakguard.detect.judgement.reasons import strongest_reasons
from leakguard.detect.judgement.vetoes import refusal

if TYPE_CHECKING:
    from leakguard.model import Confidence, Rule

SHOWN = 0.38
"""From this score on a match is shown, as weak."""
SECRET = 0.85
"""From this score on it is a secret without a doubt worth mentioning."""

JudgementVerdict = Literal["secret", "weak", "not"]


class Judgement(msgspec.Struct, frozen=True):
    """A score in [0, 1] with the strongest reasons for it, in words; 0 for what is not shown, and so has none."""

    verdict: JudgementVerdict
    score: float
    reasons: tuple[str, ...]

    @property
    def confidence(self) -> Confidence:
        """The score as one of the words that findings carry."""
        return "high" if self.score >= 0.95 else "medium" if self.score >= SECRET else "low"


def verdict_of(score: float) -> JudgementVerdict:
    """A score as one of three words: shown as a secret, shown below those as weak or test, or held back."""
    return "secret" if score >= SECRET else "weak" if score >= SHOWN else "not"


def judge(evidence: Evidence) -> Judgement:
    """The verdict on one generic match, from the value and what surrounds it."""
    return _judge(evidence.secret, evidence.window, evidence.start, evidence.end, tuple(evidence.groups.items()))


@lru_cache(maxsize=64)
def _judge(secret: bytes, window: bytes, start: int, end: int, groups: tuple[tuple[str, bytes], ...]) -> Judgement:
    """The verdict, remembered for a moment: neighbouring rules ask for the same span."""
    evidence = Evidence(secret, window, start, end, dict(groups))
    reason = refusal(evidence)
    if reason:
        return Judgement("not", 0.0, (reason,))
    flags, numbers = features_of(evidence)
    forest = load_forest()
    row = forest.row(flags, numbers)
    score = 0.0 if forest.falls_short(row, SHOWN) else round(forest.score(row), 4)
    verdict = verdict_of(score)
    shown = verdict != "not"
    reasons = strongest_reasons(forest.contributions(row, verdict), flags, shown)
    return Judgement(verdict, score if shown else 0.0, reasons)


def adjust_for_path(rule: Rule, judgement_score: float, path: str) -> float:
    """The score once the path is known: what is unusual of secrets (a lock file, a translation) lowers it, and in
    tests, examples, documentation and other people's code nothing is more than weak. Nothing raises it, so that what
    was held back stays so. Rules without a judgement (score 0) are left alone."""
    if not rule.generic or not 0 < judgement_score < 1:
        return judgement_score
    kinds = path_kinds(path)
    weight = sum(PATH_WEIGHTS.get(kind, 0.0) for kind in kinds)
    score = judgement_score
    if weight:
        score = 1 / (1 + math.exp(-math.log(score / (1 - score)) - weight))
    if not WEAK_AT_MOST.isdisjoint(kinds):
        score = min(score, SECRET - 0.01)
    return round(score, 4)


def path_reasons(path: str) -> tuple[str, ...]:
    """In words, what of a path lowers scores."""
    telling = WEAK_AT_MOST.union(PATH_WEIGHTS)
    return tuple(f"stands in a {kind.replace('-', ' ')} file" for kind in path_kinds(path) if kind in telling)
