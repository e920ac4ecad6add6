"""YAML by indentation: keys above keys, lists of name and value, and the base64 of Kubernetes Secrets.

No tags are resolved, no anchors followed; flow collections are left to the rules that read lines.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING

from leakguard.formats.reader import DEEPEST, MOST, Assignment

if TYPE_CHECKING:
    from collections.abc import Iterator

_PATH = re.compile(r"(?i)\.(?:ya?ml|yml\.\w+|yaml\.\w+)$|(?:^|/)(?:kubeconfig|\.kube/config)$")
_LINE = re.compile(
    rb"""^(?P<indent>[ ]*(?:-[ ]+)*)(?:
        (?P<document>---.*)
        |(?P<key>"[^"\n]{1,200}"|'[^'\n]{1,200}'|[^\s:\#'"{\[&*!|>-][^:\n\#]{0,200}?)[ \t]*:(?:[ \t]+|(?=\r?$))
         (?:"(?P<double>(?:\\.|[^"\\\n])*)"|'(?P<single>(?:''|[^'\n])*)'
           |(?P<plain>[^\s"'&*!|>{\[\#][^\n]*?))?[ \t]*(?:\#[^\n]*)?\r?$
    )""",
    re.VERBOSE | re.MULTILINE,
)
_SECRET = re.compile(rb"^kind:[ \t]*[\"']?Secret\b", re.MULTILINE)
_NAMES, _VALUES = ("name", "key", "variable"), ("value", "default")


class YamlReader:
    def handles(self, path: str) -> bool:
        return _PATH.search(path) is not None

    def read(self, data: bytes) -> Iterator[Assignment]:
        stack: list[tuple[int, str]] = []
        said: dict[int, str] = {}
        secret, count = self._is_secret(data, 0), 0
        for line in _LINE.finditer(data):
            if line["document"]:
                stack, said, secret = [], {}, self._is_secret(data, line.end())
                continue
            depth = len(line["indent"])
            if b"-" in line["indent"]:
                said.pop(depth, None)
            while stack and stack[-1][0] >= depth:
                stack.pop()
            key = line["key"].strip(b"\"'").decode("utf-8", "replace")
            kind = next((name for name in ("double", "single", "plain") if line[name]), "")
            if not kind:
                stack.append((depth, key))
                del stack[DEEPEST:]
                continue
            if key.lower() in _NAMES:
                said[depth] = line[kind].decode("utf-8", "replace")
            leaf = said[depth] if key.lower() in _VALUES and depth in said else key
            decoded = _decode(line[kind]) if secret and stack and stack[0][1] == "data" else b""
            yield Assignment(".".join([*(above for _, above in stack), leaf]), line[kind], *line.span(kind), decoded)
            count += 1
            if count >= MOST:
                return

    def _is_secret(self, data: bytes, start: int) -> bool:
        """Whether the document that begins at `start` is a Kubernetes Secret."""
        end = data.find(b"\n---", start)
        return _SECRET.search(data, start, len(data) if end < 0 else end) is not None


def _decode(value: bytes) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return b""


READER = YamlReader()
