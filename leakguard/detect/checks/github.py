"""GitHub: installation tokens that hold a JWT."""

from __future__ import annotations

import msgspec

from leakguard.detect.checks.evidence import Evidence, Verdict
from leakguard.detect.checks.jwt import check_jwt


def check_stateless(evidence: Evidence, _argument: str) -> Verdict:
    """`ghs_`, the app's id, `_`, and a JWT."""
    _, _, token = evidence.secret.split(b"_", 2)
    return check_jwt(msgspec.structs.replace(evidence, secret=token), "")
