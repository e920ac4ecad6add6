"""Identities that outlive moved lines and renames: rule and keyed hash of the secret, nothing else.

A provider's token, or another value that a machine drew, has more randomness than anyone can try out: its plain hash
says nothing about it, and is the same in every clone. What a person may have chosen is hashed with a key (in the
configuration, in LEAKGUARD_FINGERPRINT_KEY or in the clone's git folder), so that nobody without it can test a guess;
without a key the hash is made slow on purpose.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from leakguard.model import Rule

_STRONG = 20
"""A provider's token of at least this many bytes has more randomness than anyone can try out."""

_CHOSEN = ("pass", "url", "basic", "connection", "dsn", "login", "community", "weak")
"""Words in the ids of rules whose secret a person chose, or holds something that a person chose."""

_DRAWN = ("private-key", "signing-key", "keystore", "wallet-", "jwt", "vapid")
"""What the ids of rules begin with that belong to no provider and whose secret a machine drew all the same."""

_HEX = re.compile(rb"[0-9a-f]{32,}|[0-9A-F]{32,}")
_DISTINCT_HEX = 8
"""Of 32 hexadecimal digits that chance draws, all but one set in a thousand have 10 different ones or more."""
_MIXED = re.compile(rb"(?=[^0-9]*[0-9])(?=[^a-z]*[a-z])(?=[^A-Z]*[A-Z])[A-Za-z0-9+/]{24,}={0,2}")
_DISTINCT = 14
_MANY = 16
"""Fewer slow fingerprints than this are made sooner than threads are started."""
_WORD = re.compile(rb"[a-z]{6}|[A-Z]{6}")

_MOST = 100_000
_made: dict[bytes, str] = {}
"""The slow ones that were made, by what they are made of: many ask for the same. There is a bound."""


def guessable(rule: Rule) -> bool:
    """Whether a person may have chosen what this rule finds: kinds of no provider, passwords, addresses with one."""
    if rule.generic or any(word in rule.id for word in _CHOSEN):
        return True
    return rule.theme and not rule.id.startswith(_DRAWN)


def needs_key(rule: Rule, secret: bytes) -> bool:
    """Whether the fingerprint of this secret depends on the key."""
    return (guessable(rule) or len(secret) < _STRONG) and not is_drawn(secret)


def is_drawn(secret: bytes) -> bool:
    """Whether a value is so long and so mixed that a machine drew it, whatever it is called. Words, and what a person
    makes of them, are none: those are tried out first."""
    if _HEX.fullmatch(secret):
        return len(set(secret)) >= _DISTINCT_HEX
    return _MIXED.fullmatch(secret) is not None and not _WORD.search(secret) and len(set(secret)) >= _DISTINCT


def fingerprint(rule: Rule, secret: bytes, key: str) -> str:
    """32 hex digits for a secret under a rule."""
    import hashlib  # a run that finds nothing does without it

    text = _text(rule, secret)
    if not needs_key(rule, secret):
        return hashlib.blake2b(text, digest_size=16, person=b"leakguard").hexdigest()
    if key:
        import hmac

        return hmac.new(key.encode(), text, hashlib.sha256).hexdigest()[:32]
    return make([text])[text]


def slow_texts(marked: Iterable[tuple[Rule, bytes]], key: str) -> list[bytes]:
    """What those of these fingerprints are made of that are slow and not there yet, each once, in order."""
    if key:
        return []
    texts = dict.fromkeys(_text(rule, secret) for rule, secret in marked if needs_key(rule, secret))
    return [text for text in texts if text not in _made]


def make(texts: Iterable[bytes]) -> dict[bytes, str]:
    """The slow fingerprints of texts."""
    made = {text: _made.get(text) or _slow(text) for text in texts}
    learn(made)
    return made


def learn(made: Mapping[bytes, str]) -> None:
    """Know the slow fingerprints that another process made."""
    if len(_made) >= _MOST:
        _made.clear()
    _made.update(made)


def prepare(texts: list[bytes], workers: int) -> None:
    """Begin with slow fingerprints, in threads that work from the last to the first: whoever asks for them in order,
    meanwhile, meets the threads half-way. The list is emptied."""
    if workers <= 1 or len(texts) < _MANY:
        return
    from threading import Thread

    def work() -> None:
        with suppress(IndexError):
            while True:
                make([texts.pop()])

    for _ in range(workers - 1):
        Thread(target=work, daemon=True).start()


def _text(rule: Rule, secret: bytes) -> bytes:
    return rule.id.encode() + b"\0" + secret


def _slow(text: bytes) -> str:
    """A hash of which nobody makes many: a millisecond and half a megabyte each."""
    import hashlib

    return hashlib.scrypt(text, salt=b"leakguard", n=512, r=8, p=1, dklen=16).hex()


def key_check(key: str) -> str:
    """Eight hex digits that tell whether two people have the same key, without telling the key."""
    import hashlib
    import hmac

    return hmac.new(key.encode(), b"leakguard key check", hashlib.sha256).hexdigest()[:8] if key else ""
