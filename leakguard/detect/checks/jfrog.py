"""JFrog Platform: reference tokens are base64 of a short readable record."""

from __future__ import annotations

import time

import regex

from leakguard.detect.checks import clock
from leakguard.detect.checks.decode import decode_base64
from leakguard.detect.checks.evidence import Evidence, Verdict

_RECORD = regex.compile(rb"reftkn:\d{2}:(\d{10}):[0-9A-Za-z]{20,40}\Z")


def check_reference(evidence: Evidence, _argument: str) -> Verdict:
    """`reftkn:VERSION:EXPIRY:RANDOM`; EXPIRY is in seconds since 1970, ten zeros for none. JFrog does not document the
    record, so another one only casts doubt."""
    found = _RECORD.match(decode_base64(evidence.secret) or b"")
    if found is None:
        return Verdict("doubtful", "does not decode to a reference token's record")
    expiry = int(found.group(1))
    day = time.strftime("%Y-%m-%d", time.gmtime(expiry))
    if 0 < expiry < clock.now():
        return Verdict("expired", day)
    return Verdict("proven", f"decodes to a reference token that {f'is good until {day}' if expiry else 'does not expire'}")
