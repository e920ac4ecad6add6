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
    rb'"(?P<string>[^"\\\n]*(?:\\.[^"\\\n]*)*)"(?P<key>\s*:)?|(?P<sign>[{}\[\]])|//[^\n]*|/\*.*?\*/', re.DOTALL
)
"""What structure needs: strings, those of them that are keys, and brackets. Numbers and commas are stepped over."""
_NAMES = ("name", "key", "variable", "field")
_VALUES = ("value", "val", "secretvalue", "default")


class _Frame:
    """One object or array that is open: the keys down to it, the key awaiting a value, what `name` in it said."""

    __slots__ = ("path", "pending", "said")

    def __init__(self, path: str) -> None:
        self.path, self.pending, self.said = path, "", ""

    def called(self, leaf: str) -> str:
        return f"{self.path}.{leaf}" if self.path and leaf else self.path or leaf


class JsonReader:
    def handles(self, path: str) -> bool:
        return _PATH.search(path) is not None

    def read(self, data: bytes) -> Iterator[Assignment]:
        stack: list[_Frame] = []
        frame, count = _Frame(""), 0
        for token in _TOKEN.finditer(data):
            kind = token.lastgroup
            if kind == "key":
                frame.pending = token["string"].decode("utf-8", "replace")
            elif kind == "string":
                if frame.pending or frame.path:
                    yield _assignment(frame, token)
                    frame.pending = ""
                    count += 1
                    if count >= MOST:
                        return
            elif kind == "sign":
                if token["sign"] in b"{[":
                    if len(stack) < DEEPEST:
                        stack.append(frame)
                        frame = _Frame(frame.called(frame.pending))
                elif stack:
                    frame = stack.pop()
                    frame.pending = ""


def _assignment(frame: _Frame, token: re.Match[bytes]) -> Assignment:
    key, value = frame.pending, token["string"]
    small = key.lower()
    if small in _NAMES:
        frame.said = value.decode("utf-8", "replace")
    leaf = frame.said if frame.said and small in _VALUES else key
    return Assignment(frame.called(leaf), value, *token.span("string"))


READER = JsonReader()
