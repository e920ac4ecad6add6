"""Stellar's strkeys (SEP-23: https://github.com/stellar/stellar-protocol/blob/master/ecosystem/sep-0023.md)."""

from __future__ import annotations

import base64
import binascii

from leakguard.detect.checks.evidence import Evidence, Verdict

SEED = 18 << 3
"""The version byte of secret seeds; it makes them begin with S."""


def check_seed(evidence: Evidence, _argument: str) -> Verdict:
    """Base32 of a version byte, 32 bytes and their CRC-16/XMODEM, the low byte first."""
    try:
        data = base64.b32decode(evidence.secret)
    except (binascii.Error, ValueError):
        return Verdict("refuted", "is not base32")
    if len(data) != 35 or data[0] != SEED:
        return Verdict("refuted", "does not decode to a seed")
    if binascii.crc_hqx(data[:-2], 0).to_bytes(2, "little") != data[-2:]:
        return Verdict("refuted", "its CRC-16 checksum is wrong")
    return Verdict("proven", "its CRC-16 checksum is right")
