"""Seed phrases of wallets (BIP-39): 12 to 24 words of a list of 2048, whose last bits are a checksum."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

import regex

from leakguard.detect.checks.evidence import Evidence, Verdict

_LIST = Path(__file__).with_name("bip39_english.txt")
_WORD = regex.compile(rb"[a-z]+")
_LENGTHS = (12, 15, 18, 21, 24)
_LEAST_DIFFERENT = 7
"""Phrases for tests say one word over and over (`abandon … about`, `test … junk`, `zoo … wrong`)."""

_SAMPLES = frozenset(
    {
        "myth like bonus scare over problem client lizard pioneer submit female collect",
        "candy maple cake sugar pudding cream honey rich smooth crumble sweet treat",
        "legal winner thank year wave sausage worth useful legal winner thank yellow",
        "letter advice cage absurd amount doctor acoustic avoid letter advice cage above",
        "taxi dash nation raw first art ticket more useful mosquito include true",
        "range sheriff try enroll deer over ten level bring display stamp recycle",
    }
)
"""Phrases that tools and their documentation come with: Truffle, Ganache, BIP-39's test vectors, Foundry."""


@lru_cache(maxsize=1)
def word_numbers() -> dict[str, int]:
    """Each word of the English list with its place in it."""
    return {word: number for number, word in enumerate(_LIST.read_text("ascii").split())}


def check_mnemonic(evidence: Evidence, _argument: str) -> Verdict:
    """All words are on the English list, and the checksum in the last one is right (one phrase in 16 is by chance)."""
    words = [word.decode() for word in _WORD.findall(evidence.secret)]
    numbers = word_numbers()
    if len(words) not in _LENGTHS or not all(word in numbers for word in words):
        return Verdict("refuted", "is not made of 12 to 24 words of the BIP-39 list")
    if len(set(words)) < _LEAST_DIFFERENT or " ".join(words) in _SAMPLES:
        return Verdict("harmless", "is a published seed phrase for tests")
    value = 0
    for word in words:
        value = value << 11 | numbers[word]
    check_bits = len(words) // 3
    entropy = (value >> check_bits).to_bytes(len(words) * 4 // 3, "big")
    if _checksum(entropy) != value & ((1 << check_bits) - 1):
        return Verdict("doubtful", "its words are on the BIP-39 list, but its check word is wrong")
    return Verdict("proven", f"is {len(words)} words of the BIP-39 list with a right check word")


def _checksum(entropy: bytes) -> int:
    return hashlib.sha256(entropy).digest()[0] >> 8 - len(entropy) // 4


def encode_mnemonic(entropy: bytes) -> str:
    """The phrase that stands for `entropy` (16 to 32 bytes)."""
    words, check_bits = tuple(word_numbers()), len(entropy) // 4
    value = int.from_bytes(entropy, "big") << check_bits | _checksum(entropy)
    count = (len(entropy) * 8 + check_bits) // 11
    return " ".join(words[value >> 11 * (count - 1 - place) & 2047] for place in range(count))
