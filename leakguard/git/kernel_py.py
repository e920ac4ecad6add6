"""The kernel in plain Python: the same names, results and errors as the compiled one.

It takes over where no compiler was there at install time, and the tests hold the two against each
other. Packed numbers are ``bytes`` in native byte order, read with ``memoryview(...).cast("q")`` for
int64 and ``.cast("i")`` for int32. Offsets are half-open bytes. A buffer is anything that holds
contiguous bytes: ``bytes``, ``bytearray``, ``memoryview``, ``mmap``.

Sources: git's gitformat-pack page ("Deltified representation", "Version 2 pack-*.idx files") and
git's tree-walk.c for what makes a tree entry malformed.
"""

from __future__ import annotations

import re
import sys
from array import array
from bisect import bisect_left
from dataclasses import dataclass
from io import BytesIO
from itertools import accumulate, compress, islice
from operator import le
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from leakguard.git.kernel_error import KernelError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from typing_extensions import Buffer

__all__ = [
    "KernelError",
    "OidTable",
    "PackTable",
    "append_names",
    "apply_delta",
    "apply_delta_dirty",
    "inherit",
    "pack_table",
    "parse_tree",
    "reach",
    "tree_edges",
]


def _as_bytes(buffer: Buffer) -> bytes:
    return buffer if type(buffer) is bytes else memoryview(buffer).tobytes()


def _check_hash_len(hash_len: int) -> None:
    if hash_len not in (20, 32):
        raise KernelError("an object id is 20 or 32 bytes long")


# ---- deltas ---------------------------------------------------------------------------------------

_LEAST_GAP = 64  # A copy whose unscanned middle would be shorter than this is scanned whole.
_MOST_MARGIN = 1 << 20
_TRUNCATED_DELTA = "the delta is truncated"
_TOO_LONG = "the delta's result is longer than its header says"


def _copy_form(opcode: int) -> tuple[int, int, int]:
    """How to read a copy's operands at once: their length, then mask and width of the offset's bits.

    The bits of the opcode say which bytes of offset and size follow. Where bytes are left out in the
    middle, which is rare, the mask is -1 and ``_scattered_copy`` has to put them in their places.
    """
    offset_flags, size_flags = opcode & 15, opcode >> 4 & 7
    length = (opcode & 127).bit_count()
    if offset_flags & (offset_flags + 1) or size_flags & (size_flags + 1):
        return length, -1, 0
    width = 8 * offset_flags.bit_count()
    return length, (1 << width) - 1, width


_COPY_FORMS = [_copy_form(opcode) for opcode in range(256)]


def _scattered_copy(opcode: int, operands: bytes) -> tuple[int, int]:
    packed = 0
    position = 0
    for number in range(7):
        if opcode >> number & 1:
            packed |= operands[position] << 8 * number
            position += 1
    return packed & 0xFFFFFFFF, packed >> 32


def _read_size(delta: bytes, at: int) -> tuple[int, int]:
    size = shift = 0
    while True:
        if at >= len(delta):
            raise KernelError(_TRUNCATED_DELTA)
        if shift > 56:
            raise KernelError("a size in the delta is out of range")
        byte = delta[at]
        at += 1
        size |= (byte & 127) << shift
        if byte < 128:
            return size, at
        shift += 7


def _read_delta_header(base_len: int, delta: bytes, limit: int) -> tuple[int, int]:
    size, at = _read_size(delta, 0)
    if size != base_len:
        raise KernelError("the delta was made for a base of another size")
    size, at = _read_size(delta, at)
    if size > limit:
        raise KernelError("the delta's result is over the size limit")
    return size, at


_Copy = tuple[int, int, int]  # [start, end) of the child, shift = child position - base position


def _end_copy(copies: list[_Copy], start: int, end: int, resume: int) -> None:
    # Shorter ones cannot be clean, unless one is all of the child.
    if end - start >= _LEAST_GAP or start == 0 < end:
        copies.append((start, end, end - resume))


def _run(base: bytes, delta: bytes, limit: int) -> tuple[bytes, list[_Copy]]:
    """Applies a delta; returns the child and its copies, those that go on in the base joined.

    Copies too short to be clean are left out, so that a hostile delta of one-byte copies costs little.
    """
    child_len, at = _read_delta_header(len(base), delta, limit)
    base_len, stop = len(base), len(delta)
    forms, from_bytes = _COPY_FORMS, int.from_bytes
    out = BytesIO()
    write = out.write
    copies: list[_Copy] = []
    done = start = end = resume = 0  # The last copy made [start, end); the base goes on at resume.
    while at < stop:
        opcode = delta[at]
        at += 1
        if opcode > 127:
            length, mask, width = forms[opcode]
            operands = delta[at : at + length]
            at += length
            if at > stop:
                raise KernelError(_TRUNCATED_DELTA)
            if mask < 0:
                offset, size = _scattered_copy(opcode, operands)
            else:
                packed = from_bytes(operands, "little")
                offset, size = packed & mask, packed >> width
            size = size or 0x10000
            if offset + size > base_len:
                raise KernelError("the delta copies from beyond its base")
            write(base[offset : offset + size])
            if offset != resume or end != done:
                _end_copy(copies, start, end, resume)
                start = done
            done += size
            end, resume = done, offset + size
        elif opcode:
            write(delta[at : at + opcode])
            at += opcode
            done += opcode
            if at > stop:
                raise KernelError(_TRUNCATED_DELTA)
        else:
            raise KernelError("the delta holds the reserved opcode 0")
        if done > child_len:
            raise KernelError(_TOO_LONG)
    if done != child_len:
        raise KernelError("the delta's result is shorter than its header says")
    _end_copy(copies, start, end, resume)
    return out.getvalue(), copies


def apply_delta(base: Buffer, delta: Buffer, limit: int, /) -> bytes:
    """The content that a pack delta makes of its base.

    ``limit`` is the largest result in bytes that is made at all. Raises KernelError where the delta is
    malformed or was made for a base of another size.
    """
    return _run(_as_bytes(base), _as_bytes(delta), limit)[0]


def _cut(child: bytes, base_len: int, copies: list[_Copy], margin: int) -> tuple[list[int], list[int]]:
    """(clean, windows): rows as in ``apply_delta_dirty``, but a window's are (start, end, accept_lo, accept_hi)."""
    clean: list[int] = []
    windows: list[int] = []
    find, rfind, child_len = child.find, child.rfind, len(child)
    window_start = accept_lo = 0
    for start, end, shift in copies:
        at_start = start == 0 == shift
        at_end = end == child_len and end - shift == base_len
        is_long = end - start > margin
        lo = left_end = accept_hi = start
        hi = right_start = end
        if not at_start:
            accept_hi = find(b"\n", start, start + margin + 1 if is_long else end)
            if accept_hi < 0:
                accept_hi = start + margin
            lo = left_end = accept_hi + 1
        if not at_end:
            hi = end - 1
            reach = end - margin - 1 if is_long else start
            right_start = rfind(b"\n", reach, end) + 1 or reach
        if right_start - left_end < _LEAST_GAP and not (at_start and at_end):
            continue
        if not at_start:
            windows += (window_start, left_end, accept_lo, accept_hi)
        clean += (lo, hi, shift, start, end)
        window_start, accept_lo = right_start, end
        if at_end:
            return clean, windows
    if child:
        windows += (window_start, child_len, accept_lo, child_len)
    return clean, windows


def _gather(child: bytes, windows: list[int], gather: bytearray) -> array[int]:
    """Appends each window's bytes and a newline to ``gather``; returns the rows of five that say where."""
    rows = array("q")
    pieces: list[bytes] = []
    gathered = len(gather)
    for start, end, accept_lo, accept_hi in zip(*[iter(windows)] * 4, strict=True):
        gather_end = gathered + end - start
        rows.extend((gathered, gather_end, start, accept_lo, accept_hi))
        pieces.append(child[start:end])
        gathered = gather_end + 1
    if pieces:
        gather += b"\n".join(pieces) + b"\n"
    return rows


def apply_delta_dirty(
    base: Buffer, delta: Buffer, limit: int, margin: int, gather: bytearray, /
) -> tuple[bytes, bytes, bytes]:
    r"""Applies a delta, and gathers what of its result has to be scanned again: (child, clean, windows).

    ``margin`` is W, the most bytes an anchor can be wide. Each dirty window's bytes and one ``b"\n"`` are
    appended to ``gather``; nothing is when the delta is malformed (KernelError).

    windows: int64 rows (gather_start, gather_end, child_start, accept_lo, accept_hi), ascending.
    clean:   int64 rows (lo, hi, shift, copy_start, copy_end) in the child's coordinates, ascending, where
             shift = child position - base position.

    An anchor's end e is the offset after its last byte. For e in [lo, hi] of a clean row the child has an
    anchor's end exactly if the base has one at e - shift. For e in [accept_lo, accept_hi] of a window it has
    one exactly if the scan of the window finds one there; what a window's scan finds elsewhere is void.

    Every e in 0..len(child) is in exactly one of these intervals. The child is walked from left to right with
    at most one window open, which has accepted from accept_lo on; at first that is 0. A copy [c0, c1) that is
    found clean either begins both texts and nothing was open before it (lo = 0), or closes the window at some
    accept_hi and has lo = accept_hi + 1. It then either ends both texts (hi = len(child), nothing follows), or
    has hi = c1 - 1 and opens the next window with accept_lo = c1. At the end an open window is closed with
    accept_hi = len(child). So each interval begins one after where the one before it ended. (A child of no
    bytes has no intervals, and no anchors.)

    The intervals are right. An anchor is at most W wide, holds no newline, and looks at one byte on either
    side of itself (for ``\b``). Let it be [s, e).

    - e in [lo, hi]: the bytes from s - 1 to e are the base's. On the right, hi = c1 - 1 puts byte e into the
      copy, or both texts end there. On the left, either both texts begin there; or a newline at lo - 1 >= c0
      bounds the anchor, s >= lo; or lo = c0 + W + 1 and s >= e - W >= c0 + 1.
    - e in [accept_lo, accept_hi], on the left: the window starts at the child's start; or after a newline,
      which bounds the anchor and which ``\b`` cannot tell from the newline before it in ``gather`` or from a
      text's start; or at c1 - W - 1, and s - 1 >= e - W - 1 >= c1 - W - 1. On the right: the window ends with
      the newline at accept_hi, or with the byte at accept_hi = c0 + W, or with the child, and ``\b`` cannot
      tell a text's end from a newline.

    A copy is not clean when fewer than 64 bytes between its two windows would stay unscanned: they become one
    window. That test also turns away all copies with lo > hi, since then its windows would overlap.
    """
    if not 1 <= margin <= _MOST_MARGIN:
        raise KernelError("the margin is not between 1 and 1048576 bytes")
    if not isinstance(gather, bytearray):
        raise TypeError("gather must be a bytearray")
    base = _as_bytes(base)
    child, copies = _run(base, _as_bytes(delta), limit)
    clean, windows = _cut(child, len(base), copies, margin)
    rows = _gather(child, windows, gather)
    return child, array("q", clean).tobytes(), rows.tobytes()


_FAR = 1 << 62


def inherit(clean: Buffer, ends: Buffer, /) -> bytes:
    """Carries the candidate ends of a base over to a child, through the child's clean copies.

    ``clean`` is what ``apply_delta_dirty`` returned, ``ends`` int64 and ascending. Returns int64 triples
    (index into ends, end in the child, row of clean), ascending by end: the base's candidates that the child
    has as well. One may come several times, as a base's bytes may. Raises KernelError for rows that no delta
    gives.
    """
    rows = _int64(clean, 5)
    base_ends = _int64(ends, 1)
    found = array("q")
    for row in range(len(rows) // 5):
        lo, hi, shift = rows[5 * row : 5 * row + 3]
        if lo < 0 or hi < lo or hi >= _FAR or shift > lo or shift <= -_FAR:
            raise KernelError("a clean interval is out of range")
        for number in range(bisect_left(base_ends, lo - shift), len(base_ends)):
            end = base_ends[number] + shift
            if end > hi:
                break
            if end < lo:
                raise KernelError("the candidate ends do not ascend")
            found.extend((number, end, row))
    return found.tobytes()


def _int64(buffer: Buffer, width: int) -> array[int]:
    raw = _as_bytes(buffer)
    if len(raw) % (8 * width):
        raise KernelError("the packed rows have a broken length")
    return array("q", raw)


# ---- packs ----------------------------------------------------------------------------------------

_INDEX_HEAD = 8 + 4 * 256
_PACK_HEAD = 12
_OFS_DELTA, _REF_DELTA = 6, 7
_ROOT, _BROKEN = -1, -2
_INDEX_TRUNCATED = "the pack index is truncated"
_INDEX_OUTSIDE = "the pack index points outside of the pack"
_BAD_FANOUT = "the pack index's fanout does not fit its ids"
_CUT_SHORT = "its header is truncated"
_BASE_OUTSIDE = "its delta base lies outside of the pack"


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
    """int64: where each object starts in the pack."""
    data_starts: bytes
    """int64: where its deflated data starts; its offset where the header is broken."""
    ends: bytes
    """int64: where the next object, or the pack's checksum, starts."""
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


def _split(raw: bytes, width: int) -> list[bytes]:
    return [raw[at : at + width] for at in range(0, len(raw), width)]


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
    names = _split(raw, hash_len)
    if not all(map(le, names, islice(names, 1, None))):
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
        self.offsets = offsets
        self.ends = [*offsets[1:], body_end] if count else []
        self.types = bytearray(count)
        self.data_starts = offsets.copy()
        self.sizes = [0] * count
        self.parents = [_BROKEN] * count
        self.reasons: dict[int, str] = {}


def _read_objects(objects: _Objects, pack: memoryview, names: list[bytes], number_of: Sequence[int]) -> None:
    hash_len = len(names[0]) if names else 0
    by_offset = dict(zip(objects.offsets, range(len(objects.offsets)), strict=True))
    by_name: dict[bytes, int] = {}
    for number, offset in enumerate(objects.offsets):
        try:
            kind, size, start, base_offset = _read_header(pack, offset, objects.ends[number], hash_len)
        except _BrokenObject as broken:
            objects.reasons[number] = str(broken)
            continue
        objects.data_starts[number] = start
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


def pack_table(idx: Buffer, pack: Buffer, hash_len: int, /) -> PackTable:
    """Reads a pack's index (version 2) and the header of each of its objects.

    ``hash_len`` is 20 or 32. An object that cannot be read never fails the table, it is listed as broken.
    Raises KernelError where the index is malformed or not this pack's, or the pack is not of version 2 or 3.
    """
    _check_hash_len(hash_len)
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
    _read_objects(objects, pack_view, names, number_of)
    children = _list_children(objects.parents)
    order, depths, last_child = _walk(objects, children)
    _mark_broken(objects, children, order)
    return PackTable(
        count=count,
        oids=b"".join([names[rank] for rank in ranks]),
        types=bytes(objects.types),
        offsets=array("q", offsets).tobytes(),
        data_starts=array("q", objects.data_starts).tobytes(),
        ends=array("q", objects.ends).tobytes(),
        sizes=array("q", objects.sizes).tobytes(),
        parents=array("i", objects.parents).tobytes(),
        order=order.tobytes(),
        depths=depths.tobytes(),
        last_child=bytes(last_child),
        broken=sorted(objects.reasons.items()),
    )


# ---- trees ----------------------------------------------------------------------------------------


class OidTable:
    """Finds where an object id stands among many, given as one run of bytes in any order.

    ``hash_len`` is 20 or 32. Of equal ids the first counts. Raises KernelError where the run's length is not
    a multiple of it.
    """

    def __init__(self, oids: Buffer, hash_len: int) -> None:
        _check_hash_len(hash_len)
        raw = _as_bytes(oids)
        if len(raw) % hash_len:
            raise KernelError("the ids have a broken length")
        self._count = len(raw) // hash_len
        self.hash_len = hash_len
        names = _split(raw, hash_len)
        self.positions: dict[bytes, int] = dict(zip(reversed(names), range(self._count - 1, -1, -1), strict=True))

    def __len__(self) -> int:
        """How many ids were given, equal ones counted apart."""
        return self._count

    def find(self, oid: Buffer, /) -> int:
        """The position of an object id among the table's, -1 where it is none of them."""
        key = _as_bytes(oid)
        if len(key) != self.hash_len:
            raise KernelError("the id has another length than the table's")
        return self.positions.get(key, -1)


_KIND_MASK, _KIND_TREE, _KIND_COMMIT = 0o170000, 0o040000, 0o160000  # S_IFMT and its values, as git uses them
_TREE_TRUNCATED = "the tree is truncated"
_BAD_MODE = "a tree entry's mode is malformed"

# Where no entry is, the last alternative takes one byte and leaves the groups empty: so a malformed tree shows
# itself by an empty match, and a well-formed one has none.
_ENTRIES = {hash_len: re.compile(rb"([0-7]{1,7}) ([^\0]+)\0(.{%d})|." % hash_len, re.DOTALL) for hash_len in (20, 32)}
_NO_ENTRY = (b"", b"", b"")


def _refuse_tree(data: bytes, hash_len: int) -> NoReturn:
    """Says what is wrong with a tree of which one entry is known to be malformed."""
    at = 0
    while at < len(data):
        digits = 0
        while at < len(data) and data[at] != 0x20:
            if digits == 7 or not 0x30 <= data[at] <= 0x37:
                raise KernelError(_BAD_MODE)
            digits += 1
            at += 1
        if at == len(data):
            raise KernelError(_TREE_TRUNCATED)
        if not digits:
            raise KernelError(_BAD_MODE)
        nul = data.find(b"\0", at + 1)
        if nul == at + 1:
            raise KernelError("a tree entry has no name")
        at = nul + 1 + hash_len
        if nul < 0 or at > len(data):
            raise KernelError(_TREE_TRUNCATED)
    raise AssertionError("the tree is not malformed")


def _read_entries(data: Buffer, hash_len: int) -> list[tuple[bytes, bytes, bytes]]:
    _check_hash_len(hash_len)
    raw = _as_bytes(data)
    entries: list[tuple[bytes, bytes, bytes]] = _ENTRIES[hash_len].findall(raw)
    if _NO_ENTRY in entries:
        _refuse_tree(raw, hash_len)
    return entries


def parse_tree(data: Buffer, hash_len: int, /) -> list[tuple[int, bytes, bytes]]:
    """The entries of a tree object: (mode, name, object id). Raises KernelError where it is malformed."""
    return [(int(mode, 8), name, oid) for mode, name, oid in _read_entries(data, hash_len)]


def tree_edges(
    data: Buffer, hash_len: int, trees: OidTable, blobs: OidTable, names: frozenset[bytes] | None, /
) -> tuple[bytes, bytes, bool]:
    """Which known trees and blobs a tree object names: (subtrees, contents, whether it holds one of names).

    Both are int32 positions, in the tree's order: of its subtrees in ``trees``, and of all else but submodules
    in ``blobs``. Raises KernelError where the tree is malformed.
    """
    _check_hash_len(hash_len)
    if not isinstance(trees, OidTable) or not isinstance(blobs, OidTable):
        raise TypeError("trees and blobs must be OidTables")
    if trees.hash_len != hash_len or blobs.hash_len != hash_len:
        raise KernelError("the tree's ids have another length than the tables'")
    entries = _read_entries(data, hash_len)
    named = names is not None and not names.isdisjoint([name for _, name, _ in entries])
    kinds = {mode: int(mode, 8) & _KIND_MASK for mode in {mode for mode, _, _ in entries}}
    tree_modes = {mode for mode, kind in kinds.items() if kind == _KIND_TREE}
    blob_modes = {mode for mode, kind in kinds.items() if kind not in (_KIND_TREE, _KIND_COMMIT)}
    return _known(entries, tree_modes, trees), _known(entries, blob_modes, blobs), named


def _known(entries: list[tuple[bytes, bytes, bytes]], modes: set[bytes], table: OidTable) -> bytes:
    positions = table.positions
    return array("i", [positions[oid] for mode, _, oid in entries if oid in positions and mode in modes]).tobytes()


def append_names(data: Buffer, hash_len: int, clean: Buffer | None, min_length: int, gather: bytearray, /) -> int:
    r"""Gathers the entry names of a tree object, a line each, and returns how many.

    Names shorter than ``min_length`` bytes are left out, and those whose whole entry lies in one clean copy
    (``clean`` as from ``apply_delta_dirty``): the base tree has the same. A newline in a name is gathered as a
    space. Nothing is gathered when the tree is malformed (KernelError).
    """
    _check_hash_len(hash_len)
    if not isinstance(gather, bytearray):
        raise TypeError("gather must be a bytearray")
    rows = _int64(b"" if clean is None else clean, 5)
    entries = _read_entries(data, hash_len)
    if rows:
        names = list(_changed_names(entries, hash_len, rows, min_length))
    else:
        names = [name for _, name, _ in entries if len(name) >= min_length]
    lines = b"\n".join(names)
    if lines.count(b"\n") >= len(names) > 0:
        lines = b"\n".join([name.replace(b"\n", b" ") for name in names])
    if names:
        gather += lines + b"\n"
    return len(names)


def _changed_names(
    entries: list[tuple[bytes, bytes, bytes]], hash_len: int, rows: Sequence[int], min_length: int
) -> Iterator[bytes]:
    """The names of entries that are not in one clean copy. Entries and copies ascend both."""
    copies = list(zip(rows[3::5], rows[4::5], strict=True))
    row = end = 0
    for mode, name, _ in entries:
        start, end = end, end + len(mode) + len(name) + hash_len + 2
        if len(name) < min_length:
            continue
        while row < len(copies) and copies[row][1] < end:
            row += 1
        if row == len(copies) or copies[row][0] > start:
            yield name


def reach(trees: Buffer, counts: Buffer, edges: Buffer, seeds: Buffer, total: int, /) -> bytes:
    """The edges (int32 pairs: tree, subtree) on which trees lead, over any number of steps, to the seeds.

    ``trees`` (int32) numbers some trees, ``counts`` says how many subtrees each has, ``edges`` holds those in a row;
    ``seeds`` are the numbers to begin with, all numbers are under ``total``. Breadth first, each tree once.
    """
    numbers, sizes, targets, first = (memoryview(part).cast("B").cast("i") for part in (trees, counts, edges, seeds))
    known = [*numbers, *targets, *first]
    if len(numbers) != len(sizes) or sum(sizes) != len(targets) or min(sizes, default=0) < 0:
        raise KernelError("the edges do not belong to the counts, or name objects that are not there")
    if known and not 0 <= min(known) <= max(known) < total:
        raise KernelError("the edges do not belong to the counts, or name objects that are not there")
    sources: dict[int, list[int]] = {}
    at = 0
    for tree, size in zip(numbers, sizes, strict=True):
        for target in targets[at : at + size]:
            sources.setdefault(target, []).append(tree)
        at += size
    queue = list(dict.fromkeys(first))
    seen = set(queue)
    pairs = array("i")
    for subtree in queue:
        for tree in sources.get(subtree, ()):
            pairs.extend((tree, subtree))
            if tree not in seen:
                seen.add(tree)
                queue.append(tree)
    return pairs.tobytes()
