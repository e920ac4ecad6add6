"""Confluent Cloud: API secrets end in a checksum."""

from __future__ import annotations

import base64
import zlib

from leakguard.detect.checks.evidence import Evidence, Verdict


def check_secret(evidence: Evidence, _argument: str) -> Verdict:
    """`cflt`, 54 characters, then base64 (without padding) of their CRC32: four bytes, least significant first."""
    checksum = base64.b64encode(zlib.crc32(evidence.secret[4:58]).to_bytes(4, "little")).rstrip(b"=")
    if checksum == evidence.secret[58:]:
        return Verdict("proven", "its CRC32 checksum is right")
    return Verdict("doubtful", "its CRC32 checksum is wrong")
