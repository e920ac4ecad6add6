"""For a provider's rule whose value has no shape of its own, such as a password: the judgement of generic kinds."""

from __future__ import annotations

from leakguard.detect.checks.evidence import NEUTRAL, Evidence, Verdict
from leakguard.detect.placeholders import placeholder_reason


def check_judged(evidence: Evidence, _argument: str) -> Verdict:
    """Refutes what the judgement holds for no secret; reads the group `name` as the judgement does."""
    from leakguard.detect.judgement import judge  # it reads its weights when it is imported

    stand_in = placeholder_reason(evidence.secret)
    if stand_in:
        return Verdict("refuted", stand_in)
    judgement = judge(evidence)
    if judgement.verdict == "not":
        return Verdict("refuted", judgement.reasons[0] if judgement.reasons else "reads like no secret")
    return NEUTRAL
