"""A JSON Web Token beside a provider's name: the name vouches for it where the token itself does not decode."""

from __future__ import annotations

from leakguard.detect.checks.evidence import Evidence, Verdict
from leakguard.detect.checks.jwt import check_jwt


def check_near(evidence: Evidence, argument: str) -> Verdict:
    """As the check `jwt`, but a token that does not decode (cut, or altered by hand) is doubtful, not refuted."""
    verdict = check_jwt(evidence, argument)
    return Verdict("doubtful", verdict.reason) if verdict.outcome == "refuted" else verdict
