"""Bech32 (BIP-173) and Bech32m (BIP-350): a readable part, the digit 1, data, and six characters of checksum."""

from __future__ import annotations

from leakguard.detect.checks.evidence import Evidence, Verdict

ALPHABET = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
CONSTANTS = {"": 1, "m": 0x2BC830A3}


def polymod(values: list[int]) -> int:
    """The checksum register after `values`, five bits each."""
    register = 1
    for value in values:
        top = register >> 25
        register = (register & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate(_GENERATOR):
            if top >> bit & 1:
                register ^= generator
    return register


def expand_readable(readable: bytes) -> list[int]:
    """The readable part as the checksum sees it."""
    return [byte >> 5 for byte in readable] + [0] + [byte & 31 for byte in readable]


def encode_bech32(readable: bytes, data: bytes, variant: str = "") -> bytes:
    """`data` in lower-case Bech32 after `readable`."""
    number, bits = int.from_bytes(data, "big"), len(data) * 8
    number, bits = number << -bits % 5, bits + -bits % 5
    digits = [number >> shift & 31 for shift in range(bits - 5, -1, -5)]
    check = polymod(expand_readable(readable) + digits + [0] * 6) ^ CONSTANTS[variant]
    digits += [check >> shift & 31 for shift in range(25, -1, -5)]
    return readable + b"1" + bytes(ALPHABET[digit] for digit in digits)


def check_bech32(evidence: Evidence, argument: str) -> Verdict:
    """The checksum over the whole secret, in one case throughout. Argument: empty for Bech32, `m` for Bech32m."""
    text = evidence.secret.lower()
    readable, separator, data = text.rpartition(b"1")
    digits = [ALPHABET.find(byte) for byte in data]
    if evidence.secret not in (text, evidence.secret.upper()) or not separator or len(data) < 6 or min(digits) < 0:
        return Verdict("refuted", "is not Bech32")
    if polymod(expand_readable(readable) + digits) != CONSTANTS[argument]:
        return Verdict("refuted", "its Bech32 checksum is wrong")
    return Verdict("proven", "its Bech32 checksum is right")
