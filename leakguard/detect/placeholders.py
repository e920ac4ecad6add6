"""Values that stand where a secret will be: `changeme`, `<password>`, `${VAR}`, `xxxxxxxx`, `your-api-key-here`."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise

from leakguard.detect.kept import plain

_WORDS = plain(
    rb"example|sample|placeholder|change[_-]?(?:me|it|this)|your[_-]?\w*[_-]?(?:key|token|secret|password|pass|id|api)|"
    rb"insert|replace[_-]?(?:me|with|this)|dummy|fake|redacted|todo|fixme|not[_-]?a?[_-]?real|<[^>]+>|\.\.\.|\*\*\*|foobar|"
    rb"xxxx|yyyy|zzzz|(?:test|my)[_-]?(?:key|token|secret|api)"
)
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_CLIMB = "|".join(f"{one}(?={two})" for one, two in pairwise(_LETTERS))
_RUNS = plain(rf"aaaaaa|000000|0?123456789|(?:{_CLIMB}){{5,}}[a-z]|abcd1234|deadbeef|qwerty(?:uiop)?|asdfgh".encode())
_ONE_CHARACTER = plain(rb"([^A0=])\1{11}")
"""A dozen times the same in a row is never chance; zeros are, where they are padded to a length."""
_SHORT = 20
"""Below this length one run of neighbouring keys marks a stand-in; from there on the runs must make up half of it."""
_TEMPLATE = plain(
    rb"\$\{[^}]*\}|\$\([^)]*\)|\{\{[^}]*\}\}|\{%|<%|%[A-Za-z_]+%|#\{[^}]*\}|\A\$[A-Za-z_]\w*\Z|\A%[sdv]\Z|\A\{\w*\}\Z|"
    rb"\A(?:process\.env|os\.environ|ENV\[|env\(|getenv)|\{[A-Za-z_][A-Za-z_0-9-]{0,30}:[^{}\n]{0,80}\}|\{b64[a-z]{0,3}:"
)
_EXPRESSION = plain(rb"\(\?[:P<=!]|\[(?:0-9|A-Z|a-z|\^)|\\[dwsb][{+*]|\]\{\d")
"""What only a regular expression holds; scanners' own sources are full of them, beside the word secret."""
_FIXED_WORDS = plain(rb"example|x{6}|\*{3}|\.{3}|0{8}|1{8}|a{8}|f{8}|placeholder|redacted|your[_-]")


@lru_cache(maxsize=1 << 12)
def placeholder_reason(value: bytes, *, fixed: bool = False) -> str:
    """Why `value` is no secret but a stand-in for one, or ''. `fixed`: it has a provider's unmistakable shape, so that
    only what cannot be chance counts (eight equal characters, the word EXAMPLE)."""
    kinds = len(set(value))
    if kinds <= max(2, min(4, len(value) // 8)):
        return "repeats the same few characters"
    if fixed:
        tail = value.lstrip(value[:1])  # some tokens begin with many zeros, written as A
        body = tail if len(tail) > 24 and len(value) - len(tail) > 8 else value[8:] if len(value) > 24 else value
        return "holds a stand-in's words" if _FIXED_WORDS.search(body.lower()) or _typed(body) else ""
    if _TEMPLATE.search(value):
        return "is a template to be filled in"
    if _EXPRESSION.search(value):
        return "is a regular expression"
    if _WORDS.search(value.lower()) or _typed(value):
        return "holds a stand-in's words"
    if kinds <= len(value) - 11 and _ONE_CHARACTER.search(value):
        return "repeats the same few characters"
    return ""


def _typed(value: bytes) -> bool:
    """Whether somebody ran a finger along the keys."""
    found = sum(map(len, _RUNS.findall(value.lower())))
    return 2 * found >= len(value) if len(value) >= _SHORT else found >= 6
