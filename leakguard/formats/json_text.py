"""JSON and its relatives with comments: a tolerant walk over tokens with a stack of keys.

Two siblings `name` (or `key`) and `value` are read as the assignment that they describe: Postman, ECS, terraform state.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from leakguard.formats.reader import DEEPEST, MOST, Assignment

if TYPE_CHECKING:
    from collections.abc import Iterator

_PATH = re.compile(
    r"(?i)\.(?:json[5c]?|tfstate(?:\.backup)?|webmanifest|ipynb|har)$|(?:^|/)\.(?:babelrc|eslintrc|dockercfg)$"
)
_TOKEN = re.compile(
    rb'"(?P<string>(?:\\.|[^"\\\n])*)"|(?P<sign>[{}\[\]:,])|//[^\n]*|/\*.*?\*/|(?P<bare>[^\s{}\[\]:,"/]+)', re.DOTALL
)
_NAMES = ("name", "key", "variable", "field")
_VALUES = ("value", "val", "secretvalue", "default")


class _Frame:
    """One object or array that is open: the key awaiting a value, and what `name` among its members said."""

    def __init__(self, key: str) -> None:
        self.key, self.pending, self.said = key, "", ""


class JsonReader:
    def handles(self, path: str) -> bool:
        return _PATH.search(path) is not None

    def read(self, data: bytes) -> Iterator[Assignment]:
        stack, last, count = [_Frame("")], "", 0
        for token in _TOKEN.finditer(data):
            sign, frame = token["sign"], stack[-1]
            if sign == b":":
                frame.pending = last
            elif sign in (b"{", b"["):
                stack.append(_Frame(frame.pending or frame.key))
                del stack[DEEPEST:]
            elif sign in (b"}", b"]"):
                if len(stack) > 1:
                    stack.pop()
                stack[-1].pending = ""
            elif sign == b",":
                frame.pending = ""
            elif token["string"] is not None:
                last = token["string"].decode("utf-8", "replace")
                if not frame.pending and not _follows_colon(data, token.end()) and len(stack) > 1 and frame.key:
                    yield Assignment(_name(stack, ""), token["string"], *token.span("string"))
                elif frame.pending and not _follows_colon(data, token.end()):
                    yield self._member(stack, token)
                    count += 1
            if count >= MOST:
                return

    def _member(self, stack: list[_Frame], token: re.Match[bytes]) -> Assignment:
        frame = stack[-1]
        key, value = frame.pending, token["string"]
        if key.lower() in _NAMES:
            frame.said = value.decode("utf-8", "replace")
        leaf = frame.said if key.lower() in _VALUES and frame.said else key
        return Assignment(_name(stack, leaf), value, *token.span("string"))


def _follows_colon(data: bytes, at: int) -> bool:
    return data[at : at + 8].lstrip()[:1] == b":"


def _name(stack: list[_Frame], leaf: str) -> str:
    keys = [frame.key for frame in stack[1:] if frame.key]
    parts = [key for at, key in enumerate(keys) if at == 0 or key != keys[at - 1]]
    return ".".join([*parts, leaf] if leaf else parts)


READER = JsonReader()
