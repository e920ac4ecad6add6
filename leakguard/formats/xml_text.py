"""XML by tags: an element's text, and `key`/`name` beside `value` in attributes. No entities, no parser, no network."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from leakguard.formats.reader import DEEPEST, MOST, Assignment

if TYPE_CHECKING:
    from collections.abc import Iterator

_PATH = re.compile(r"(?i)\.(?:xml|config|csproj|props|plist|wsdl|nuspec|pom)$")
_TAG = re.compile(
    rb"<!--.*?-->|<(?P<close>/)?(?P<name>[A-Za-z_][\w.:-]{0,100})(?P<attributes>(?:\s+[\w.:-]+\s*=\s*(?:\"[^\"<]*\"|'[^'<]*'))*)\s*(?P<empty>/)?>"
    rb"(?P<text>[^<]*)",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(rb"([\w.:-]+)\s*=\s*(?:\"([^\"<]*)\"|'([^'<]*)')")
_NAMES = (b"key", b"name", b"id", b"username")


class XmlReader:
    def handles(self, path: str) -> bool:
        return _PATH.search(path) is not None

    def read(self, data: bytes) -> Iterator[Assignment]:
        stack: list[str] = []
        key, count = "", 0
        for tag in _TAG.finditer(data):
            if tag["name"] is None:
                continue
            if tag["close"]:
                del stack[-1:]
                continue
            name = tag["name"].decode("utf-8", "replace")
            yield from self._attributes(tag, ".".join([*stack, name]))
            text = tag["text"].strip()
            if text and not tag["empty"]:
                start = tag.start("text") + len(tag["text"]) - len(tag["text"].lstrip())
                leaf = key if name in ("string", "value") and key else name  # a property list's key stands before
                yield Assignment(".".join([*stack, leaf]), text, start, start + len(text))
            key = text.decode("utf-8", "replace") if name in ("key", "name") else ""
            if not tag["empty"]:
                stack.append(name)
                del stack[DEEPEST:]
            count += 1
            if count >= MOST:
                return

    def _attributes(self, tag: re.Match[bytes], above: str) -> Iterator[Assignment]:
        found = list(_ATTRIBUTE.finditer(data_of(tag), tag.start("attributes"), tag.end("attributes")))
        called = next((item[2] or item[3] or b"" for item in found if item[1].lower() in _NAMES), b"")
        for item in found:
            group = 2 if item[2] is not None else 3
            value = item[group]
            leaf = called if item[1].lower() == b"value" and called else item[1]
            if value:
                yield Assignment(f"{above}.{leaf.decode('utf-8', 'replace')}", value, *item.span(group))


def data_of(tag: re.Match[bytes]) -> bytes:
    """The text that a match was found in."""
    return tag.string


READER = XmlReader()
