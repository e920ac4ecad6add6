"""Kubernetes: what the credentials in its manifests and configurations hold."""

from __future__ import annotations

import time

from leakguard.detect.checks import clock
from leakguard.detect.checks.decode import decode_base64
from leakguard.detect.checks.evidence import NEUTRAL, Evidence, Verdict
from leakguard.detect.checks.jwt import decode_part
from leakguard.detect.checks.pem import check_pem
from leakguard.detect.placeholders import placeholder_reason

_YEAR_9999 = 253402300800


def check_key_data(evidence: Evidence, _argument: str) -> Verdict:
    """`client-key-data` is base64 of a private key in PEM."""
    data = decode_base64(evidence.secret)
    if data is None:
        return Verdict("doubtful", "is not base64; it may be cut")
    verdict = check_pem(Evidence(data, data, 0, len(data)), "")
    return Verdict("doubtful", verdict.reason) if verdict.outcome == "refuted" else verdict


def check_service_account(evidence: Evidence, _argument: str) -> Verdict:
    """A JWT whose subject is a service account; any other JWT is not this rule's."""
    claims = decode_part(evidence.secret.partition(b".")[2].partition(b".")[0]) or {}
    subject = claims.get("sub")
    if not isinstance(subject, str) or not subject.startswith("system:serviceaccount:"):
        return Verdict("refuted", "its subject is no service account")
    expiry = claims.get("exp")
    if isinstance(expiry, int | float) and 0 < expiry < _YEAR_9999:
        day = time.strftime("%Y-%m-%d", time.gmtime(expiry))
        if expiry < clock.now():
            return Verdict("expired", day)
        return Verdict("proven", f"is of {subject}, good until {day}")
    return Verdict("proven", f"is of {subject} and does not expire")


def check_secret_value(evidence: Evidence, _argument: str) -> Verdict:
    """A value of a Secret's `data`, which must be base64; what it decodes to may be a stand-in."""
    if b"stringData" in evidence.groups.get("section", b""):
        return NEUTRAL
    data = decode_base64(evidence.secret)
    if data is None or len(evidence.secret.rstrip(b"=")) % 4 == 1:
        return Verdict("refuted", "is not base64, which a Secret's data must be")
    reason = placeholder_reason(data)
    return Verdict("refuted", f"what it decodes to {reason}") if reason else NEUTRAL
