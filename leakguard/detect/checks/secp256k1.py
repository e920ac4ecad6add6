"""Private keys of wallets that are bare numbers: Ethereum's (secp256k1) and Solana's key pairs (Ed25519)."""

from __future__ import annotations

import msgspec

from leakguard.detect.checks.evidence import Evidence, Verdict

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
"""The order of secp256k1's group (SEC 2); a private key lies between 0 and it."""

_PUBLISHED = frozenset(
    bytes.fromhex(head)
    for head in (  # noqa: SIM905 (forty lines otherwise)
        "ac0974bec39a17e3 59c6995e998f97a5 5de4111afa1a4b94 7c852118294e51e6 47e179ec19748859 8b3a350cf5c34c91 "
        "92db14e403b83dfe 4bbbf85ce3377467 dbda1821b80551c9 2a871d0798f97d79 f214f2b2cd398c80 701b615bbdfb9de6 "
        "a267530f49f82802 47c99abed3324a27 c526ee95bf44d8fc 8166f546bab6da52 ea6c44ac03bff858 689af8efa8c651a9 "
        "de9be858da4a4752 df57089febbacf7b 4f3edf983ac636a6 6cbed15c793ce576 6370fd033278c143 646f1ce2fdad0e6d "
        "add53f9a7e588d00 395df67f0c2d2d9f c87509a1c067bbde ae6ae8e5ccbfb045 8f2a55949038a961"
    ).split()
)
"""The first eight bytes of the keys that Hardhat, Anvil, Ganache, Truffle and Besu come with."""


def check_scalar(evidence: Evidence, _argument: str) -> Verdict:
    """64 hexadecimal digits, with or without 0x, that are a private key of the curve."""
    try:
        data = bytes.fromhex(evidence.secret.decode("ascii").removeprefix("0x").removeprefix("0X"))
    except ValueError:
        return Verdict("refuted", "is not hexadecimal")
    number = int.from_bytes(data, "big")
    if len(data) != 32 or not 0 < number < ORDER:
        return Verdict("refuted", "is no number that a private key can be")
    if data[:8] in _PUBLISHED:
        return Verdict("harmless", "is a published test key (Hardhat, Anvil, Ganache)")
    if number < 1 << 128 or len(set(data)) < 8:
        return Verdict("harmless", "is too regular to be a key")
    return Verdict("supported", "is in the range of a private key")


def check_solana(evidence: Evidence, _argument: str) -> Verdict:
    """A JSON array of 64 numbers: an Ed25519 seed and the public key that follows from it."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    try:
        data = bytes(msgspec.json.decode(evidence.secret, type=list[int]))
    except (ValueError, msgspec.DecodeError):
        return Verdict("refuted", "is no array of bytes")
    if len(data) != 64 or Ed25519PrivateKey.from_private_bytes(data[:32]).public_key().public_bytes_raw() != data[32:]:
        return Verdict("refuted", "its second half is not the public key of the first")
    return Verdict("proven", "its second half is the public key of the first")
