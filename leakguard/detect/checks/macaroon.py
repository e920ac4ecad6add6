"""Macaroons in their second binary format, as package indexes issue them: fields, caveats and a 32-byte signature.

The format is that of libmacaroons (https://github.com/rescrv/libmacaroons/blob/master/doc/format.txt). The signature
is a keyed hash, so nobody but the issuer can check it; that every field parses to the last byte is proof enough of
what it is.
"""

from __future__ import annotations

from leakguard.detect.checks.decode import decode_base64
from leakguard.detect.checks.evidence import Evidence, Verdict

_VERSION = 2
_END, _LOCATION, _IDENTIFIER, _VERIFIER, _SIGNATURE = 0, 1, 2, 4, 6
_SIGNATURE_SIZE = 32


def check_macaroon(evidence: Evidence, argument: str) -> Verdict:
    """The secret after the prefix `argument` is base64url of one whole macaroon; else it is cut, altered or made up."""
    data = decode_base64(evidence.secret[len(argument) :])
    caveats = _parse(data) if data else None
    if caveats is None:
        return Verdict("doubtful", "it is no whole macaroon; it may be cut or altered")
    limits = f"with {caveats} caveat{'s' if caveats != 1 else ''}" if caveats else "without any caveat"
    return Verdict("proven", f"is a whole macaroon, {limits}")


def _parse(data: bytes) -> int | None:
    """The number of caveats of the macaroon that `data` is, or None where it is none."""
    if data[0] != _VERSION:
        return None
    section: list[int] = []
    sections, at = 0, 1
    while at < len(data):
        kind = data[at]
        if kind == _END:
            if not section:
                return sections - 1 if sections and _is_signature(data, at + 1) else None
            if _IDENTIFIER not in section:
                return None
            sections, at, section = sections + 1, at + 1, []
            continue
        if kind not in (_LOCATION, _IDENTIFIER, _VERIFIER):
            return None
        size, at = _varint(data, at + 1)
        if at + size > len(data):
            return None
        section.append(kind)
        at += size
    return None


def _is_signature(data: bytes, at: int) -> bool:
    return data[at : at + 2] == bytes((_SIGNATURE, _SIGNATURE_SIZE)) and len(data) == at + 2 + _SIGNATURE_SIZE


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """The little-endian base-128 number at `at` and the offset after it; a size beyond all data where it has no end."""
    value = shift = 0
    while at < len(data) and shift < 28:
        value |= (data[at] & 0x7F) << shift
        at += 1
        if not data[at - 1] & 0x80:
            return value, at
        shift += 7
    return len(data) + 1, at
