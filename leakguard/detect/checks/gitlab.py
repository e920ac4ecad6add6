"""GitLab: routable tokens carry their length and a checksum."""

from __future__ import annotations

import zlib

from leakguard.detect.checks.evidence import Evidence, Verdict
from leakguard.detect.template import BASE36, base_digits


def check_routable(evidence: Evidence, _argument: str) -> Verdict:
    """`PREFIX PAYLOAD . VERSION . LENGTH CRC`: two base36 digits of the payload's length, then seven of CRC32 over all
    that stands before them (an earlier form has no VERSION). Administrators may choose the prefix, so the payload's
    length is taken from the token: it must fit between the first dot and the prefix."""
    secret = evidence.secret
    body, tail = secret[:-7], secret[-7:]
    length = int(body[-2:], 36) if body[-2:].isalnum() else -1
    head = secret.split(b".")[0]
    if base_digits(zlib.crc32(body), BASE36, 7).encode() == tail and 0 < length < len(head):
        return Verdict("proven", "its CRC32 checksum is right")
    return Verdict("doubtful", "its CRC32 checksum is wrong")
