"""Zuplo's API keys (https://zuplo.com/docs/articles/api-key-leak-detection)."""

from __future__ import annotations

import zlib

from leakguard.detect.checks.evidence import Evidence, Verdict


def check_key(evidence: Evidence, _argument: str) -> Verdict:
    """PREFIX_BODY_CHECKSUM, where the checksum is CRC32 of the body in eight lower-case hexadecimal digits."""
    head, _, tail = evidence.secret.rpartition(b"_")
    body = head.partition(b"_")[2]
    if f"{zlib.crc32(body):08x}".encode() == tail:
        return Verdict("proven", "its CRC32 checksum is right")
    return Verdict("refuted", "its CRC32 checksum is wrong")
