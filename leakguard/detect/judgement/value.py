"""Features of a value: what it is made of, how it looks, and whether chance or a person wrote it."""

from __future__ import annotations

import re
from operator import ne

from leakguard.detect.entropy import shannon
from leakguard.detect.judgement.tables import rarity, wordiness

_KIND = bytearray(b"s" * 256)
for _code in range(0x80, 0x100):
    _KIND[_code] = 0x75  # u: beyond ASCII
for _codes, _kind in ((b"0123456789", b"0"), (b"abcdefghijklmnopqrstuvwxyz", b"a"), (b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", b"A")):
    for _code in _codes:
        _KIND[_code] = _kind[0]
for _code in b" \t":
    _KIND[_code] = 0x5F  # _: blank
KINDS = bytes(_KIND)

SHAPES = re.compile(
    rb"""
    (?P<uuid>\{?[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}\}?)
    |(?P<number>0x[0-9A-Fa-f]{1,8}|-?[0-9][0-9_.,]*)
    |(?P<hex>(?:0x)?(?:[0-9a-f]{12,}|[0-9A-F]{12,}))
    |(?P<bytes>(?:(?:0x)?[0-9A-Fa-f]{1,3}[ \t]*,[ \t]*){7,}.*)
    |(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ].*)?)
    |(?P<version>[vV~^]?[0-9]+(?:\.[0-9]+){1,3}(?:[-+.][0-9A-Za-z.]+)?)
    |(?P<url>[A-Za-z][A-Za-z0-9+.-]{1,20}://.*|//[a-z].*|www\..*)
    |(?P<email>[^@\s]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)
    |(?P<hash>\$[0-9a-z]{1,10}\$.*|(?:sha|md)[0-9]{1,3}[-:$].*|\{[A-Z0-9]+\}.*)
    |(?P<json>[\[{]\\*["'].*)
    |(?P<template>.*(?:\$\{|\$\(|\{\{|<%|%\(|\#\{|@\{|%[sdvq](?![A-Za-z0-9]))[^\n]*|\{[A-Za-z_.]*\}|<[^<>]*>|\$[A-Za-z_]\w*|%\w+%|:\w+|\[[A-Za-z_ ]+\])
    |(?P<path>(?:[A-Za-z]:\\|~|\.{1,2})?/?(?:[\w.@~-]+[/\\]){1,}[\w.@*~-]*\.?[A-Za-z]{0,6}(?<![=+]))
    |(?P<file>[\w-]+\.(?:pem|key|crt|cer|p12|pfx|jks|json|ya?ml|xml|txt|js|ts|py|rb|go|java|php|html?|css|png|jpe?g|svg|gif|sh|conf|cfg|ini|env|toml|md|log|db|sql|csv|zip|gz|jar))
    |(?P<dotted>[A-Za-z_$@][\w$]*(?:(?:\.|->|::|\?\.|\#)[A-Za-z_$]\w*)+(?:\(.*)?)
    |(?P<call>[A-Za-z_][\w.]*\(.*)
    |(?P<constant>[A-Z][A-Z]+(?:_[A-Z0-9]+)+)
    |(?P<snake>_?[a-z][a-z0-9]*(?:_[a-z0-9]+)+_?)
    |(?P<kebab>[A-Za-z][a-z0-9]*(?:-[A-Za-z0-9]+)+)
    |(?P<lower>[a-z]+)
    |(?P<upper>[A-Z]+)
    |(?P<title>[A-Z][a-z]+)
    |(?P<camel>[a-z]+(?:[A-Z][a-z]+)+|(?:[A-Z][a-z]+){2,}[A-Z]?)
    |(?P<worddigits>[A-Za-z]{2,}[0-9]{1,4})
    |(?P<phrase>[^\s]+(?:\s+[^\s]+)+\s*)
    |(?P<alnum>[A-Za-z0-9]+)
    |(?P<base64>[A-Za-z0-9+/]+={0,2}|[A-Za-z0-9_-]+={0,2})
    """,
    re.VERBOSE | re.DOTALL,
)
_SEQUENCE = re.compile(rb"(?i)0123|1234|2345|3456|4567|5678|6789|9876|4321|abcd|bcde|cdef|qwer|asdf|zxcv|(.)\1\1|(.{2,4})\2\2")
_STAND_IN = re.compile(
    rb"(?i)example|sample|dummy|fake|mock|placeholder|change|replace|insert|your|(?<![a-z])(?:my|some|foo|bar|baz|the|test|tst|todo|none|null|nil|undefined|"
    rb"true|false|default|invalid|wrong|random|redact|hidden|mask|snip|removed|string|optional|required)|test(?![a-z]{3})|xxx|\.\.\.|\*\*\*|___"
)
_OWN_WORD = re.compile(rb"(?i)passw|pwd|secret|token|api_?key|credential|auth|login|user|admin|private|public|key")
_BIT_STEPS = ((1.5, "0"), (2.3, "15"), (2.8, "23"), (3.2, "28"), (3.6, "32"), (4.0, "36"), (4.5, "40"), (5.1, "45"))
_SIZES = (4, 5, 6, 7, 8, 9, 10, 12, 14, 16, 18, 20, 24, 28, 32, 36, 40, 48, 64, 100, 200)


def _step(number: float, steps: tuple[float, ...]) -> int:
    for at, limit in enumerate(steps):
        if number < limit:
            return at
    return len(steps)


def shape(value: bytes) -> str:
    """The first shape in the list above that the whole value has, or `other`."""
    found = SHAPES.fullmatch(value[:400])
    return found.lastgroup or "other" if found else "other"


def value_features(value: bytes) -> list[str]:
    """What is true of this value, as names that the weights know; the first is its shape, the second its classes."""
    size = len(value)
    form = shape(value)
    kinds = value[:64].translate(KINDS)
    classes = "".join(sorted(chr(kind) for kind in set(kinds)))
    rare = _step(rarity(value), (2.6, 3.2, 3.8, 4.3, 4.8, 5.3, 5.9, 6.6, 7.4, 8.4))
    wordy = _step(wordiness(value), (0.01, 0.3, 0.5, 0.75, 0.999))
    long = _step(size, _SIZES)
    bits = _step(shannon(value[:64]), (1.5, 2.3, 2.8, 3.2, 3.6, 4.0, 4.5, 5.1))
    features = [
        f"shape:{form}",
        f"classes:{classes}",
        f"rare:{rare}",
        f"words:{wordy}",
        f"size:{long}",
        f"bits:{bits}",
        f"rare+words:{rare // 2}+{wordy}",
        f"shape+words:{form}+{wordy}",
        f"shape+rare:{form}+{rare // 2}",
        f"shape+size:{form}+{long // 3}",
    ]
    changes = sum(map(ne, kinds, kinds[1:])) / (len(kinds) or 1)
    features.append(f"changes:{_step(changes, (0.01, 0.1, 0.2, 0.3, 0.4, 0.55))}")
    if _SEQUENCE.search(value):
        features.append("sequence")
    if _STAND_IN.search(value):
        features.append("stand-in")
    if _OWN_WORD.search(value):
        features.append("own-word")
    if value[-1:] == b"=":
        features.append("padding")
    return features
