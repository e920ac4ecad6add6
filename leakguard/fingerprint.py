"""Identities that outlive moved lines and renames: rule and keyed hash of the secret, nothing else.

A provider's token, or another value that a machine drew, has more randomness than anyone can try out: its plain hash
says nothing about it, and is the same in every clone. What a person may have chosen is hashed with a key (in the
configuration, in LEAKGUARD_FINGERPRINT_KEY or in the clone's git folder), so that nobody without it can test a guess;
without a key the hash is made slow on purpose.
"""

from __future__ import annotations

import re
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

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
_SALT, _ROUNDS, _BLOCK = b"leakguard", 512, 1024
_WORD = re.compile(rb"[a-z]{6}|[A-Z]{6}")


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
    import hmac

    text = _text(rule, secret)
    if not needs_key(rule, secret):
        return hashlib.blake2b(text, digest_size=16, person=b"leakguard").hexdigest()
    if key:
        return hmac.new(key.encode(), text, hashlib.sha256).hexdigest()[:32]
    return _slow(text)


def _text(rule: Rule, secret: bytes) -> bytes:
    return rule.id.encode() + b"\0" + secret


def prepare(marked: Iterable[tuple[Rule, bytes]], key: str, workers: int) -> None:
    """Begin with the slow ones of these fingerprints, in threads that work from the last to the first: whoever asks for
    them in order, meanwhile, meets the threads half-way."""
    slow = [] if key else [_text(rule, secret) for rule, secret in marked if needs_key(rule, secret)]
    _waiting.clear()
    _waiting.extend(slow)
    if len(slow) < _MANY:
        return
    from threading import Thread

    def work() -> None:
        while texts := _taken(_waiting.pop):
            _make(texts)

    for _ in range(workers - 1):
        Thread(target=work, daemon=True).start()


_SIDE_BY_SIDE = 3
"""So many slow fingerprints take little longer than one, where the compiled module makes them."""
_MOST = 100_000
_made: dict[bytes, str] = {}
_waiting: deque[bytes] = deque()
"""Of what somebody will ask for soon, what nobody began with."""


def _taken(take: Callable[[], bytes]) -> list[bytes]:
    texts: list[bytes] = []
    with suppress(IndexError):
        while len(texts) < _SIDE_BY_SIDE:
            texts.append(take())
    return texts


def _slow(text: bytes) -> str:
    """A hash of which nobody makes many; what is asked for next is made along with it."""
    return _made.get(text) or _make(list(dict.fromkeys((text, *_taken(_waiting.popleft)))))[0]


def _make(texts: list[bytes]) -> list[str]:
    if len(_made) >= _MOST:
        _made.clear()
    found = _derive(texts)
    _made.update(zip(texts, found, strict=True))
    return found


def _derive(texts: list[bytes]) -> list[str]:
    """scrypt of each: a millisecond and half a megabyte, as hashlib makes them, and the same from `_mix`."""
    import hashlib

    try:
        from leakguard._mix import mixed
    except ImportError:  # Installed where no compiler was, or on another kind of processor.
        return [hashlib.scrypt(text, salt=_SALT, n=_ROUNDS, r=8, p=1, dklen=16).hex() for text in texts]
    blocks = b"".join(hashlib.pbkdf2_hmac("sha256", text, _SALT, 1, _BLOCK) for text in texts)
    ends = mixed(blocks, _ROUNDS)
    salts = [ends[at : at + _BLOCK] for at in range(0, len(ends), _BLOCK)]
    return [hashlib.pbkdf2_hmac("sha256", text, salt, 1, 16).hex() for text, salt in zip(texts, salts, strict=True)]


def key_check(key: str) -> str:
    """Eight hex digits that tell whether two people have the same key, without telling the key."""
    import hashlib
    import hmac

    return hmac.new(key.encode(), b"leakguard key check", hashlib.sha256).hexdigest()[:8] if key else ""
