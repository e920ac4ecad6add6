"""NATS: nkey seeds (https://github.com/nats-io/nkeys)."""

from __future__ import annotations

import base64
import binascii

import regex

from leakguard.detect.checks.evidence import Evidence, Verdict

ROLES = {"U": 20 << 3, "A": 0, "O": 14 << 3, "N": 13 << 3, "C": 2 << 3, "X": 23 << 3}
"""The letter after the S, and its value in the seed's first two bytes."""
_SEED = 18 << 3
_FIND = regex.compile(rb"(?<![A-Z0-9])S[UAONCX][A-Z2-7]{56}(?![A-Z0-9])")


def encode_seed(role: str, data: bytes) -> str:
    """The seed of 32 bytes `data` for a role's letter."""
    value = ROLES[role]
    head = bytes([_SEED | value >> 5, (value & 31) << 3]) + data
    return base64.b32encode(head + binascii.crc_hqx(head, 0).to_bytes(2, "little")).decode().rstrip("=")


def check_seed(evidence: Evidence, _argument: str) -> Verdict:
    """The seed in the secret (a .creds file has text around it): two bytes of prefix, 32 of key, and their
    CRC-16/XMODEM, the low byte first."""
    found = _FIND.search(evidence.secret)
    if found is None:
        return Verdict("refuted", "holds no nkey seed")
    data = base64.b32decode(found.group() + b"======")
    if data[0] & 0xF8 != _SEED or binascii.crc_hqx(data[:-2], 0).to_bytes(2, "little") != data[-2:]:
        return Verdict("refuted", "its CRC-16 checksum is wrong")
    return Verdict("proven", "its CRC-16 checksum is right")
