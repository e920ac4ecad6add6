"""Base58Check: base58 with four bytes of double SHA-256 at the end (Bitcoin and its relatives, XRP Ledger).

https://en.bitcoin.it/wiki/Base58Check_encoding; XRP: https://xrpl.org/docs/references/protocol/data-types/base58-encodings
"""

from __future__ import annotations

import hashlib

from leakguard.detect.checks.evidence import Evidence, Verdict

ALPHABETS = {
    "bitcoin": b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz",
    "ripple": b"rpshnaf39wBUDNEGHJKLM4PQRST7VWXYZ2bcdeCg65jkm8oFqi1tuvAxyz",
}
_MAX_LENGTH = 256


def decode_base58(text: bytes, alphabet: bytes = ALPHABETS["bitcoin"]) -> bytes | None:
    """The bytes that base58 `text` stands for, leading zeros included; None for other characters or too many."""
    if not 0 < len(text) <= _MAX_LENGTH:
        return None
    number = 0
    for byte in text:
        digit = alphabet.find(byte)
        if digit < 0:
            return None
        number = number * 58 + digit
    zeros = len(text) - len(text.lstrip(alphabet[:1]))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big")


def encode_base58check(body: bytes, alphabet: str = "") -> bytes:
    """`body` with its checksum, in base58."""
    digits = ALPHABETS[alphabet or "bitcoin"]
    data = body + _checksum(body)
    number, text = int.from_bytes(data, "big"), b""
    while number:
        number, digit = divmod(number, 58)
        text = digits[digit : digit + 1] + text
    return digits[:1] * (len(data) - len(data.lstrip(b"\0"))) + text


def _checksum(body: bytes) -> bytes:
    return hashlib.sha256(hashlib.sha256(body).digest()).digest()[:4]


def check_base58check(evidence: Evidence, argument: str) -> Verdict:
    """The last four bytes are the checksum of those before. Argument: the allowed version bytes in hex, separated by
    commas (any where empty), each with its alphabet after an `@` where that is not Bitcoin's: `80,ef`, `21@ripple`."""
    outcome = Verdict("refuted", "is not base58")
    for entry in argument.split(","):
        version, _, name = entry.partition("@")
        data = decode_base58(evidence.secret, ALPHABETS[name or "bitcoin"])
        if data is None or len(data) < 5:
            continue
        body, tail = data[:-4], data[-4:]
        if _checksum(body) != tail:
            outcome = Verdict("refuted", "its Base58Check checksum is wrong")
        elif body.startswith(bytes.fromhex(version)):
            return Verdict("proven", "its Base58Check checksum is right")
        else:
            outcome = Verdict("refuted", "its version byte is that of another kind of key")
    return outcome
