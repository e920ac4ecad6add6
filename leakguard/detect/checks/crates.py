"""The Rust registry: tokens of trusted publishing end in a checksum."""

from __future__ import annotations

from functools import reduce
from operator import xor

from leakguard.detect.checks.evidence import Evidence, Verdict

_DIGITS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def check_trusted(evidence: Evidence, _argument: str) -> Verdict:
    """`cio_tp_`, 31 characters, then one more: all 31 bytes XORed, modulo 62, as a digit of A-Za-z0-9."""
    body, last = evidence.secret[7:-1], evidence.secret[-1:]
    if last == bytes([_DIGITS[reduce(xor, body, 0) % 62]]):
        return Verdict("proven", "its checksum character is right")
    return Verdict("doubtful", "its checksum character is wrong")
