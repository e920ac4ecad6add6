"""Triton DataCenter's secret access keys, as the source of its key generator has them (https://github.com/TritonDataCenter)."""

from __future__ import annotations

import zlib

from leakguard.detect.checks.decode import decode_base64
from leakguard.detect.checks.evidence import Evidence, Verdict

PREFIX = b"tdc_"


def check_key(evidence: Evidence, _argument: str) -> Verdict:
    """32 bytes and their CRC32. Today's generator takes it over the prefix and the bytes and writes the low byte first;
    its own documented sample has it over the bytes alone, the high byte first. Either is right."""
    data = decode_base64(evidence.secret.removeprefix(PREFIX)) or b""
    if len(data) != 36:
        return Verdict("refuted", "does not decode to 36 bytes")
    body, tail = data[:32], data[32:]
    if tail in (zlib.crc32(PREFIX + body).to_bytes(4, "little"), zlib.crc32(body).to_bytes(4, "big")):
        return Verdict("proven", "its CRC32 checksum is right")
    return Verdict("doubtful", "its CRC32 checksum is wrong")
