"""netrc: `machine HOST login USER password SECRET`, over as many lines as it likes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from leakguard.formats.reader import MOST, Assignment

if TYPE_CHECKING:
    from collections.abc import Iterator

_PATH = re.compile(r"(?:^|/)[._]netrc(?:\.\w+)?$|\.netrc$")
_PAIR = re.compile(rb"\b(machine|login|password|account)[ \t\r\n]+(\S{1,400})")


class NetrcReader:
    def handles(self, path: str) -> bool:
        return _PATH.search(path) is not None

    def read(self, data: bytes) -> Iterator[Assignment]:
        machine = "default"
        for count, found in enumerate(_PAIR.finditer(data)):
            if count >= MOST:
                return
            word, value = found[1].decode(), found[2]
            if word == "machine":
                machine = value.decode("utf-8", "replace")
            else:
                yield Assignment(f"{machine}.{word}", value, *found.span(2))


READER = NetrcReader()
