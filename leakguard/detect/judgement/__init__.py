"""Is a value without a provider's shape a secret? One scored decision with its reasons.

The score is the calibrated chance, in [0, 1], that a person would call the value a secret. It is an additive card: every
feature that is true of the value, its name and its line adds its weight in log-odds. Weights are data, made by
benchmarks/judgement/fit.py. `judge` reads the neighbourhood only; `adjust_for_path` is the second step, where paths are known.
"""

from __future__ import annotations

import json
import math
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Literal

import msgspec

from leakguard.detect.judgement.features import features_of
from leakguard.detect.judgement.paths import path_kinds
from leakguard.detect.judgement.reasons import strongest_reasons

if TYPE_CHECKING:
    from leakguard.detect.checks.evidence import Evidence
    from leakguard.model import Confidence, Rule

SHOWN = 0.6
"""From this score on a match is shown, as weak."""
SECRET = 0.85
"""From this score on it is a secret without a doubt worth mentioning."""

JudgementVerdict = Literal["secret", "weak", "not"]


class Judgement(msgspec.Struct, frozen=True):
    """A score in [0, 1] with the strongest reasons for it, in words."""

    verdict: JudgementVerdict
    score: float
    reasons: tuple[str, ...]

    @property
    def confidence(self) -> Confidence:
        """The score as one of the words that findings carry."""
        return "high" if self.score >= 0.95 else "medium" if self.score >= SECRET else "low"


class Card(msgspec.Struct, frozen=True):
    """The weights in log-odds: of content's features, and of kinds of paths (none of which is above 0)."""

    bias: float
    content: dict[str, float]
    paths: dict[str, float]


@cache
def card() -> Card:
    """The weights in the package."""
    return msgspec.convert(json.loads((resources.files(__package__) / "weights.json").read_bytes()), Card)


def verdict_of(score: float) -> JudgementVerdict:
    """A score as one of three words: shown as a secret, shown below those as weak or test, or held back."""
    return "secret" if score >= SECRET else "weak" if score >= SHOWN else "not"


def judge(evidence: Evidence) -> Judgement:
    """The verdict on one generic match, from the value and what surrounds it."""
    weights = card()
    content = weights.content
    told = [(content[name], name) for name in features_of(evidence) if name in content]
    score = 1 / (1 + math.exp(-weights.bias - sum(weight for weight, _ in told)))
    verdict = verdict_of(score)
    return Judgement(verdict, round(score, 4), strongest_reasons(told, verdict != "not"))


def adjust_for_path(rule: Rule, judgement_score: float, path: str) -> float:
    """The score once the path is known: what is unusual of secrets (a lock file, a translation, a test) lowers it; nothing
    raises it, so that what was held back stays so. Rules without a judgement (score 0) are left alone."""
    if not rule.generic or not 0 < judgement_score < 1:
        return judgement_score
    weight = sum(card().paths.get(kind, 0.0) for kind in path_kinds(path))
    odds = math.log(judgement_score / (1 - judgement_score)) + weight
    return round(1 / (1 + math.exp(-odds)), 4)


def path_reasons(path: str) -> tuple[str, ...]:
    """In words, what of a path lowers scores."""
    weights = card().paths
    return tuple(f"stands in a {kind.replace('-', ' ')} file" for kind in path_kinds(path) if weights.get(kind, 0.0) < 0)
