"""Formats of one assignment a line: .env and its relatives, ini, properties, flat TOML and HCL, shell exports."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from leakguard.formats.reader import MOST, Assignment

if TYPE_CHECKING:
    from collections.abc import Iterator

_PATH = re.compile(
    r"(?i)(?:^|/)(?:\.env[\w.-]*|[^/]*\.(?:env|ini|cfg|conf|cnf|properties|toml|tf|tfvars|hcl|npmrc|pypirc)|\.npmrc|\.yarnrc|\.pypirc|"
    r"\.s3cfg|\.my\.cnf|\.boto|credentials|config|gradle\.properties)$"
)
_LINE = re.compile(
    rb"""^[ \t]*(?:
        \[+(?P<section>[^\]\n]{1,200})\]+
        |(?P<block>[A-Za-z_][\w-]*(?:[ \t]+"[^"\n]{0,100}"){0,3})[ \t]*\{[ \t]*$
        |(?P<close>\})
        |(?:export[ \t]+|set[ \t]+|[#;]+[ \t]*)?(?P<name>"[^"\n]{1,200}"|[A-Za-z_/][\w.:/@-]{0,200})[ \t]*[=:][ \t]*
         (?:"(?P<double>(?:\\.|[^"\\\n])*)"|'(?P<single>[^'\n]*)'
          |(?P<bare>[^\s\#;"'][^\n]*?))[ \t]*(?:[,;]?[ \t]*(?:[\#;][^\n]*)?)\r?$
    )""",
    re.VERBOSE | re.MULTILINE,
)


class LineReader:
    """Sections and blocks go before the name, joined by dots."""

    def handles(self, path: str) -> bool:
        return _PATH.search(path) is not None

    def read(self, data: bytes) -> Iterator[Assignment]:
        section, blocks, count = "", [], 0
        for found in _LINE.finditer(data):
            kind = found.lastgroup
            if kind == "section":
                section = _text(found["section"]).strip('"')
            elif kind == "block":
                blocks.append(_text(found["block"]).replace('"', "").replace(" ", "."))
            elif kind == "close":
                del blocks[-1:]
            else:
                name = ".".join(part for part in (section, *blocks[-8:], _text(found["name"]).strip('"')) if part)
                start, end = found.span(kind or "bare")
                yield Assignment(name, data[start:end], start, end)
                count += 1
            if count >= MOST:
                return


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


READER = LineReader()
