"""The HMAC keys that people sign tokens with when they mean to change them later: a dictionary of some two thousand.

The words are in jwt_secrets.txt; roots in it are combined with suffixes here. A token costs about two milliseconds,
once: the answer is remembered.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from functools import lru_cache
from pathlib import Path

_DIGESTS = {"HS256": ("sha256", 32), "HS384": ("sha384", 48), "HS512": ("sha512", 64)}
_MAX_TOKEN = 4096
"""Longer tokens are not tried: the cost of a try grows with the length."""

_LIST = Path(__file__).with_name("jwt_secrets.txt")
_SUFFIXES = ("", "1", "123", "1234", "123456", "!", "@123", "2023", "2024", "2025")
_JOINTS = ("", "_", "-")


def guess_key(algorithm: str, token: bytes) -> bytes | None:
    """The key that signed `token`, if it is in the dictionary. None for algorithms other than HMAC's."""
    if algorithm not in _DIGESTS or len(token) > _MAX_TOKEN:
        return None
    digest, size = _DIGESTS[algorithm]
    signed, _, tail = token.rpartition(b".")
    try:
        signature = base64.urlsafe_b64decode(tail + b"=" * (-len(tail) % 4))
    except (binascii.Error, ValueError):
        return None
    return _try_all(digest, signed, signature) if len(signature) == size else None


@lru_cache(maxsize=4096)
def _try_all(digest: str, signed: bytes, signature: bytes) -> bytes | None:
    for key, inner, outer in _prepared(digest):
        first, second = inner.copy(), outer.copy()
        first.update(signed)
        second.update(first.digest())
        if second.digest() == signature:
            return key
    return None


@lru_cache(maxsize=3)
def _prepared(digest: str) -> list[tuple[bytes, hashlib._Hash, hashlib._Hash]]:
    """Each key with the two hashes that HMAC (RFC 2104) begins with: less than half of a try is left to do a token."""
    block = hashlib.new(digest).block_size
    prepared = []
    for key in dictionary():
        padded = (hashlib.new(digest, key).digest() if len(key) > block else key).ljust(block, b"\0")
        pads = [hashlib.new(digest, bytes(byte ^ pad for byte in padded)) for pad in (0x36, 0x5C)]
        prepared.append((key, pads[0], pads[1]))
    return prepared


@lru_cache(maxsize=1)
def dictionary() -> tuple[bytes, ...]:
    """Every key to be tried, in order, without repeats. The list's own head says how it is written."""
    keys: dict[bytes, None] = {b"": None}
    for line in _LIST.read_text("utf-8").splitlines():
        if line.startswith("~"):
            keys.update(dict.fromkeys(form.encode() for form in _spell(line[1:].split())))
        elif line.startswith("="):
            keys.update({line[1:].encode(): None, base64.b64decode(line[1:] + "=" * (-len(line[1:]) % 4)): None})
        elif line and not line.startswith("#"):
            keys[line.encode()] = None
    return tuple(keys)


def _spell(words: list[str]) -> list[str]:
    """The words of a root as one key, in the spellings that people choose, each with every suffix."""
    joined = [joint.join(words) for joint in _JOINTS]
    camel = "".join(word.title() for word in words)
    forms = dict.fromkeys((*joined, joined[1].upper(), camel, words[0] + camel[len(words[0]) :]))
    return [form + suffix for form in forms for suffix in _SUFFIXES]
