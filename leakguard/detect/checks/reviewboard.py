"""Review Board's API tokens (https://www.reviewboard.org/docs/manual/latest/webapi/2.0/authenticating/)."""

from __future__ import annotations

import zlib

from leakguard.detect.checks.evidence import Evidence, Verdict
from leakguard.detect.template import BASE62, base_digits

_PREFIX = b"rbp_"


def check_token(evidence: Evidence, _argument: str) -> Verdict:
    """The last six characters are CRC32 in base62 of those between prefix and checksum; Review Board 5.0 wrote the
    digits with upper and lower case exchanged, so either way is right."""
    body, tail = evidence.secret[len(_PREFIX) : -6], evidence.secret[-6:].decode("ascii", "replace")
    if base_digits(zlib.crc32(body), BASE62, 6) in (tail, tail.swapcase()):
        return Verdict("proven", "its CRC32 checksum is right")
    return Verdict("refuted", "its CRC32 checksum is wrong")
