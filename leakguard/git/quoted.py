"""Lists of folders as git writes them, each quoted like a string of C where its name needs that.

Source: git's odb.c (parse_alt_odb_entry) and quote.c (unquote_c_style).
"""

from __future__ import annotations

import re

_QUOTED = re.compile(rb'"((?:[^"\\]|\\[abfnrtv\\"]|\\[0-3][0-7]{2})*)"', re.DOTALL)
_ESCAPED = re.compile(rb"\\([abfnrtv\\\"]|[0-7]{3})")
_MEANT = dict(zip(b"abfnrtv", b"\a\b\f\n\r\t\v", strict=True))


def parse_folders(listed: bytes, separator: bytes) -> list[bytes]:
    """The folders of a list. Comments are left out; what is quoted in no way that git knows is taken as it stands."""
    folders: list[bytes] = []
    at = 0
    while at < len(listed):
        quoted = _QUOTED.match(listed, at)
        if quoted is not None:
            folder, end = _ESCAPED.sub(_unescape, quoted[1]), quoted.end()
        else:
            end = listed.find(separator, at)
            end = len(listed) if end < 0 else end
            folder = b"" if listed[at : at + 1] == b"#" else listed[at:end]
        folders += [folder] if folder else []
        at = end + 1
    return folders


def _unescape(escape: re.Match[bytes]) -> bytes:
    said = escape[1]
    return bytes([int(said, 8) if len(said) == 3 else _MEANT.get(said[0], said[0])])
