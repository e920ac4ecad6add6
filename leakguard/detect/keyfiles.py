"""Files that are a key and nothing else: only their name tells what their one line is.

For texts whose path is known; a rule's own expression finds the key wherever a name stands beside it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from leakguard.detect.placeholders import placeholder_reason
from leakguard.model import Match, Secret

if TYPE_CHECKING:
    from collections.abc import Iterator


class KeyFile(msgspec.Struct, frozen=True):
    """One kind: the rule, the paths and the whole content, whose group `secret` is the key."""

    rule: str
    path: re.Pattern[str]
    content: re.Pattern[bytes]


KEY_FILES = (
    KeyFile(
        "ansible-vault-password",
        re.compile(
            r"(?i)(?:^|/)\.?(?:ansible[_.-]?)?vault[_.-]?(?:pass|passwd|password|secret|key)(?:[_.-]?file)?"
            r"(?:\.(?:txt|pass|key))?$"
        ),
        re.compile(rb"\s{0,8}(?P<secret>(?!#!|\$ANSIBLE_VAULT)[!-~](?:[ -~]{4,126}[!-~]))\s{0,8}"),
    ),
)
MOST = 200
"""No such file has more bytes than this."""


def key_file_matches(path: str, data: bytes) -> Iterator[Match]:
    """The key that a file of this path is, if it is one."""
    if not 0 < len(data) <= MOST:
        return
    for kind in KEY_FILES:
        found = kind.content.fullmatch(data) if kind.path.search(path) else None
        if found and not placeholder_reason(found["secret"]):
            start, end = found.span("secret")
            yield Match(kind.rule, Secret(found["secret"]), start, end, "high", ("is all that a key file holds",))
