"""Cloudflare: the checksum at the end of the credentials that begin with `cf…_`."""

from __future__ import annotations

import zlib

from leakguard.detect.checks.evidence import NEUTRAL, Evidence, Verdict


def check_token(evidence: Evidence, _argument: str) -> Verdict:
    """The last eight of the 48 characters after the prefix are, on the tokens seen, the CRC32 of the forty before them.

    https://developers.cloudflare.com/fundamentals/api/get-started/token-formats/ says that there is a checksum, not
    which one, so a mismatch says nothing.
    """
    body, tail = evidence.secret[-48:-8], evidence.secret[-8:]
    if f"{zlib.crc32(body):08x}".encode() == tail:
        return Verdict("proven", "its CRC32 checksum is right")
    return NEUTRAL
