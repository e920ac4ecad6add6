"""Mapbox access tokens: `sk.`, a JSON object in base64url, and a signature."""

from __future__ import annotations

from leakguard.detect.checks.evidence import Evidence, Verdict
from leakguard.detect.checks.jwt import decode_part


def check_token(evidence: Evidence, _argument: str) -> Verdict:
    """The middle part names the account (u) and the token (a). Mapbox does not promise it: failure is only doubt."""
    parts = evidence.secret.split(b".")
    value = decode_part(parts[1]) if len(parts) == 3 else None
    if value is None or "u" not in value or "a" not in value:
        return Verdict("doubtful", "its middle part does not name an account")
    return Verdict("proven", f"names the account {value['u']}")
