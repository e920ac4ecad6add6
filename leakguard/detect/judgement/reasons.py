"""Features as words that a person reads."""

from __future__ import annotations

from collections.abc import Iterable

_SHAPES = {
    "uuid": "looks like a UUID", "number": "is a number", "hex": "is a long run of hexadecimal digits", "bytes": "is an array of bytes",
    "date": "is a date", "version": "is a version", "url": "is a URL", "email": "is an e-mail address", "hash": "is a hash",
    "json": "is JSON", "template": "is a template to be filled in", "path": "looks like a path", "file": "is a file's name",
    "dotted": "reads like a member of an object in code", "call": "reads like a function call", "constant": "reads like a constant's name",
    "snake": "is words joined by underscores", "kebab": "is words joined by hyphens", "lower": "is lower-case letters only",
    "upper": "is capital letters only", "title": "is one capitalised word", "camel": "reads like an identifier in code",
    "worddigits": "is a word with a number", "phrase": "is several words", "alnum": "mixes letters and digits",
    "base64": "looks like base64", "other": "mixes letters, digits and signs",
}  # fmt: skip
_RARE = ("common", "common", "common", "common", "ordinary", "ordinary", "unusual", "rare", "rare", "very rare", "very rare")
_NAMED = {
    "password": "is assigned to a password", "secret-key": "is assigned to a secret key", "api-key": "is assigned to an API key",
    "secret": "is assigned to a secret", "token": "is assigned to a token", "salt": "is assigned to a salt or seed",
    "credential": "is assigned to a credential", "basic": "stands in a Basic header or an SQL statement", "auth": "is used to authenticate",
    "key": "is assigned to a key", "other": "has no telling name",
}  # fmt: skip
_PLAIN = {
    "sequence": "holds a run such as 1234 or aaa", "stand-in": "holds a stand-in's word", "own-word": "holds a word such as password or token",
    "padding": "ends in base64 padding", "comment": "stands in a comment", "testing-words": "stands near words of tests or examples",
    "code-words": "stands in a declaration", "translation-words": "stands near words of translations", "shell-words": "stands in a command",
    "reads-environment": "stands where the environment is read", "query": "stands in a URL's query", "repeats-name": "repeats its own name",
    "is-name": "is its own name", "option": "is given to a command's option",
}  # fmt: skip


def _rarity(text: str) -> str:
    return f"its letters are {_RARE[min(int(text), len(_RARE) - 1)]} together"


def _wordiness(text: str) -> str:
    return {"0": "holds no known word", "5": "is made of known words"}.get(text, "holds known words")


def _assigned(text: str) -> str:
    mark = text.split("+")[0]
    return {"": "is not quoted", "escaped": "stands in quotes within quotes"}.get(mark, "is a quoted literal")


def say(feature: str) -> str:
    """One feature in words; crosses of several say the first part that has words."""
    if feature in _PLAIN:
        return _PLAIN[feature]
    head, _, rest = feature.partition(":")
    first = rest.split("+")[0]
    plain = {
        "shape": lambda: _SHAPES.get(first, ""),
        "rare": lambda: _rarity(first),
        "words": lambda: _wordiness(first),
        "kind": lambda: _NAMED.get(first, ""),
        "quote": lambda: _assigned(first),
        "name-word": lambda: f"its name says {first}",
        "name-last": lambda: f"its name ends in {first}",
        "size": lambda: "has a secret's length" if int(first) > 3 else "is short",
        "bits": lambda: "is random for its length" if int(first) > 4 else "is regular",
        "shape+words": lambda: _SHAPES.get(first, ""),
        "shape+rare": lambda: _SHAPES.get(first, ""),
        "shape+size": lambda: _SHAPES.get(first, ""),
        "decodes": lambda: "decodes to text",
    }.get(head)
    if plain:
        return plain()
    if head.startswith("kind+"):
        return _NAMED.get(first, "")
    return ""


def strongest_reasons(told: Iterable[tuple[float, str]], positive: bool, most: int = 3) -> tuple[str, ...]:
    """The reasons that pushed most towards the verdict, each in words and said once."""
    said: dict[str, float] = {}
    for weight, feature in told:
        text = say(feature)
        if text:
            said[text] = said.get(text, 0.0) + weight
    ranked = sorted(said.items(), key=lambda item: (-item[1] if positive else item[1], item[0]))
    return tuple(text for text, weight in ranked[:most] if (weight > 0) == positive) or ("is like what is usual in such places",)
