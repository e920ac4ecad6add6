"""Features as words that a person reads."""

from __future__ import annotations

from collections.abc import Iterable

_SHAPES = {
    "uuid": "looks like a UUID",
    "number": "is a number",
    "hex": "is a long run of hexadecimal digits",
    "bytes": "is an array of bytes",
    "date": "is a date",
    "version": "is a version",
    "url": "is a URL",
    "email": "is an e-mail address",
    "hash": "is a hash",
    "json": "is JSON",
    "template": "is a template to be filled in",
    "path": "looks like a path",
    "file": "is a file's name",
    "dotted": "reads like a member of an object in code",
    "call": "reads like a function call",
    "constant": "reads like a constant's name",
    "snake": "is words joined by underscores",
    "kebab": "is words joined by hyphens",
    "lower": "is lower-case letters only",
    "upper": "is capital letters only",
    "title": "is one capitalised word",
    "camel": "reads like an identifier in code",
    "worddigits": "is a word with a number",
    "phrase": "is several words",
    "alnum": "mixes letters and digits",
    "base64": "looks like base64",
    "other": "mixes letters, digits and signs",
}
_NAMED = {
    "password": "is assigned to a password",
    "secret-key": "is assigned to a secret key",
    "api-key": "is assigned to an API key",
    "secret": "is assigned to a secret",
    "token": "is assigned to a token",
    "salt": "is assigned to a salt or seed",
    "credential": "is assigned to a credential",
    "basic": "stands in a Basic header or an SQL statement",
    "auth": "is used to authenticate",
    "key": "is assigned to a key",
    "other": "has no telling name",
}
_PLAIN = {
    "sequence": "holds a run such as 1234 or aaa",
    "stand-in": "holds a stand-in's word",
    "own-word": "holds a word such as password or token",
    "translated-word": "holds the word password in some language",
    "padding": "ends in base64 padding",
    "comment": "stands in a comment",
    "testing-words": "stands near words of tests or examples",
    "code-words": "stands in a declaration",
    "translation-words": "stands near words of translations",
    "shell-words": "stands in a command",
    "reads-environment": "stands where the environment is read",
    "query": "stands in a URL's query",
    "repeats-name": "repeats its own name",
    "is-name": "is its own name",
    "option": "is given to a command's option",
    "name-about": "its name is about a secret and does not hold it",
    "name-doing": "its name says what is done with a secret",
}


_NUMBERS = {
    "size": ("has a secret's length", "has not a secret's length"),
    "rarity": ("its letters are rare together", "its letters are common together"),
    "wordiness": ("holds no known words", "is made of known words"),
    "entropy": ("is random for its length", "is too regular to be random"),
    "changes": ("mixes kinds of characters", "keeps to one kind of characters"),
    "digits": ("holds digits as chance would have them", "its digits are not those of chance"),
    "distinct": ("hardly repeats a character", "repeats its characters"),
    "beyond-ascii": ("is plain text", "holds letters of a human language"),
    "signs": ("holds signs as passwords do", "holds signs as code does"),
    "name-size": ("its name is like those of secrets", "its name is not like those of secrets"),
    "name-words": ("its name is like those of secrets", "its name is not like those of secrets"),
}
"""What a number says where it speaks for a secret, and where it speaks against one."""


def say(feature: str, supports: bool, flags: frozenset[str]) -> str:
    """One feature's contribution in words, or '' where it has none that a person would follow."""
    if feature in _NUMBERS:
        return _NUMBERS[feature][0 if supports else 1]
    if feature not in flags:
        return ""  # what is absent moved the score; that is no reason to give
    if feature in _PLAIN:
        return _PLAIN[feature]
    head, _, rest = feature.partition(":")
    if head == "shape":
        return _SHAPES.get(rest, "")
    if head == "kind":
        return _NAMED.get(rest, "")
    if head in ("name-word", "name-last"):
        return f"its name says {rest}"
    if head == "quote":
        return {"": "is not quoted", "escaped": "stands in quotes within quotes"}.get(rest, "is a quoted literal")
    return {"decodes": "decodes to text", "basic": "stands in a Basic header"}.get(head, "")


def strongest_reasons(moved: dict[str, float], flags: Iterable[str], positive: bool, most: int = 3) -> tuple[str, ...]:
    """The reasons that pushed most towards the verdict, each in words and said once."""
    present = frozenset(flags)
    said: dict[str, float] = {}
    for feature, weight in moved.items():
        if weight and (weight > 0) == positive and (text := say(feature, weight > 0, present)):
            said[text] = said.get(text, 0.0) + abs(weight)
    ranked = sorted(said.items(), key=lambda item: (-item[1], item[0]))
    return tuple(text for text, _ in ranked[:most]) or ("is like what is usual in such places",)
