"""Pack indexes of version 1, told as of version 2, which the kernel reads.

Git wrote them until 2008, and still does where `pack.indexVersion` says so. Source: git's gitformat-pack page.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mmap import mmap

_MAGIC = b"\xfftOc"
_FANOUT = 4 * 256
_LARGE = 1 << 31
"""From here on version 2 keeps offsets in a list of their own, 64 bits each."""


def as_version_2(index: bytes | mmap, hash_size: int) -> bytes | mmap:
    """The index as it is, or what version 2 says for one of version 1, without checksums of the packed objects, which
    nothing here asks for. ValueError where it is of neither version, or cut off."""
    if index[:4] == _MAGIC:
        return index
    row = struct.Struct(f">I{hash_size}s")
    end = _FANOUT + row.size * int.from_bytes(index[_FANOUT - 4 : _FANOUT], "big")
    if len(index) != end + 2 * hash_size:
        raise ValueError("the pack index is neither of version 2 nor a whole one of version 1")
    rows = list(row.iter_unpack(index[_FANOUT:end]))
    large = [offset for offset, _ in rows if offset >= _LARGE]
    numbers = iter(range(_LARGE, _LARGE + len(large)))
    short = [offset if offset < _LARGE else next(numbers) for offset, _ in rows]
    parts = [
        _MAGIC + b"\0\0\0\2",
        index[:_FANOUT],
        b"".join([oid for _, oid in rows]),
        bytes(4 * len(rows)),
        struct.pack(f">{len(short)}I", *short),
        struct.pack(f">{len(large)}Q", *large),
        index[end:],
    ]
    return b"".join(parts)
