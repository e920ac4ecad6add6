"""Discord: bot and user tokens say whose they are."""

from __future__ import annotations

import base64
import binascii
import time

from leakguard.detect.checks.evidence import Evidence, Verdict

_EPOCH = 1420070400
"""The first second of 2015, from which Discord's ids count milliseconds (in the bits above the lowest 22)."""


def check_token(evidence: Evidence, _argument: str) -> Verdict:
    """The first of a token's three parts is base64 of the account's id, a decimal number of 17 to 20 digits. Without
    that, only the provider's name on the same line speaks for a token."""
    head = evidence.secret.split(b".")[0]
    try:
        account = base64.urlsafe_b64decode(head + b"=" * (-len(head) % 4))
    except (binascii.Error, ValueError):
        account = b""
    if account.isdigit() and 17 <= len(account) <= 20:
        made = time.strftime("%Y-%m-%d", time.gmtime((int(account) >> 22) / 1000 + _EPOCH))
        return Verdict("proven", f"its first part is the id of an account made on {made}")
    if b"discord" in evidence.window.lower():
        return Verdict("doubtful", "its first part is no account id")
    return Verdict("refuted", "its first part is no account id")
