"""GitHub: installation tokens that hold a JWT."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from leakguard.detect.checks.jwt import check_jwt

if TYPE_CHECKING:
    from leakguard.detect.checks.evidence import Evidence, Verdict


def check_stateless(evidence: Evidence, _argument: str) -> Verdict:
    """`ghs_`, the app's id, `_`, and a JWT."""
    token = evidence.secret.split(b"_", 2)[-1]
    return check_jwt(msgspec.structs.replace(evidence, secret=token), "")
