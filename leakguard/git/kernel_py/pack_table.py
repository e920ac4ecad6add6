"""A pack as the forest of deltas that it is."""

from __future__ import annotations

import sys
from array import array
from dataclasses import dataclass
from itertools import accumulate, compress, islice, pairwise
from operator import le, lt
from typing import TYPE_CHECKING, NamedTuple

from leakguard.git.kernel_error import KernelError
from leakguard.git.kernel_py.buffers import check_hash_len, split

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from typing_extensions import Buffer

_INDEX_HEAD = 8 + 4 * 256
_PACK_HEAD = 12
_OFS_DELTA, _REF_DELTA = 6, 7
_ROOT, _BROKEN = -1, -2
_INDEX_TRUNCATED = "the pack index is truncated"
_INDEX_OUTSIDE = "the pack index points outside of the pack"
_BAD_FANOUT = "the pack index's fanout does not fit its ids"
_CUT_SHORT = "its header is truncated"
_BASE_OUTSIDE = "its delta base lies outside of the pack"
_FORGET_EVERY = 8 << 20
"""Bytes of a pack between two calls of `forget`."""


@dataclass(frozen=True)
class PackTable:
    """The objects of a pack, numbered by ascending offset, and the forest of their deltas.

    ``order`` is a depth-first preorder: roots by offset, and of a node's children the one with the fewest
    objects below it first, the one with the most last. ``last_child`` is 1 where nothing after this object
    needs its parent. Whoever frees the parent's content there holds at most log2(count) + 2 contents.
    """

    count: int
    oids: bytes
    """count * hash_len bytes."""
    types: bytes
    """A git type each (1 commit, 2 tree, 3 blob, 4 tag), a delta's is its root's; 0 where unknown."""
    offsets: bytes
    """int64: where each object starts in the pack, and at last where the pack's checksum does."""
    heads: bytes
    """How many bytes of each come before its deflated data; 0 where the header is broken."""
    sizes: bytes
    """int64: the inflated size that its header claims, for a delta that of the delta."""
    parents: bytes
    """int32: the number of its delta base, -1 for a root, -2 for a broken object."""
    order: bytes
    """int32: the numbers of all objects that are not broken, in the order of the walk."""
    depths: bytes
    """int32: how many deltas lie below each object; along ``order``."""
    last_child: bytes
    """Flags; along ``order``."""
    broken: list[tuple[int, str]]
    """The other objects: number and reason. All below a broken object is broken as well."""


class _BrokenObject(Exception):  # noqa: N818 -- not an error: it becomes a row of PackTable.broken
    """An object's header cannot be read; its argument says why."""


class _Index(NamedTuple):
    names: list[bytes]
    offsets: list[int]  # in the order of names
    pack_checksum: bytes


def _big_endian(raw: bytes, code: str) -> array[int]:
    numbers = array(code, raw)
    if sys.byteorder == "little":
        numbers.byteswap()
    return numbers


def _index_count(idx: memoryview, hash_len: int) -> int:
    """How many objects an index of version 2 lists; also checks its head and its length."""
    if len(idx) < _INDEX_HEAD + 2 * hash_len:
        raise KernelError(_INDEX_TRUNCATED)
    if idx[:8].tobytes() != b"\xfftOc\0\0\0\2":
        raise KernelError("the pack index is not of version 2")
    fanout = _big_endian(idx[8:_INDEX_HEAD].tobytes(), "I")
    if not all(map(le, fanout, islice(fanout, 1, None))):
        raise KernelError(_BAD_FANOUT)
    count = fanout[255]
    spare = len(idx) - _INDEX_HEAD - 2 * hash_len - count * (hash_len + 8)
    if spare < 0:
        raise KernelError(_INDEX_TRUNCATED)
    if spare % 8:
        raise KernelError("the pack index's length does not fit its count")
    if count >= 0x7FFFFFFF:
        raise KernelError("the pack index counts too many objects")
    return count


def _read_names(idx: memoryview, count: int, hash_len: int) -> list[bytes]:
    raw = idx[_INDEX_HEAD : _INDEX_HEAD + count * hash_len].tobytes()
    names = split(raw, hash_len)
    if not all(map(lt, names, islice(names, 1, None))):
        raise KernelError("the pack index's ids do not ascend")
    first_bytes = raw[::hash_len]
    counts = accumulate(first_bytes.count(byte) for byte in range(256))
    if list(counts) != _big_endian(idx[8:_INDEX_HEAD].tobytes(), "I").tolist():
        raise KernelError(_BAD_FANOUT)
    return names


def _check_pack_head(pack: memoryview, count: int, checksum: bytes) -> None:
    if len(pack) < _PACK_HEAD + len(checksum):
        raise KernelError("the pack is truncated")
    if pack[:4].tobytes() != b"PACK":
        raise KernelError("the pack does not begin with PACK")
    version, pack_count = _big_endian(pack[4:12].tobytes(), "I")
    if version not in (2, 3):
        raise KernelError("the pack is not of version 2 or 3")
    if pack_count != count:
        raise KernelError("the pack and its index count different numbers of objects")
    if pack[-len(checksum) :].tobytes() != checksum:
        raise KernelError("the pack index belongs to another pack")


def _read_offsets(idx: memoryview, count: int, hash_len: int, body_end: int) -> list[int]:
    """The objects' offsets in the pack, in the order of the index, each of them inside of the pack's body."""
    start = _INDEX_HEAD + count * (hash_len + 4)
    stop = start + 4 * count
    offsets = _big_endian(idx[start:stop].tobytes(), "I").tolist()
    long_offsets = _big_endian(idx[stop : len(idx) - 2 * hash_len].tobytes(), "Q")
    if offsets and max(offsets) >> 31:
        for rank, offset in enumerate(offsets):
            if offset >> 31:
                if offset & 0x7FFFFFFF >= len(long_offsets):
                    raise KernelError("the pack index refers to a 64-bit offset that it does not hold")
                offsets[rank] = offset = long_offsets[offset & 0x7FFFFFFF]
            if not _PACK_HEAD <= offset < body_end:
                raise KernelError(_INDEX_OUTSIDE)
    elif offsets and not _PACK_HEAD <= min(offsets) <= max(offsets) < body_end:
        raise KernelError(_INDEX_OUTSIDE)
    return offsets


def _read_base_offset(pack: memoryview, offset: int, at: int, end: int) -> tuple[int, int]:
    """(offset of an ofs-delta's base, where the delta's data starts)."""
    if at == end:
        raise _BrokenObject(_CUT_SHORT)
    byte = pack[at]
    distance = byte & 127
    at += 1
    while byte > 127:
        if at == end:
            raise _BrokenObject(_CUT_SHORT)
        if distance >= offset:
            raise _BrokenObject(_BASE_OUTSIDE)
        byte = pack[at]
        distance = (distance + 1) << 7 | byte & 127
        at += 1
    if not distance or offset - distance < _PACK_HEAD:
        raise _BrokenObject(_BASE_OUTSIDE)
    return offset - distance, at


def _read_header(pack: memoryview, offset: int, end: int, hash_len: int) -> tuple[int, int, int, int]:
    """(type, size, where the data starts, offset of an ofs-delta's base) of one object."""
    byte = pack[offset]
    at = offset + 1
    kind, size, shift, base_offset = byte >> 4 & 7, byte & 15, 4, 0
    while byte > 127:
        if at == end:
            raise _BrokenObject(_CUT_SHORT)
        if shift > 53:
            raise _BrokenObject("its size is out of range")
        byte = pack[at]
        size |= (byte & 127) << shift
        shift += 7
        at += 1
    if kind == _OFS_DELTA:
        base_offset, at = _read_base_offset(pack, offset, at, end)
    elif kind == _REF_DELTA:
        at += hash_len
        if at > end:
            raise _BrokenObject(_CUT_SHORT)
    elif kind in (0, 5):
        raise _BrokenObject("its type is not known to git")
    if at == end:
        raise _BrokenObject("it holds no data")
    return kind, size, at, base_offset


class _Objects:
    """What is being learned of a pack's objects; each list has an entry an object."""

    def __init__(self, offsets: list[int], body_end: int) -> None:
        count = len(offsets)
        self.offsets = [*offsets, body_end]
        self.types = bytearray(count)
        self.heads = bytearray(count)
        self.sizes = [0] * count
        self.parents = [_BROKEN] * count
        self.reasons: dict[int, str] = {}


def _read_objects(
    objects: _Objects,
    pack: memoryview,
    names: list[bytes],
    number_of: Sequence[int],
    forget: Callable[[], object] | None,
) -> None:
    hash_len = len(names[0]) if names else 0
    due = _FORGET_EVERY
    by_offset = {offset: number for number, offset in enumerate(objects.offsets[:-1])}
    by_name: dict[bytes, int] = {}
    for number, (offset, end) in enumerate(pairwise(objects.offsets)):
        if forget and offset >= due:
            forget()
            due = offset + _FORGET_EVERY
        try:
            kind, size, start, base_offset = _read_header(pack, offset, end, hash_len)
        except _BrokenObject as broken:
            objects.reasons[number] = str(broken)
            continue
        objects.heads[number] = start - offset
        objects.sizes[number] = size
        if kind == _OFS_DELTA:
            parent = objects.parents[number] = by_offset.get(base_offset, _BROKEN)
            if parent == _BROKEN:
                objects.reasons[number] = "its delta base is not where an object starts"
        elif kind == _REF_DELTA:
            by_name = by_name or dict(zip(reversed(names), reversed(number_of), strict=True))
            base = pack[start - hash_len : start].tobytes()
            parent = objects.parents[number] = by_name.get(base, _BROKEN)
            if parent == _BROKEN:
                objects.reasons[number] = f"base {base.hex()} is not in this pack"
        else:
            objects.types[number] = kind
            objects.parents[number] = _ROOT


def _weigh(parents: list[int]) -> list[int]:
    """How many objects each subtree has. Peels leaf after leaf; what cycles keep back is never asked for."""
    pending = [0] * len(parents)
    for parent in parents:
        if parent >= 0:
            pending[parent] += 1
    weights = [1] * len(parents)
    for leaf in [number for number, children in enumerate(pending) if not children]:
        node, parent = leaf, parents[leaf]
        while parent >= 0:
            weights[parent] += weights[node]
            pending[parent] -= 1
            if pending[parent]:
                break
            node, parent = parent, parents[parent]
    return weights


def _list_children(parents: list[int]) -> dict[int, list[int]]:
    """Each parent's children, the one with the most objects below it first, as a stack wants them."""
    weights = _weigh(parents)
    children: dict[int, list[int]] = {}
    for node in sorted(range(len(parents)), key=weights.__getitem__):
        if parents[node] >= 0:
            children.setdefault(parents[node], []).append(node)
    for siblings in children.values():
        siblings.reverse()
    return children


def _walk(objects: _Objects, children: dict[int, list[int]]) -> tuple[array[int], array[int], bytearray]:
    """(order, depths, last_child); also gives each delta the type of its root."""
    order, depths, last_child = array("i"), array("i"), bytearray()
    types, parents = objects.types, objects.parents
    depth_of = [0] * len(parents)
    stack = [number for number, parent in enumerate(parents) if parent == _ROOT]
    stack.reverse()
    while stack:
        node = stack.pop()
        parent = parents[node]
        order.append(node)
        if parent >= 0:
            depth_of[node] = depth_of[parent] + 1
            types[node] = types[parent]
            last_child.append(children[parent][0] == node)
        else:
            last_child.append(0)
        depths.append(depth_of[node])
        if node in children:
            stack += children[node]
    return order, depths, last_child


def _mark_broken(objects: _Objects, children: dict[int, list[int]], reached: Sequence[int]) -> None:
    """Gives a reason to all objects that the walk did not come to, and makes their parents -2."""
    parents, reasons = objects.parents, objects.reasons
    below = [child for node in reasons for child in children.get(node, ())]
    while below:
        node = below.pop()
        reasons[node] = "its delta base is broken"
        below += children.get(node, ())
    unreached = bytearray(b"\1") * len(parents)
    for node in reached:
        unreached[node] = 0
    for node in compress(range(len(parents)), unreached):
        reasons.setdefault(node, "its delta chain is a cycle")
        parents[node] = _BROKEN


def pack_table(idx: Buffer, pack: Buffer, hash_len: int, forget: Callable[[], object] | None = None, /) -> PackTable:
    """Reads a pack's index (version 2) and the header of each of its objects.

    ``hash_len`` is 20 or 32. ``forget`` is called every few megabytes: what was read of the pack until then is not
    asked for again. An object that cannot be read never fails the table, it is listed as broken.
    Raises KernelError where the index is malformed or not this pack's, or the pack is not of version 2 or 3.
    """
    check_hash_len(hash_len)
    idx_view, pack_view = memoryview(idx).cast("B"), memoryview(pack).cast("B")
    count = _index_count(idx_view, hash_len)
    names = _read_names(idx_view, count, hash_len)
    _check_pack_head(pack_view, count, idx_view[-2 * hash_len : -hash_len].tobytes())
    body_end = len(pack_view) - hash_len
    rank_offsets = _read_offsets(idx_view, count, hash_len, body_end)
    ranks = sorted(range(count), key=rank_offsets.__getitem__)
    number_of = array("i", bytes(4 * count))
    for number, rank in enumerate(ranks):
        number_of[rank] = number
    offsets = [rank_offsets[rank] for rank in ranks]
    if len(set(offsets)) < count:
        raise KernelError("the pack index lists an offset twice")
    objects = _Objects(offsets, body_end)
    _read_objects(objects, pack_view, names, number_of, forget)
    children = _list_children(objects.parents)
    order, depths, last_child = _walk(objects, children)
    _mark_broken(objects, children, order)
    return PackTable(
        count=count,
        oids=b"".join([names[rank] for rank in ranks]),
        types=bytes(objects.types),
        offsets=array("q", objects.offsets).tobytes(),
        heads=bytes(objects.heads),
        sizes=array("q", objects.sizes).tobytes(),
        parents=array("i", objects.parents).tobytes(),
        order=order.tobytes(),
        depths=depths.tobytes(),
        last_child=bytes(last_child),
        broken=sorted(objects.reasons.items()),
    )
