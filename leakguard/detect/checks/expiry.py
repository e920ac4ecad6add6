"""Tokens that carry their own date of expiry in a JSON object that is no JWT's."""

from __future__ import annotations

import time

from leakguard.detect.checks import clock
from leakguard.detect.checks.decode import decode_json
from leakguard.detect.checks.evidence import NEUTRAL, Evidence, Verdict

_YEAR_9999 = 253402300800


def check_payload(evidence: Evidence, argument: str) -> Verdict:
    """The group `payload` is base64 of a JSON object; the argument names the key that holds seconds since 1970."""
    value = decode_json(evidence.groups.get("payload", b"")) or {}
    expiry = value.get(argument)
    if not isinstance(expiry, int | float) or not 0 < expiry < _YEAR_9999:
        return NEUTRAL
    day = time.strftime("%Y-%m-%d", time.gmtime(expiry))
    if expiry < clock.now():
        return Verdict("expired", day)
    return Verdict("supported", f"good until {day}")
