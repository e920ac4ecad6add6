"""Random text that an expression matches: other scanners' test generators ask for it."""

from __future__ import annotations

import random
import sys
from typing import Any

if sys.version_info >= (3, 11):
    from re import _constants as op  # type: ignore[attr-defined]
    from re import _parser as parser  # type: ignore[attr-defined]
else:
    import sre_constants as op
    import sre_parse as parser

PRINTABLE = [chr(code) for code in range(0x21, 0x7F)]
MORE = 3
"""How many more than the least an unbounded quantifier gives."""
_CATEGORIES = {
    op.CATEGORY_DIGIT: "0123456789",
    op.CATEGORY_WORD: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_",
    op.CATEGORY_SPACE: " ",
}


def sample(expression: str, chance: random.Random) -> str:
    """Text that `expression` matches. ValueError for what cannot be read."""
    try:
        tree = parser.parse(expression.replace("[[:alnum:]]", "[0-9A-Za-z]").replace("(?i)", ""))
    except (op.error, OverflowError) as problem:
        raise ValueError(str(problem)) from None
    return "".join(_each(tree, chance))


def _each(tree: Any, chance: random.Random) -> list[str]:
    return [_one(kind, value, chance) for kind, value in tree]


def _one(kind: Any, value: Any, chance: random.Random) -> str:
    if kind is op.LITERAL:
        return chr(value)
    if kind is op.ANY:
        return chance.choice(PRINTABLE)
    if kind is op.IN:
        return chance.choice(_members(value))
    if kind is op.NOT_LITERAL:
        return chance.choice([text for text in PRINTABLE if ord(text) != value])
    if kind in (op.MAX_REPEAT, op.MIN_REPEAT):
        least, most, body = value
        times = chance.randint(least, least + MORE if most is op.MAXREPEAT else most)
        return "".join("".join(_each(body, chance)) for _ in range(times))
    if kind is op.SUBPATTERN:
        return "".join(_each(value[-1], chance))
    if kind is op.BRANCH:
        return "".join(_each(chance.choice(value[1]), chance))
    if kind in (op.AT, op.ASSERT, op.ASSERT_NOT):
        return ""
    raise ValueError(f"cannot make text for {kind}")


def _members(items: Any) -> list[str]:
    negated = items[0][0] is op.NEGATE
    found: list[str] = []
    for kind, value in items:
        if kind is op.LITERAL:
            found.append(chr(value))
        elif kind is op.RANGE:
            found.extend(map(chr, range(value[0], value[1] + 1)))
        elif kind is op.CATEGORY and value in _CATEGORIES:
            found.extend(_CATEGORIES[value])
    return [text for text in PRINTABLE if text not in found] if negated else found
