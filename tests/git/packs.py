"""Writing packs and indexes by hand, so that tests can make them lie. Formats: git's gitformat-pack page."""

from __future__ import annotations

import hashlib
import struct
import zlib
from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

COMMIT, TREE, BLOB, TAG, OFS_DELTA, REF_DELTA = 1, 2, 3, 4, 6, 7


@dataclass
class Entry:
    """One object of a pack: its stored data, and what its header says of it."""

    kind: int
    data: bytes
    oid: str
    base: int | str | None = None
    claimed: int | None = None
    raw: bytes | None = None


def blob_id(content: bytes) -> str:
    """The id that git gives a blob."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def size_header(kind: int, size: int) -> bytes:
    """What an object of a pack begins with: its type and its size."""
    out = bytearray([(kind << 4) | (size & 15)])
    size >>= 4
    while size:
        out[-1] |= 0x80
        out.append(size & 0x7F)
        size >>= 7
    return bytes(out)


def distance(number: int) -> bytes:
    """How far before a delta its base begins, as the pack holds it."""
    out = [number & 0x7F]
    number >>= 7
    while number:
        number -= 1
        out.append(0x80 | (number & 0x7F))
        number >>= 7
    return bytes(reversed(out))


def write_pack(folder: Path, entries: list[Entry], name: str = "pack-" + "0" * 40) -> Path:
    """A pack and its index. An integer base is the place of another entry in the list."""
    body = bytearray(b"PACK" + struct.pack(">II", 2, len(entries)))
    offsets: list[int] = []
    crcs: list[int] = []
    for entry in entries:
        offsets.append(len(body))
        record = size_header(entry.kind, len(entry.data) if entry.claimed is None else entry.claimed)
        if entry.kind == OFS_DELTA:
            record += distance(len(body) - offsets[entry.base] if isinstance(entry.base, int) else 1)
        elif entry.kind == REF_DELTA:
            record += bytes.fromhex(str(entry.base))
        record += zlib.compress(entry.data, 1) if entry.raw is None else entry.raw
        crcs.append(zlib.crc32(record))
        body += record
    body += hashlib.sha1(body).digest()
    folder.mkdir(parents=True, exist_ok=True)
    pack = folder / f"{name}.pack"
    pack.write_bytes(body)
    rows = sorted(
        (bytes.fromhex(entry.oid), crc, offset) for entry, crc, offset in zip(entries, crcs, offsets, strict=True)
    )
    firsts = [oid[0] for oid, _, _ in rows]
    fanout = [bisect_right(firsts, byte) for byte in range(256)]
    index = b"\xfftOc" + struct.pack(">I", 2) + struct.pack(">256I", *fanout)
    index += b"".join(oid for oid, _, _ in rows)
    index += b"".join(struct.pack(">I", crc) for _, crc, _ in rows)
    index += b"".join(struct.pack(">I", offset) for _, _, offset in rows)
    index += bytes(body[-20:])
    pack.with_suffix(".idx").write_bytes(index + hashlib.sha1(index).digest())
    return pack
