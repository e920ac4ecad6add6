"""Atlassian: the checksum of Cloud tokens, and the structure of personal access tokens of the Data Center products."""

from __future__ import annotations

import zlib

import regex

from leakguard.detect.checks.decode import decode_base64
from leakguard.detect.checks.evidence import Evidence, Verdict

_ESCAPED = regex.compile(rb"\\=|%3[Dd]")
_TAIL = regex.compile(rb"=[0-9A-F]{8}\Z")
_DATA_CENTER = regex.compile(rb"\d{12}:")


def check_cloud(evidence: Evidence, _argument: str) -> Verdict:
    """The eight upper-case hexadecimal digits after the `=` are the CRC32 of everything before them, the prefix and the
    `=` included; the `=` may be escaped as in a properties file or a URL. A token of the same outline without that end
    is at best an older kind."""
    secret = _ESCAPED.sub(b"=", evidence.secret)
    if not _TAIL.search(secret):
        return Verdict("doubtful", "has no checksum at its end")
    if f"{zlib.crc32(secret[:-8]):08X}".encode() == secret[-8:]:
        return Verdict("proven", "its CRC32 checksum is right")
    return Verdict("refuted", "its CRC32 checksum is wrong")


def check_data_center(evidence: Evidence, _argument: str) -> Verdict:
    """A Data Center token is base64 of its number in twelve digits, a colon and twenty random bytes."""
    data = decode_base64(evidence.groups.get("payload", evidence.secret))
    if data is not None and len(data) == 33 and _DATA_CENTER.match(data):
        return Verdict("proven", f"decodes to token number {int(data[:12])} and 20 random bytes")
    return Verdict("refuted", "does not decode to a token's number and 20 bytes")


def check_bitbucket(evidence: Evidence, argument: str) -> Verdict:
    """The same of Bitbucket, whose prefix says enough to show a token of another make with less confidence."""
    verdict = check_data_center(evidence, argument)
    return verdict if verdict.outcome == "proven" else Verdict("doubtful", verdict.reason)
