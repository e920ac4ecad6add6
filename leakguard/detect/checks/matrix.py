"""Matrix home servers: access tokens of Synapse and of the Matrix Authentication Service end in a CRC32."""

from __future__ import annotations

import zlib

from leakguard.detect.checks.evidence import Evidence, Verdict
from leakguard.detect.template import BASE62, base_digits


def check_synapse(evidence: Evidence, _argument: str) -> Verdict:
    """CRC32 in base62 of all that stands before the last underscore, the prefix included (Synapse,
    synapse/handlers/auth.py, `generate_access_token`)."""
    body, _, tail = evidence.secret.rpartition(b"_")
    return _verdict(base_digits(zlib.crc32(body), BASE62, 6), tail)


def check_service(evidence: Evidence, _argument: str) -> Verdict:
    """The same for the Matrix Authentication Service, which writes the digits the other way round: the least
    significant first, then padded on the left (crates/data-model/src/tokens.rs)."""
    body, _, tail = evidence.secret.rpartition(b"_")
    return _verdict(base_digits(zlib.crc32(body), BASE62, 0)[::-1].rjust(6, "0"), tail)


def _verdict(wanted: str, tail: bytes) -> Verdict:
    if wanted.encode() == tail:
        return Verdict("proven", "its CRC32 checksum is right")
    return Verdict("refuted", "its CRC32 checksum is wrong")
