"""Features of a value: what it is made of, how it looks, and whether chance or a person wrote it."""

from __future__ import annotations

from functools import lru_cache
from operator import ne
from re import DOTALL, VERBOSE

from leakguard.detect.entropy import shannon
from leakguard.detect.judgement.tables import rarity, wordiness
from leakguard.detect.kept import plain

_KIND = bytearray(b"s" * 256)
for _code in range(0x80, 0x100):
    _KIND[_code] = 0x75  # u: beyond ASCII
for _codes, _kind in (
    (b"0123456789", b"0"),
    (b"abcdefghijklmnopqrstuvwxyz", b"a"),
    (b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", b"A"),
):
    for _code in _codes:
        _KIND[_code] = _kind[0]
for _code in b" \t":
    _KIND[_code] = 0x5F  # _: blank
KINDS = bytes(_KIND)

SHAPES = plain(
    rb"""
    (?P<uuid>\{?[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}\}?)
    |(?P<number>0x[0-9A-Fa-f]{1,8}|-?[0-9][0-9_,]*(?:\.[0-9]+)?)
    |(?P<hex>(?:0x)?(?:[0-9a-f]{12,}|[0-9A-F]{12,}))
    |(?P<bytes>(?:(?:0x)?[0-9A-Fa-f]{1,3}[ \t]*,[ \t]*){7,}.*)
    |(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ].*)?)
    |(?P<version>[vV~^]?[0-9]+(?:\.[0-9]+){1,3}(?:[-+.][0-9A-Za-z.]+)?)
    |(?P<url>[A-Za-z][A-Za-z0-9+.-]{1,20}://.*|//[a-z].*|www\..*)
    |(?P<email>[^@\s]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)
    |(?P<hash>\$[0-9a-z]{1,10}\$.*|(?:sha|md)[0-9]{1,3}[-:$].*|\{[A-Z0-9]+\}.*)
    |(?P<json>[\[{]\\*["'].*)
    |(?P<template>.*(?:\$\{|\$\(|\{\{|<%|%\(|\#\{|@\{|%[sdvq](?![A-Za-z0-9]))[^\n]*
      |\{[A-Za-z_.]*\}|<[^<>]*>|\$[A-Za-z_]\w*|%\w+%|:\w+|\[[A-Za-z_ ]+\])
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
    VERBOSE | DOTALL,
)
_SEQUENCE = plain(rb"0123|1234|2345|3456|4567|5678|6789|9876|4321|abcd|bcde|cdef|qwer|asdf|zxcv|(.)\1\1|(.{2,4})\2\2")
_STAND_IN = plain(
    rb"example|sample|dummy|fake|mock|placeholder|change|replace|insert|your|(?<![a-z])(?:my|some|foo|bar|baz|the|test|tst|todo|none|null|nil|undefined|"
    rb"true|false|default|invalid|wrong|random|redact|hidden|mask|snip|removed|string|optional|required)|test(?![a-z]{3})|xxx|\.\.\.|\*\*\*|___"
)
TRANSLATED = plain(
    rb"passwort|passord|contrase|senha|mot[ _-]de[ _-]passe|wachtwoord|parol[aeo]|parool|has(?:l|\xc5\x82)o\b|"
    rb"heslo|salasana|adgangskode|kodeord|l(?:o|\xc3\xb6)senord|jelsz|geslo|lozink|zaporka|(?:s|\xc5\x9f)ifr(?:e|\xc9\x99)|"
    rb"kata[ _-]sandi|kennwort|slapta|salas(?:o|\xc3\xb5)na"
)
"""The word password in the languages that people translate into; in a value it is a label's text. This and what stands
above and below is looked for in lower case: to ignore case takes twice as long."""
_RUN = plain(rb"[A-Za-z0-9+/_-]{8,}")
_NUMBER = plain(rb"(?:0x)?[0-9A-Fa-f]{1,3}")
_LETTERS = plain(rb"[aA]+")
_OWN_WORD = plain(rb"passw|pwd|secret|token|api_?key|credential|auth|login|user|admin|private|public|key|pass\Z")


def shape(value: bytes) -> str:
    """The first shape in the list above that the whole value has, or `other`."""
    found = SHAPES.fullmatch(value[:400])
    return found.lastgroup or "other" if found else "other"


def judged_part(value: bytes) -> bytes:
    """What of a value is judged: of JSON in a string its longest run that could be a token, an array of bytes as
    hexadecimal digits, else all of it."""
    if value[:1] in b"{[" and b'"' in value:
        runs = _RUN.findall(value)
        if runs:
            return bytes(max(runs, key=len))
    if value.count(b",") >= 7:
        base = 16 if b"x" in value.lower() else 10
        numbers = [int(number, base) for number in _NUMBER.findall(value) if base == 16 or number.isdigit()]
        if all(number < 256 for number in numbers):
            return bytes(numbers).hex().encode()
    return value


@lru_cache(maxsize=1 << 12)
def value_features(value: bytes) -> tuple[tuple[str, ...], bytes]:
    """What is true of this value, as names that the weights know (the first is its shape), and the NUMBERS of it."""
    head, lower = value[:64], value.lower()
    kinds = head.translate(KINDS)
    short = len(kinds) or 1
    count = kinds.count
    flags = [f"shape:{shape(value)}", f"classes:{bytes(sorted(set(kinds))).decode()}"]
    numbers = (
        min(len(value), 255),
        min(int(rarity(value) * 20), 255),
        int(wordiness(value) * 100),
        int(shannon(head) * 40),
        100 * sum(map(ne, kinds, kinds[1:])) // short,
        100 * count(b"0") // short,
        100 * count(b"a") // short,
        100 * count(b"A") // short,
        100 * count(b"u") // short,
        100 * count(b"s") // short,
        100 * len(set(head)) // short,
        max(map(len, _LETTERS.findall(kinds)), default=0),
    )
    if _SEQUENCE.search(lower):
        flags.append("sequence")
    if _STAND_IN.search(lower):
        flags.append("stand-in")
    if _OWN_WORD.search(lower):
        flags.append("own-word")
    if TRANSLATED.search(lower):
        flags.append("translated-word")
    if value[-1:] == b"=":
        flags.append("padding")
    return tuple(flags), bytes(numbers)


VALUE_NUMBERS = (
    "size",
    "rarity",
    "wordiness",
    "entropy",
    "changes",
    "digits",
    "lower",
    "upper",
    "beyond-ascii",
    "signs",
    "distinct",
    "run",
)
