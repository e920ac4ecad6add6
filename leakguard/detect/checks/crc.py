"""Checksums at the end of a token."""

from __future__ import annotations

import zlib

from leakguard.detect.checks.evidence import Evidence, Verdict
from leakguard.detect.template import BASE62, base_digits


def check_base62(evidence: Evidence, argument: str) -> Verdict:
    """The last six characters are CRC32 in base62 of the characters before them; the argument is how many of those.

    GitHub and npm: 30 random characters, the prefix left out
    (https://github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats/).
    """
    body, tail = evidence.secret[:-6], evidence.secret[-6:]
    if argument:
        body = body[-int(argument) :]
    if base_digits(zlib.crc32(body), BASE62, 6).encode() == tail:
        return Verdict("proven", "its CRC32 checksum is right")
    return Verdict("refuted", "its CRC32 checksum is wrong")


def check_hex(evidence: Evidence, argument: str) -> Verdict:
    """The last eight characters are CRC32 in hexadecimal, either case, of the text before them, or of the last so many
    characters of it where the argument says how many."""
    return _compare(evidence.secret.lower(), 8, f"{zlib.crc32(_body(evidence, argument, 8)):08x}")


def _body(evidence: Evidence, argument: str, tail: int) -> bytes:
    body = evidence.secret[:-tail]
    return body[-int(argument) :] if argument else body


def _compare(secret: bytes, tail: int, wanted: str) -> Verdict:
    if secret[-tail:] == wanted.encode():
        return Verdict("proven", "its CRC32 checksum is right")
    return Verdict("refuted", "its CRC32 checksum is wrong")
