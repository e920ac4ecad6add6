"""Identities that outlive moved lines and renames: rule and keyed hash of the secret, nothing else.

With a key (in the configuration or in LEAKGUARD_FINGERPRINT_KEY) nobody without it can test a guess. Without one, the
hash of a value that could be guessed is made slow on purpose.
"""

from __future__ import annotations

import hashlib
import hmac

_STRONG = 20
"""A provider's token of at least this many bytes has more randomness than anyone can try out."""


def fingerprint(rule: str, secret: bytes, key: str, *, guessable: bool) -> str:
    """32 hex digits for a secret under a rule. `guessable`: the value may be a word that a person chose."""
    text = rule.encode() + b"\0" + secret
    if key:
        return hmac.new(key.encode(), text, hashlib.sha256).hexdigest()[:32]
    if guessable or len(secret) < _STRONG:
        return hashlib.scrypt(text, salt=b"leakguard", n=1024, r=8, p=1, dklen=16).hex()
    return hashlib.blake2b(text, digest_size=16, person=b"leakguard").hexdigest()
