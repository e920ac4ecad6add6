"""Records of fields between colons: pgpass (host:port:database:user:password) and htpasswd (user:hash)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from leakguard.formats.reader import MOST, Assignment

if TYPE_CHECKING:
    from collections.abc import Iterator

_PATH = re.compile(r"(?:^|/)(?:\.pgpass|pgpass\.conf|[^/]*htpasswd[^/]*)$")
_PGPASS = re.compile(
    rb"^(?P<host>[^#:\s][^:\n]*):(?:[0-9]+|\*):[^:\n]*:[^:\n]*:(?P<value>(?:\\.|[^\\\n\r])+)", re.MULTILINE
)
_HTPASSWD = re.compile(rb"^(?P<host>[^#:\s][^:\n]{0,200}):(?P<value>[^:\s]{8,200})[ \t]*\r?$", re.MULTILINE)


class ColonReader:
    def handles(self, path: str) -> bool:
        return _PATH.search(path) is not None

    def read(self, data: bytes) -> Iterator[Assignment]:
        records = list(_PGPASS.finditer(data)) or list(_HTPASSWD.finditer(data))
        for found in records[:MOST]:
            name = "hash" if found["value"].startswith((b"$", b"{SHA")) else "password"
            yield Assignment(f"{found['host'].decode('utf-8', 'replace')}.{name}", found["value"], *found.span("value"))


READER = ColonReader()
