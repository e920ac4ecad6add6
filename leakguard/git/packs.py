"""Packs as the forest of deltas that they are: each object inflated once, each delta applied once, parents first.

Sources: git's gitformat-pack page for packs and indexes. The hot loops are in `kernel`.
"""

from __future__ import annotations

import contextlib
import mmap
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec
from isal import isal_zlib
from isal.igzip_lib import IsalError

from leakguard.git import kernel
from leakguard.git.old_index import as_version_2

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

COMMIT, TREE, BLOB, TAG = 1, 2, 3, 4
KINDS = {COMMIT: "commit", TREE: "tree", BLOB: "blob", TAG: "tag"}

_RELEASE_EVERY = 2 << 20
"""After about this many bytes of a pack were mapped by single reads, they are given back to the page cache."""
_AROUND = 64 << 10
"""What the system maps around a byte that is read, of a file that was written a little at a time."""


_TRUSTED = 64 << 10
"""Packed bytes up to which an object is inflated in one go; a hostile one of this size cannot unfold to over 64 MB."""


ALONE = 1 << 30
"""Bytes that an object which is read alone may have, and each that it is built on."""


_SIZES = 20
"""Bytes that the two sizes at a delta's beginning have at most."""
_HEAD = 1 << 10
"""Packed bytes that unfold to more than those, whatever tables come before them."""


class Failure(msgspec.Struct, frozen=True):
    """An object that cannot be had from its pack, and why."""

    number: int
    kind: int
    reason: str


class Columns(msgspec.Struct, frozen=True):
    """Of a pack's table what is needed where nothing is walked any more: see kernel_py.PackTable."""

    count: int
    oids: bytes
    types: bytes
    offsets: bytes
    heads: bytes
    sizes: bytes
    parents: bytes
    broken: list[tuple[int, str]]


class Pack:
    """A pack with the table of its objects. Pickles as paths and table; the file is mapped anew in each process."""

    def __init__(self, index: Path, hash_size: int) -> None:
        self.index = index
        self.hash_size = hash_size
        self.table: Any = None
        self._open()
        with index.open("rb") as file:
            # Not closed by hand: where the index is refused, the twin's views of it live as long as its exception.
            names = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        give_back = partial(_give_back, names, self._map)
        self.table = kernel.pack_table(as_version_2(names, hash_size), self._map, hash_size, give_back)
        self.release()
        self._views()

    def __getstate__(self) -> dict[str, Any]:
        return {"index": self.index, "hash_size": self.hash_size, "table": self.table}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._open()
        self._views()

    def _open(self) -> None:
        with self.index.with_suffix(".pack").open("rb") as file:
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self._read = 0
        self._areas = bytearray()

    def _views(self) -> None:
        table = self.table
        self.offsets = memoryview(table.offsets).cast("q")
        self.sizes = memoryview(table.sizes).cast("q")
        self.parents = memoryview(table.parents).cast("i")

    @property
    def count(self) -> int:
        """How many objects the pack holds."""
        return int(self.table.count)

    @property
    def checksum(self) -> bytes:
        """The checksum that ends the pack; the index names the same one."""
        return self._map[-self.hash_size :]

    @property
    def size(self) -> int:
        """Bytes of the pack file."""
        return len(self._map)

    def oid(self, number: int) -> str:
        """The id of an object, in hex."""
        size = self.hash_size
        return bytes(self.table.oids[number * size : (number + 1) * size]).hex()

    @property
    def is_promised(self) -> bool:
        """Whether what its objects lead to may be absent: the pack came into a partial clone."""
        return self.index.with_suffix(".promisor").exists()

    def families(self, budget: int) -> list[tuple[int, int, int]]:
        """Half-open spans of the table's order, whole delta trees of about `budget` packed bytes each; its bytes."""
        table = self.table
        step = max(1, len(table.last_child) * budget // max(1, len(self._map)))
        return kernel.families(table.order, table.depths, table.offsets, step, budget)

    def inflate(self, number: int, limit: int) -> bytes:
        """The stored bytes of an object (a delta's, where it is one). ValueError where they are not what they claim."""
        size, end = self.sizes[number], self.offsets[number + 1]
        start = self.offsets[number] + self.table.heads[number]
        if size > limit:
            raise ValueError(f"is {size} bytes, over the limit of {limit}")
        packed = self._map[start:end]
        self._read += end - start + _AROUND
        if self._read > _RELEASE_EVERY:
            self.release()
        try:
            if end - start > _TRUSTED:
                data: bytes = isal_zlib.decompressobj(15).decompress(packed, size + 1)
            else:
                data = isal_zlib.decompress(packed, 15, size + 1 if size < _TRUSTED else _TRUSTED)
        except IsalError as problem:  # type: ignore[misc]
            raise ValueError(f"does not inflate ({str(problem).splitlines()[0]})") from None
        if len(data) != size:
            raise ValueError(f"inflates to other than the {size} bytes that its header claims")
        return data

    def content_size(self, number: int) -> int:
        """How many bytes an object has, by its own word. ValueError where that cannot be read."""
        if self.parents[number] < 0:
            return int(self.sizes[number])
        size, shift, skipped = 0, 0, False
        for byte in self._beginning(number, _SIZES):
            size |= (byte & 127) << shift if skipped else 0
            shift += 7 if skipped else 0
            if byte < 128 and skipped:
                return size
            skipped = skipped or byte < 128  # the base's size comes first
        raise ValueError("its delta is cut off")

    def _beginning(self, number: int, most: int) -> bytes:
        """The first of an object's stored bytes. ValueError where they do not inflate."""
        start, end = self.offsets[number] + self.table.heads[number], self.offsets[number + 1]
        try:
            found: bytes = isal_zlib.decompressobj(15).decompress(self._map[start : min(end, start + _HEAD)], most)
        except IsalError as problem:  # type: ignore[misc]
            raise ValueError(f"does not inflate ({str(problem).splitlines()[0]})") from None
        return found

    def walk(
        self, begin: int, end: int, reader: kernel.TextReader | kernel.TreeReader, limit: int, first: int = 0
    ) -> kernel.Walk:
        """A walk over a span of the table's order. `limit` is the most stored bytes of one object; `first` is added to
        the numbers that are told.

        The reader's chain holds the contents, and no longer than a later object needs them: at most log2 of the
        family's size at a time. The pages that it maps are given back to the page cache as it goes on, or a later walk
        does: a family lies scattered over its pack, and few bytes that are read map many.
        """
        inflate = partial(self.inflate, limit=limit)
        return kernel.Walk(
            reader,
            self._map,
            self.table,
            begin,
            end,
            first,
            isal_zlib.decompress,
            inflate,
            self.release,
            self._areas,
        )

    def end_walks(self) -> None:
        """Let go of what only walks need: none is begun any more."""
        self.table = Columns(*(getattr(self.table, name) for name in Columns.__struct_fields__))
        self.release()

    def release(self) -> None:
        """Give the mapped pages back to the page cache; what is read again is mapped again."""
        self._read = 0
        self._areas.clear()
        _give_back(self._map)


def _give_back(*maps: mmap.mmap) -> None:
    """Give mapped pages back to the page cache."""
    with contextlib.suppress(AttributeError, OSError, ValueError):
        for mapped in maps:
            mapped.madvise(mmap.MADV_DONTNEED)


def open_packs(indexes: Sequence[Path], hash_size: int) -> tuple[list[Pack], list[tuple[str, str]]]:
    """Every pack that can be opened, and (name, reason) for the others."""
    packs: list[Pack] = []
    problems: list[tuple[str, str]] = []
    for index in indexes:
        try:
            packs.append(Pack(index, hash_size))
        except (OSError, ValueError) as problem:
            problems.append((index.with_suffix(".pack").name, f"cannot be used ({problem})"))
    return packs, problems
