"""Grafana: service account tokens end in a checksum."""

from __future__ import annotations

import zlib

from leakguard.detect.checks.evidence import Evidence, Verdict


def check_service_account(evidence: Evidence, _argument: str) -> Verdict:
    """`glsa_`, 32 characters, `_`, then CRC32 of the first 37 characters: four bytes in hex, the least first."""
    if zlib.crc32(evidence.secret[:37]).to_bytes(4, "little").hex().encode() == evidence.secret[38:]:
        return Verdict("proven", "its CRC32 checksum is right")
    return Verdict("doubtful", "its CRC32 checksum is wrong")
