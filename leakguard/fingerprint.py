"""Identities that outlive moved lines and renames: rule and keyed hash of the secret, nothing else.

A provider's token has more randomness than anyone can try out: its plain hash says nothing about it, and is the same in
every clone. What a person may have chosen is hashed with a key (in the configuration, in LEAKGUARD_FINGERPRINT_KEY or
in the clone's git folder), so that nobody without it can test a guess; without a key the hash is made slow on purpose.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from leakguard.model import Rule

_STRONG = 20
"""A provider's token of at least this many bytes has more randomness than anyone can try out."""

_CHOSEN = ("pass", "url", "basic", "connection", "dsn", "login", "community", "weak")
"""Words in the ids of rules whose secret a person chose, or holds something that a person chose."""

_DRAWN = ("private-key", "signing-key", "keystore", "wallet-", "jwt", "vapid")
"""What the ids of rules begin with that belong to no provider and whose secret a machine drew all the same."""


def guessable(rule: Rule) -> bool:
    """Whether a person may have chosen what this rule finds: kinds of no provider, passwords, addresses with one."""
    if rule.generic or any(word in rule.id for word in _CHOSEN):
        return True
    return rule.theme and not rule.id.startswith(_DRAWN)


def needs_key(rule: Rule, secret: bytes) -> bool:
    """Whether the fingerprint of this secret depends on the key."""
    return guessable(rule) or len(secret) < _STRONG


def fingerprint(rule: Rule, secret: bytes, key: str) -> str:
    """32 hex digits for a secret under a rule."""
    import hashlib  # a run that finds nothing does without it
    import hmac

    text = rule.id.encode() + b"\0" + secret
    if not needs_key(rule, secret):
        return hashlib.blake2b(text, digest_size=16, person=b"leakguard").hexdigest()
    if key:
        return hmac.new(key.encode(), text, hashlib.sha256).hexdigest()[:32]
    return hashlib.scrypt(text, salt=b"leakguard", n=1024, r=8, p=1, dklen=16).hex()


def key_check(key: str) -> str:
    """Eight hex digits that tell whether two people have the same key, without telling the key."""
    import hashlib
    import hmac

    return hmac.new(key.encode(), b"leakguard key check", hashlib.sha256).hexdigest()[:8] if key else ""
