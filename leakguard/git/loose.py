"""Loose objects: one file each, its header and content deflated together.

Read here and not by libgit2, which never comes back from one that is cut off. Source: git's gitrepository-layout and
object-file.c.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from isal import isal_zlib
from isal.igzip_lib import IsalError

from leakguard.git.packs import KINDS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_HEADER = 64
"""More bytes than a header has."""
_KIND_OF = {name.encode(): kind for kind, name in KINDS.items()}


def find_loose(folders: Sequence[Path], oid: str) -> Path | None:
    """The file of an object in the first of the object folders that has one which is deflated."""
    for folder in folders:
        place = folder / oid[:2] / oid[2:]
        if not place.is_file():
            continue
        try:
            with place.open("rb") as file:
                head = file.read(2)
        except OSError:
            continue
        if len(head) == 2 and head[0] & 0x8F == 8 and not (head[0] << 8 | head[1]) % 31:
            return place
    return None


def loose_header(place: Path) -> tuple[int, int]:
    """Kind and size. ValueError where the file is damaged."""
    with place.open("rb") as file:
        kind, size, _ = _parse(_inflate(file.read(4 * _HEADER), _HEADER)[0])
    return kind, size


def read_loose(place: Path) -> tuple[int, bytes]:
    """Kind and content. ValueError where the file is damaged, or is not what its name says."""
    raw = place.read_bytes()
    kind, size, start = _parse(_inflate(raw[: 4 * _HEADER], _HEADER)[0])
    whole, ended = _inflate(raw, start + size + 1)
    if not ended or len(whole) != start + size:
        raise ValueError(f"does not inflate to the {size} bytes that its header claims")
    if hashlib.sha1(whole, usedforsecurity=False).hexdigest() != place.parent.name + place.name:
        raise ValueError("does not have the content that its id names")
    return kind, whole[start:]


def _inflate(raw: bytes, most: int) -> tuple[bytes, bool]:
    """At most so many bytes, and whether they are all."""
    stream = isal_zlib.decompressobj(15)
    try:
        return stream.decompress(raw, most), stream.eof
    except IsalError as problem:  # type: ignore[misc]
        raise ValueError(f"does not inflate ({str(problem).splitlines()[0]})") from None


def _parse(head: bytes) -> tuple[int, int, int]:
    """Kind, size and where the content begins."""
    said, nul, _ = head.partition(b"\0")
    name, _, size = said.partition(b" ")
    if not nul or name not in _KIND_OF or not size.isdigit():
        raise ValueError("has a malformed header")
    return _KIND_OF[name], int(size), len(said) + 1
