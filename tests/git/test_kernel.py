"""The kernel, compiled and in plain Python: each against a naive reference, and the two against each other."""

from __future__ import annotations

import hashlib
import importlib
import os
import random
import re
import struct
import subprocess
import sys
import zlib
from array import array
from concurrent.futures import ThreadPoolExecutor
from math import log2
from typing import TYPE_CHECKING, Any

import pygit2
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from leakguard.git import kernel_py
from leakguard.git.kernel_error import KernelError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

try:
    compiled: ModuleType | None = importlib.import_module("leakguard.git._kernel")
except ImportError:
    compiled = None

needs_both = pytest.mark.skipif(compiled is None, reason="the compiled kernel is not built")
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
LIMIT = 1 << 24


@pytest.fixture(params=["python", pytest.param("c", marks=needs_both)])
def kernel(request: pytest.FixtureRequest) -> ModuleType:
    return kernel_py if request.param == "python" else compiled  # type: ignore[return-value]


def int64s(raw: bytes) -> list[int]:
    return memoryview(raw).cast("q").tolist()


def int32s(raw: bytes) -> list[int]:
    return memoryview(raw).cast("i").tolist()


def rows(raw: bytes, width: int = 5) -> list[tuple[int, ...]]:
    numbers = int64s(raw)
    return [tuple(numbers[at : at + width]) for at in range(0, len(numbers), width)]


def outcome(function: Callable[..., Any], *arguments: Any) -> tuple[str, Any]:
    try:
        return "result", function(*arguments)
    except (KernelError, TypeError) as error:
        return type(error).__name__, str(error)


# ---- deltas: written by hand ----------------------------------------------------------------------


def varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


def copy(offset: int, size: int) -> bytes:
    opcode, operands = 0x80, bytearray()
    for number, byte in enumerate(struct.pack("<I", offset) + struct.pack("<I", 0 if size == 0x10000 else size)[:3]):
        if byte:
            opcode |= 1 << number
            operands.append(byte)
    return bytes([opcode]) + operands


def insert(data: bytes) -> bytes:
    return b"".join(bytes([len(part)]) + part for part in (data[at : at + 127] for at in range(0, len(data), 127)))


Op = tuple[int, int] | bytes


def delta_of(base: bytes, ops: list[Op]) -> tuple[bytes, bytes]:
    """(child, delta) of operations that are (offset, size) copies or inserted bytes."""
    child = b"".join(op if isinstance(op, bytes) else base[op[0] : op[0] + op[1]] for op in ops)
    body = b"".join(insert(op) if isinstance(op, bytes) else copy(*op) for op in ops)
    return child, varint(len(base)) + varint(len(child)) + body


TEXT = b"aab k\n"  # Few letters, so that anchors fire often; few newlines, so that lines outgrow the margin.
NARROW = bytes(TEXT[byte % 6] if byte < 240 else 10 for byte in range(256))
LINELESS = NARROW.replace(b"\n", b"b")
texts = st.builds(lambda raw, table: raw.translate(table), st.binary(max_size=700), st.sampled_from([NARROW, LINELESS]))


@st.composite
def edits(draw: st.DrawFn) -> tuple[bytes, list[Op]]:
    base = draw(texts)
    ops: list[Op] = []
    for _ in range(draw(st.integers(0, 5))):
        if not base or draw(st.integers(0, 3)) == 0:
            ops.append(draw(st.binary(min_size=1, max_size=150)).translate(NARROW))
        else:
            start = draw(st.integers(0, len(base) - 1) | st.just(0))
            end = draw(st.integers(start + 1, len(base)) | st.just(len(base)))
            middle = draw(st.integers(start, end))
            ops += [(start, middle - start), (middle, end - middle)] if start < middle < end else [(start, end - start)]
    return base, ops


class TestApplyDelta:
    @unhurried
    @given(edits())
    def test_gives_what_the_operations_say(self, kernel: ModuleType, edit: tuple[bytes, list[Op]]) -> None:
        child, delta = delta_of(*edit)
        assert kernel.apply_delta(edit[0], delta, LIMIT) == child

    def test_reads_a_copy_without_size_as_64_kib(self, kernel: ModuleType) -> None:
        base = os.urandom(70_000)
        delta = varint(len(base)) + varint(0x10000) + bytes([0x82, 0x03])  # Only the offset's second byte.
        assert kernel.apply_delta(base, delta, LIMIT) == base[0x300 : 0x300 + 0x10000]

    def test_takes_any_buffer(self, kernel: ModuleType) -> None:
        child, delta = delta_of(b"abcdef", [(2, 3), b"x"])
        assert kernel.apply_delta(bytearray(b"abcdef"), memoryview(b"?" + delta)[1:], LIMIT) == child
        assert kernel.apply_delta(array("B", b"abcdef"), bytearray(delta), LIMIT) == child

    @pytest.mark.parametrize(
        ("delta", "sentence"),
        [
            (b"", "the delta is truncated"),
            (b"\x86", "the delta is truncated"),
            (b"\x06", "the delta is truncated"),
            (b"\xff" * 9 + b"\x01", "a size in the delta is out of range"),
            (b"\x05\x01\x01x", "the delta was made for a base of another size"),
            (b"\x06\x01", "the delta's result is shorter than its header says"),
            (b"\x06\x01\x02xy", "the delta's result is longer than its header says"),
            (b"\x06\x01\x90\x02", "the delta's result is longer than its header says"),
            (b"\x06\x03\x03xy", "the delta is truncated"),
            (b"\x06\x03\x91", "the delta is truncated"),
            (b"\x06\x03\x91\x02", "the delta is truncated"),
            (b"\x06\x07\x90\x07", "the delta copies from beyond its base"),
            (b"\x06\x03\x91\x04\x03", "the delta copies from beyond its base"),
            (b"\x06\x03\x9f\xff\xff\xff\xff\x03", "the delta copies from beyond its base"),
            (b"\x06\x03\x00", "the delta holds the reserved opcode 0"),
            (b"\x06" + varint(LIMIT + 1), "the delta's result is over the size limit"),
            (b"\x06" + varint(1 << 62), "the delta's result is over the size limit"),
        ],
    )
    def test_refuses_what_is_malformed(self, kernel: ModuleType, delta: bytes, sentence: str) -> None:
        gather = bytearray(b"before")
        assert outcome(kernel.apply_delta, b"abcdef", delta, LIMIT) == ("KernelError", sentence)
        assert outcome(kernel.apply_delta_dirty, b"abcdef", delta, LIMIT, 8, gather) == ("KernelError", sentence)
        assert gather == b"before"

    def test_gives_the_same_from_many_threads(self, kernel: ModuleType) -> None:
        base = os.urandom(300_000)
        child, delta = delta_of(base, [(at, 1000) for at in range(0, 299_000, 999)])
        with ThreadPoolExecutor(4) as pool:
            results = list(pool.map(lambda _: kernel.apply_delta(base, delta, LIMIT), range(40)))
        assert set(results) == {child}


# ---- dirty windows --------------------------------------------------------------------------------

MARGIN = 8
BOUNDARY = re.compile(rb"\b")
# (is \b before it, what it is, is \b after it); each at most MARGIN wide and inside of a line.
ANCHORS = [
    (True, re.compile(rb"a[ab]{1,6}"), True),
    (True, re.compile(rb"k"), False),
    (True, re.compile(rb"[^\n]{8}"), False),
    (False, re.compile(rb"[^\n]{8}"), True),
    (False, re.compile(rb"a[^\n]{0,6}b"), True),
    (True, re.compile(rb"[^\n]{1,8}"), False),
]


def candidates(text: bytes, anchor: tuple[bool, re.Pattern[bytes], bool]) -> list[int]:
    """All ends of an anchor in a text, overlapping ones too, as a multi-pattern matcher reports them."""
    before, body, after = anchor
    return [
        end
        for end in range(1, len(text) + 1)
        if not after or BOUNDARY.match(text, end)
        if any(
            body.fullmatch(text, start, end) and (not before or BOUNDARY.match(text, start))
            for start in range(max(0, end - MARGIN), end)
        )
    ]


def accepted(hits: list[int], windows: list[tuple[int, ...]]) -> list[int]:
    """The child's ends among the hits of a scan of the gather buffer."""
    return [
        child_start + hit - gather_start
        for gather_start, gather_end, child_start, lo, hi in windows
        for hit in hits
        if gather_start < hit <= gather_end and lo <= child_start + hit - gather_start <= hi
    ]


LONG = b"aab k " * 60
LINES = b"aab k\nab\n" * 40


class TestDirtyWindows:
    @unhurried
    @example((LONG, [(0, 360)]))
    @example((LONG, [(0, 152)]))
    @example((LONG, [(1, 359)]))
    @example((LONG, [(0, 152), (201, 159)]))
    @example((LONG, [(1, 150), (5, 151), (3, 149)]))
    @example((LONG, [b"b", (1, 150), b"b", (4, 151), b" ", (6, 153), b"k"]))
    @example((LONG, [(0, 150), b"k", (150, 150)]))
    @example((LONG, [(150, 150), (0, 150)]))
    @example((LONG, [(0, 200), (100, 200)]))
    @example((LINES, [b"ab", (0, 360), b"ab"]))
    @example((LINES, [(0, 100), (101, 259)]))
    @example((LINES, [(0, 359)]))
    @example((LINES, [(1, 359)]))
    @example((b"ab\n", [(0, 3)]))
    @example((b"ab", []))
    @given(edits())
    def test_candidates_are_the_inherited_and_the_accepted_ones(
        self, kernel: ModuleType, edit: tuple[bytes, list[Op]]
    ) -> None:
        base = edit[0]
        child, delta = delta_of(*edit)
        gather = bytearray(b"ab k aba\n")
        _, clean, windows = kernel.apply_delta_dirty(base, delta, LIMIT, MARGIN, gather)
        for anchor in ANCHORS:
            ends = array("q", candidates(base, anchor)).tobytes()
            inherited = [end for _, end, _ in rows(kernel.inherit(clean, ends), 3)]
            scanned = accepted(candidates(bytes(gather), anchor), rows(windows))
            assert sorted(inherited + scanned) == candidates(child, anchor)

    @unhurried
    @given(edits(), st.integers(1, 40))
    def test_each_end_is_in_exactly_one_interval(
        self, kernel: ModuleType, edit: tuple[bytes, list[Op]], margin: int
    ) -> None:
        child, delta = delta_of(*edit)
        _, clean, windows = kernel.apply_delta_dirty(edit[0], delta, LIMIT, margin, bytearray())
        intervals = [row[:2] for row in rows(clean)] + [row[3:] for row in rows(windows)]
        covered = sorted(end for lo, hi in intervals for end in range(lo, hi + 1))
        assert covered == (list(range(len(child) + 1)) if child else [])

    @unhurried
    @given(edits(), st.integers(1, 40))
    def test_windows_are_gathered_a_line_each(
        self, kernel: ModuleType, edit: tuple[bytes, list[Op]], margin: int
    ) -> None:
        child, delta = delta_of(*edit)
        gather = bytearray(b"before")
        made, _, windows = kernel.apply_delta_dirty(edit[0], delta, LIMIT, margin, gather)
        expected = b"before"
        for gather_start, gather_end, child_start, _, _ in rows(windows):
            assert gather_start == len(expected)
            expected += child[child_start : child_start + gather_end - gather_start] + b"\n"
        assert (made, bytes(gather)) == (child, expected)

    @unhurried
    @given(edits(), st.integers(1, 40))
    def test_clean_copies_are_the_bases_bytes(
        self, kernel: ModuleType, edit: tuple[bytes, list[Op]], margin: int
    ) -> None:
        base = edit[0]
        child, delta = delta_of(*edit)
        for lo, hi, shift, start, end in rows(kernel.apply_delta_dirty(base, delta, LIMIT, margin, bytearray())[1]):
            assert child[start:end] == base[start - shift : end - shift]
            assert start <= lo <= hi <= end

    def test_joined_copies_leave_no_seam(self, kernel: ModuleType) -> None:
        base = os.urandom(200_000)
        _, delta = delta_of(base, [(0, 0x10000), (0x10000, 0x10000), (0x20000, 200_000 - 0x20000)])
        gather = bytearray()
        _, clean, windows = kernel.apply_delta_dirty(base, delta, LIMIT, 512, gather)
        assert (rows(clean), windows, bytes(gather)) == ([(0, 200_000, 0, 0, 200_000)], b"", b"")

    def test_an_edited_line_is_the_whole_window(self, kernel: ModuleType) -> None:
        base = b"0123456789\n" * 40
        _, delta = delta_of(base, [(0, 224), b"new", (227, 440 - 227)])
        gather = bytearray()
        _, clean, windows = kernel.apply_delta_dirty(base, delta, LIMIT, 512, gather)
        assert gather == b"0123new789\n\n"
        assert rows(windows) == [(0, 11, 220, 224, 230)]
        assert rows(clean) == [(0, 223, 0, 0, 224), (231, 440, 0, 227, 440)]

    @pytest.mark.parametrize("margin", [0, -1, (1 << 20) + 1])
    def test_refuses_a_margin_out_of_range(self, kernel: ModuleType, margin: int) -> None:
        with pytest.raises(KernelError, match="margin"):
            kernel.apply_delta_dirty(b"", b"\0\0", LIMIT, margin, bytearray())

    def test_refuses_to_gather_into_its_own_base(self, kernel: ModuleType) -> None:
        if kernel is kernel_py:
            pytest.skip("the twin works on a copy")
        base = bytearray(b"abcdef")
        with pytest.raises(BufferError):
            kernel.apply_delta_dirty(base, b"\x06\x01\x01x", LIMIT, 8, base)


class TestInherit:
    @pytest.mark.parametrize(
        ("row", "ends", "sentence"),
        [
            (b"", b"1234567", "the packed rows have a broken length"),
            (b"12345678", b"", "the packed rows have a broken length"),
            (struct.pack("=5q", -1, 5, 0, 0, 0), b"", "a clean interval is out of range"),
            (struct.pack("=5q", 5, 4, 0, 0, 0), b"", "a clean interval is out of range"),
            (struct.pack("=5q", 5, 9, 6, 0, 0), b"", "a clean interval is out of range"),
            (struct.pack("=5q", 5, 9, -(1 << 63), 0, 0), b"", "a clean interval is out of range"),
            (struct.pack("=5q", 0, (1 << 63) - 1, 0, 0, 0), b"", "a clean interval is out of range"),
        ],
    )
    def test_refuses_rows_that_no_delta_gives(self, kernel: ModuleType, row: bytes, ends: bytes, sentence: str) -> None:
        assert outcome(kernel.inherit, row, ends) == ("KernelError", sentence)

    def test_gives_each_copy_of_a_candidate(self, kernel: ModuleType) -> None:
        clean = struct.pack("=10q", 0, 50, 0, 0, 50, 90, 120, 80, 89, 120)
        ends = struct.pack("=4q", 3, 10, 50, 60)
        assert rows(kernel.inherit(clean, ends), 3) == [(0, 3, 0), (1, 10, 0), (2, 50, 0), (1, 90, 1)]


@needs_both
@unhurried
@given(edits(), st.integers(1, 40), st.data())
def test_the_kernels_agree_on_mutated_deltas(edit: tuple[bytes, list[Op]], margin: int, data: st.DataObject) -> None:
    assert compiled is not None
    delta = bytearray(delta_of(*edit)[1])
    for _ in range(data.draw(st.integers(0, 3))):
        if delta:
            delta[data.draw(st.integers(0, len(delta) - 1))] = data.draw(st.integers(0, 255))
    del delta[data.draw(st.integers(0, len(delta)) | st.just(len(delta))) :]
    gathers = bytearray(), bytearray()
    results = [
        outcome(kernel.apply_delta_dirty, edit[0], delta, LIMIT, margin, gather)
        for kernel, gather in zip((kernel_py, compiled), gathers, strict=True)
    ]
    assert results[0] == results[1]
    assert gathers[0] == gathers[1]
    assert outcome(kernel_py.apply_delta, edit[0], delta, LIMIT) == outcome(compiled.apply_delta, edit[0], delta, LIMIT)


# ---- packs ----------------------------------------------------------------------------------------

COMMIT, TREE, BLOB, TAG, OFS, REF = 1, 2, 3, 4, 6, 7
Entry = tuple[int, int, int]  # git type, size, number of the base for OFS and REF


def size_header(kind: int, size: int) -> bytes:
    out = bytearray([kind << 4 | size & 15])
    size >>= 4
    while size:
        out[-1] |= 128
        out.append(size & 127)
        size >>= 7
    return bytes(out)


def distance(number: int) -> bytes:
    out = bytearray([number & 127])
    while number := number >> 7:
        number -= 1
        out.insert(0, number & 127 | 128)
    return bytes(out)


def oid_of(number: int, hash_len: int = 20) -> bytes:
    return hashlib.sha256(b"%d" % number).digest()[:hash_len]


def make_index(oids: list[bytes], offsets: list[int], checksum: bytes, long_from: int = 1 << 31) -> bytes:
    listed = sorted(zip(oids, offsets, strict=True))
    fanout = [sum(oid[0] <= byte for oid, _ in listed) for byte in range(256)]
    long_offsets = [offset for _, offset in listed if offset >= long_from]
    short = [offset if offset < long_from else 1 << 31 | long_offsets.index(offset) for _, offset in listed]
    return b"".join(
        [
            b"\xfftOc\0\0\0\2",
            struct.pack(">256I", *fanout),
            *(oid for oid, _ in listed),
            bytes(4 * len(listed)),
            struct.pack(f">{len(short)}I", *short),
            struct.pack(f">{len(long_offsets)}Q", *long_offsets),
            checksum,
            bytes(len(checksum)),
        ]
    )


def make_pack(entries: list[Entry], hash_len: int = 20, long_from: int = 1 << 31) -> tuple[bytes, bytes]:
    """(index, pack) whose objects hold one byte of nothing each, for what only looks at headers."""
    pack = bytearray(b"PACK" + struct.pack(">II", 2, len(entries)))
    offsets: list[int] = []
    for kind, size, base in entries:
        offsets.append(len(pack))
        pack += size_header(kind, size)
        if kind == OFS:
            pack += distance(offsets[-1] - offsets[base])
        if kind == REF:
            pack += oid_of(base, hash_len)
        pack += b"x"
    checksum = bytes(range(hash_len))
    oids = [oid_of(number, hash_len) for number in range(len(entries))]
    return make_index(oids, offsets, checksum, long_from), bytes(pack) + checksum


@st.composite
def forests(draw: st.DrawFn, hostile: bool = False) -> list[Entry]:
    entries: list[Entry] = []
    count = draw(st.integers(0, 25))
    for number in range(count):
        kind = draw(st.sampled_from([COMMIT, TREE, BLOB, TAG, OFS, OFS, OFS, REF, REF]))
        size = draw(st.integers(0, 20) | st.integers(0, 1 << 40))
        if kind == OFS and number == 0:
            kind = BLOB
        base = 0
        if kind in (OFS, REF):
            # A hostile forest has cycles and bases that are not there.
            most = count + 2 if hostile and kind == REF else number - 1
            base = draw(st.integers(0, most)) if most >= 0 else 0
            kind = kind if most >= 0 else BLOB
        entries.append((kind, size, base))
    return entries


def fields(table: Any) -> dict[str, Any]:
    return {name: getattr(table, name) for name in kernel_py.PackTable.__dataclass_fields__}


def naive_order(entries: list[Entry]) -> list[tuple[int, int, int]]:
    """(number, depth, last child) of each object that is reached from a root, by plain recursion."""
    children: dict[int, list[int]] = {number: [] for number in range(-1, len(entries))}
    for number, (kind, _, base) in enumerate(entries):
        if kind not in (OFS, REF):
            children[-1].append(number)
        elif base < len(entries):
            children[base].append(number)

    def weight(number: int) -> int:
        return 1 + sum(map(weight, children[number]))

    def walk(number: int, depth: int, last: int) -> list[tuple[int, int, int]]:
        below = sorted(children[number], key=weight)
        return [(number, depth, last)] + [row for child in below for row in walk(child, depth + 1, child == below[-1])]

    return [row for root in children[-1] for row in walk(root, 0, 0)]


class TestPackTable:
    @unhurried
    @given(forests(), st.sampled_from([20, 32]), st.sampled_from([1 << 31, 100]))
    def test_reads_each_header(self, kernel: ModuleType, entries: list[Entry], hash_len: int, long_from: int) -> None:
        idx, pack = make_pack(entries, hash_len, long_from)
        table = kernel.pack_table(idx, pack, hash_len)
        assert table.count == len(entries)
        assert table.oids == b"".join(oid_of(number, hash_len) for number in range(len(entries)))
        assert int64s(table.sizes) == [size for _, size, _ in entries]
        assert int32s(table.parents) == [base if kind in (OFS, REF) else -1 for kind, _, base in entries]
        assert int64s(table.ends) == [*int64s(table.offsets)[1:], len(pack) - hash_len][: len(entries)]
        assert [end - start for start, end in zip(int64s(table.data_starts), int64s(table.ends), strict=True)] == [
            1
        ] * len(entries)
        assert table.broken == []

    @unhurried
    @given(forests(hostile=True))
    def test_walks_the_forest_and_lists_the_rest(self, kernel: ModuleType, entries: list[Entry]) -> None:
        table = kernel.pack_table(*make_pack(entries), 20)
        walk = naive_order(entries)
        assert list(zip(int32s(table.order), int32s(table.depths), table.last_child, strict=True)) == walk
        reached = {number for number, _, _ in walk}
        parents = int32s(table.parents)
        for number, _, _ in walk:
            root = number
            while parents[root] >= 0:
                root = parents[root]
            assert table.types[number] == entries[root][0]
        assert [number for number, _ in table.broken] == [n for n in range(len(entries)) if n not in reached]
        assert all(parents[number] == -2 and table.types[number] == 0 for number, _ in table.broken)

    def test_names_each_reason(self, kernel: ModuleType) -> None:
        entries = [(REF, 0, 99), (OFS, 0, 0), (REF, 0, 3), (REF, 0, 2), (OFS, 0, 3), (5, 1, 0), (REF, 1, 6)]
        table = kernel.pack_table(*make_pack(entries), 20)
        cycle = "its delta chain is a cycle"
        assert table.broken == [
            (0, f"base {oid_of(99).hex()} is not in this pack"),
            (1, "its delta base is broken"),
            (2, cycle),
            (3, cycle),
            (4, cycle),
            (5, "its type is not known to git"),
            (6, cycle),
        ]
        assert table.order == b""

    @pytest.mark.parametrize(
        ("body", "reason"),
        [
            (b"\xb0", "its header is truncated"),
            (b"\x30", "it holds no data"),
            (b"\xb0" + b"\xff" * 9 + b"\1x", "its size is out of range"),
            (b"\x01x", "its type is not known to git"),
            (b"\x61", "its header is truncated"),
            (b"\x61\x80", "its header is truncated"),
            (b"\x61\x00x", "its delta base lies outside of the pack"),
            (b"\x61\x03x", "its delta base lies outside of the pack"),
            (b"\x61\xff\xff\xff\xffx", "its delta base lies outside of the pack"),
            (b"\x71" + bytes(19), "its header is truncated"),
            (b"\x71" + bytes(20), "it holds no data"),
            (b"\x71" + bytes(20) + b"x", f"base {bytes(20).hex()} is not in this pack"),
        ],
    )
    def test_a_broken_header_breaks_its_object_alone(self, kernel: ModuleType, body: bytes, reason: str) -> None:
        checksum = bytes(20)
        pack = b"PACK" + struct.pack(">II", 2, 2) + b"\x31x" + body + checksum
        idx = make_index([oid_of(0), oid_of(1)], [12, 14], checksum)
        table = kernel.pack_table(idx, pack, 20)
        assert table.broken == [(1, reason)]
        assert int32s(table.order) == [0]

    def test_an_offset_between_objects_is_no_base(self, kernel: ModuleType) -> None:
        checksum = bytes(20)
        pack = b"PACK" + struct.pack(">II", 2, 2) + b"\x31xy" + b"\x61\x02x" + checksum
        table = kernel.pack_table(make_index([oid_of(0), oid_of(1)], [12, 15], checksum), pack, 20)
        assert table.broken == [(1, "its delta base is not where an object starts")]

    @pytest.mark.parametrize(
        ("change", "sentence"),
        [
            (lambda idx, pack: (idx[:100], pack), "the pack index is truncated"),
            (lambda idx, pack: (idx[:-8], pack), "the pack index is truncated"),
            (lambda idx, pack: (b"x" + idx[1:], pack), "the pack index is not of version 2"),
            (lambda idx, pack: (idx[:8] + b"\xff" + idx[9:], pack), "the pack index's fanout does not fit its ids"),
            (lambda idx, pack: (idx + b"x", pack), "the pack index's length does not fit its count"),
            (lambda idx, pack: (idx, pack[:20]), "the pack is truncated"),
            (lambda idx, pack: (idx, b"p" + pack[1:]), "the pack does not begin with PACK"),
            (lambda idx, pack: (idx, pack[:7] + b"\4" + pack[8:]), "the pack is not of version 2 or 3"),
            (
                lambda idx, pack: (idx, pack[:11] + b"\4" + pack[12:]),
                "the pack and its index count different numbers of objects",
            ),
            (lambda idx, pack: (idx, pack[:-1] + b"x"), "the pack index belongs to another pack"),
        ],
    )
    def test_refuses_an_unusable_pack(
        self, kernel: ModuleType, change: Callable[[bytes, bytes], tuple[bytes, bytes]], sentence: str
    ) -> None:
        idx, pack = change(*make_pack([(BLOB, 1, 0), (OFS, 2, 0), (TREE, 3, 0)]))
        assert outcome(kernel.pack_table, idx, pack, 20) == ("KernelError", sentence)

    @pytest.mark.parametrize(
        ("offsets", "sentence"),
        [
            ([12, 12], "the pack index lists an offset twice"),
            ([11, 12], "the pack index points outside of the pack"),
            ([12, 16], "the pack index points outside of the pack"),
            ([12, 1 << 63], "the pack index points outside of the pack"),
            ([12, 1 << 62], "the pack index points outside of the pack"),
        ],
    )
    def test_refuses_offsets_that_cannot_be(self, kernel: ModuleType, offsets: list[int], sentence: str) -> None:
        pack = b"PACK" + struct.pack(">II", 2, 2) + b"\x31x\x31x" + bytes(20)
        idx = make_index([oid_of(0), oid_of(1)], offsets, bytes(20))
        assert outcome(kernel.pack_table, idx, pack, 20) == ("KernelError", sentence)

    def test_refuses_a_missing_long_offset(self, kernel: ModuleType) -> None:
        idx, pack = make_pack([(BLOB, 1, 0)], long_from=0)
        offsets_end = len(idx) - 2 * 20 - 8
        idx = idx[: offsets_end - 4] + b"\x80\0\0\1" + idx[offsets_end:]
        sentence = "the pack index refers to a 64-bit offset that it does not hold"
        assert outcome(kernel.pack_table, idx, pack, 20) == ("KernelError", sentence)

    def test_refuses_another_hash_length(self, kernel: ModuleType) -> None:
        assert outcome(kernel.pack_table, b"", b"", 21) == ("KernelError", "an object id is 20 or 32 bytes long")

    def test_a_chain_may_be_as_deep_as_it_likes(self, kernel: ModuleType) -> None:
        entries = [(BLOB, 1, 0)] + [(OFS, 1, number) for number in range(50_000)]
        table = kernel.pack_table(*make_pack(entries), 20)
        assert int32s(table.depths) == list(range(50_001))
        assert table.types == bytes([BLOB]) * 50_001

    def test_a_walk_holds_few_contents(self, kernel: ModuleType) -> None:
        dice = random.Random(7)
        entries = [(BLOB, 1, 0)] + [(OFS, 1, dice.randrange(max(0, n - 50), n)) for n in range(1, 5000)]
        table = kernel.pack_table(*make_pack(entries), 20)
        parents, held, most = int32s(table.parents), set(), 0
        for number, last in zip(int32s(table.order), table.last_child, strict=True):
            assert parents[number] == -1 or parents[number] in held
            held.add(number)
            most = max(most, len(held))
            if last:
                held.discard(parents[number])
            if number not in set(parents[number + 1 :]):
                held.discard(number)
        assert most <= log2(len(entries)) + 2

    def test_reads_what_git_packs(self, kernel: ModuleType, tmp_path: Any) -> None:
        repository = pygit2.init_repository(tmp_path / "repository", bare=True)
        dice = random.Random(1)
        lines = [b"line %d %d\n" % (number, dice.getrandbits(60)) for number in range(400)]
        for _ in range(60):
            lines[dice.randrange(400)] = b"edit %d\n" % dice.getrandbits(60)
            repository.create_blob(b"".join(lines))
        repository.pack(tmp_path)
        [idx] = tmp_path.glob("*.idx")
        pack = idx.with_suffix(".pack").read_bytes()
        table = kernel.pack_table(idx.read_bytes(), pack, 20)
        starts, ends, parents = int64s(table.data_starts), int64s(table.ends), int32s(table.parents)
        contents: dict[int, bytes] = {}
        for number in int32s(table.order):
            data = zlib.decompress(pack[starts[number] : ends[number]])
            if parents[number] >= 0:
                data = kernel.apply_delta(contents[parents[number]], data, LIMIT)
            contents[number] = data
            oid = table.oids[20 * number : 20 * number + 20]
            assert hashlib.sha1(b"blob %d\0" % len(data) + data).digest() == oid
        assert (len(contents), table.count, max(int32s(table.depths)) > 0) == (60, 60, True)


@needs_both
@unhurried
@given(forests(hostile=True), st.data())
def test_the_kernels_agree_on_mutated_packs(entries: list[Entry], data: st.DataObject) -> None:
    assert compiled is not None
    idx, pack = map(bytearray, make_pack(entries, long_from=data.draw(st.sampled_from([1 << 31, 60]))))
    for buffer, start in ((idx, 1032), (pack, 12)):
        for _ in range(data.draw(st.integers(0, 2))):
            at = data.draw(st.integers(start, len(buffer) - 1) | st.integers(0, len(buffer) - 1))
            buffer[at] = data.draw(st.integers(0, 255))
    results = [outcome(kernel.pack_table, idx, pack, 20) for kernel in (kernel_py, compiled)]
    if results[0][0] == "result":
        results = [(kind, fields(table)) for kind, table in results]
    assert results[0] == results[1]


# ---- trees ----------------------------------------------------------------------------------------

oids = st.integers(0, 30).map(oid_of)
names = st.binary(min_size=1, max_size=12).map(lambda name: name.replace(b"\0", b"\n"))
modes = st.sampled_from([b"40000", b"040000", b"100644", b"100755", b"120000", b"160000", b"40755", b"0"])
tree_entries = st.lists(st.tuples(modes, names, oids), max_size=20)


def make_tree(entries: list[tuple[bytes, bytes, bytes]]) -> bytes:
    return b"".join(mode + b" " + name + b"\0" + oid for mode, name, oid in entries)


class TestOidTable:
    @unhurried
    @given(st.lists(oids, max_size=60))
    def test_finds_the_first_of_equal_ids(self, kernel: ModuleType, listed: list[bytes]) -> None:
        table = kernel.OidTable(b"".join(listed), 20)
        assert len(table) == len(listed)
        for oid in map(oid_of, range(31)):
            assert table.find(oid) == (listed.index(oid) if oid in listed else -1)

    @pytest.mark.parametrize("hash_len", [20, 32])
    def test_holds_many(self, kernel: ModuleType, hash_len: int) -> None:
        listed = [oid_of(number, hash_len) for number in range(20_000)]
        table = kernel.OidTable(memoryview(b"".join(listed)), hash_len)
        assert [table.find(oid) for oid in listed] == list(range(20_000))
        assert all(table.find(oid_of(number, hash_len)) == -1 for number in range(20_000, 40_000))

    def test_ids_chosen_to_collide_take_no_longer(self, kernel: ModuleType) -> None:
        listed = [bytes(12) + struct.pack("<Q", number << 32) for number in range(50_000)]
        table = kernel.OidTable(b"".join(listed), 20)
        assert [table.find(oid) for oid in listed] == list(range(50_000))

    def test_refuses_broken_lengths(self, kernel: ModuleType) -> None:
        assert outcome(kernel.OidTable, bytes(21), 20) == ("KernelError", "the ids have a broken length")
        assert outcome(kernel.OidTable, b"", 19) == ("KernelError", "an object id is 20 or 32 bytes long")
        table = kernel.OidTable(bytes(20), 20)
        assert outcome(table.find, bytes(19)) == ("KernelError", "the id has another length than the table's")


class TestTrees:
    @unhurried
    @given(tree_entries)
    def test_parses_each_entry(self, kernel: ModuleType, entries: list[tuple[bytes, bytes, bytes]]) -> None:
        expected = [(int(mode, 8), name, oid) for mode, name, oid in entries]
        assert kernel.parse_tree(make_tree(entries), 20) == expected

    @unhurried
    @given(tree_entries, st.none() | st.frozensets(names | st.just(b""), max_size=5))
    def test_finds_the_known_edges(
        self, kernel: ModuleType, entries: list[tuple[bytes, bytes, bytes]], wanted: frozenset[bytes] | None
    ) -> None:
        trees = [oid_of(number) for number in range(20)]
        blobs = [oid_of(number) for number in range(10, 30)]
        if wanted and entries:
            wanted |= {entries[-1][1]}
        subtrees, contents, named = kernel.tree_edges(
            make_tree(entries), 20, kernel.OidTable(b"".join(trees), 20), kernel.OidTable(b"".join(blobs), 20), wanted
        )
        directories = {b"40000", b"040000", b"40755"}
        assert int32s(subtrees) == [
            trees.index(oid) for mode, _, oid in entries if mode in directories & {mode} and oid in trees
        ]
        others = [oid for mode, _, oid in entries if mode not in directories | {b"160000"}]
        assert int32s(contents) == [blobs.index(oid) for oid in others if oid in blobs]
        assert named is any(name in (wanted or ()) for _, name, _ in entries)

    @pytest.mark.parametrize(
        ("data", "sentence"),
        [
            (b"100644", "the tree is truncated"),
            (b"100644 ", "the tree is truncated"),
            (b"100644 name", "the tree is truncated"),
            (b"100644 name\0" + bytes(19), "the tree is truncated"),
            (b" name\0" + bytes(20), "a tree entry's mode is malformed"),
            (b"100648 name\0" + bytes(20), "a tree entry's mode is malformed"),
            (b"00100644 name\0" + bytes(20), "a tree entry's mode is malformed"),
            (b"100644 \0" + bytes(20), "a tree entry has no name"),
            (b"40000 a\0" + bytes(20) + b"x", "a tree entry's mode is malformed"),
        ],
    )
    def test_refuses_what_is_malformed(self, kernel: ModuleType, data: bytes, sentence: str) -> None:
        table = kernel.OidTable(b"", 20)
        gather = bytearray()
        assert outcome(kernel.parse_tree, data, 20) == ("KernelError", sentence)
        assert outcome(kernel.tree_edges, data, 20, table, table, None) == ("KernelError", sentence)
        assert outcome(kernel.append_names, data, 20, None, 0, gather) == ("KernelError", sentence)
        assert gather == b""

    @unhurried
    @given(tree_entries, st.integers(0, 4))
    def test_gathers_each_name_as_one_line(
        self, kernel: ModuleType, entries: list[tuple[bytes, bytes, bytes]], least: int
    ) -> None:
        gather = bytearray(b"before\n")
        count = kernel.append_names(make_tree(entries), 20, None, least, gather)
        chosen = [name.replace(b"\n", b" ") for _, name, _ in entries if len(name) >= least]
        assert (bytes(gather), count) == (b"before\n" + b"".join(name + b"\n" for name in chosen), len(chosen))

    @unhurried
    @given(tree_entries, st.lists(st.integers(0, 700), max_size=8))
    def test_leaves_out_entries_inside_of_a_clean_copy(
        self, kernel: ModuleType, entries: list[tuple[bytes, bytes, bytes]], cuts: list[int]
    ) -> None:
        cuts = sorted(set(cuts))
        copies = list(zip(cuts[::2], cuts[1::2], strict=False))
        clean = b"".join(struct.pack("=5q", 0, 0, 0, *copy) for copy in copies)
        expected, end = b"", 0
        for entry in entries:
            start, end = end, end + len(make_tree([entry]))
            if not any(lo <= start and end <= hi for lo, hi in copies):
                expected += entry[1].replace(b"\n", b" ") + b"\n"
        gather = bytearray()
        assert kernel.append_names(make_tree(entries), 20, clean, 0, gather) == expected.count(b"\n")
        assert gather == expected


@needs_both
@unhurried
@given(tree_entries, st.data())
def test_the_kernels_agree_on_mutated_trees(entries: list[tuple[bytes, bytes, bytes]], data: st.DataObject) -> None:
    assert compiled is not None
    tree = bytearray(make_tree(entries))
    for _ in range(data.draw(st.integers(0, 3))):
        if tree:
            tree[data.draw(st.integers(0, len(tree) - 1))] = data.draw(st.integers(0, 255) | st.sampled_from(b"\0 07"))
    del tree[data.draw(st.integers(0, len(tree)) | st.just(len(tree))) :]
    results = []
    for kernel in (kernel_py, compiled):
        table, gather = kernel.OidTable(b"".join(map(oid_of, range(20))), 20), bytearray()
        results.append(
            [
                outcome(kernel.parse_tree, tree, 20),
                outcome(kernel.tree_edges, tree, 20, table, table, frozenset([b"a", b"\n"])),
                outcome(kernel.append_names, tree, 20, None, 2, gather),
                gather,
            ]
        )
    assert results[0] == results[1]


graphs = st.lists(st.tuples(st.integers(-1, 8), st.lists(st.integers(-1, 8), max_size=4)), max_size=8)


def reach_arguments(graph: list[tuple[int, list[int]]], seeds: list[int]) -> list[bytes]:
    columns = [tree for tree, _ in graph], [len(named) for _, named in graph], [n for _, named in graph for n in named]
    return [array("i", numbers).tobytes() for numbers in (*columns, seeds)]


class TestReach:
    @unhurried
    @given(graphs, st.lists(st.integers(0, 8), max_size=3), st.integers(-1, 10))
    def test_gives_the_edges_that_lead_to_a_seed(
        self, kernel: ModuleType, graph: list[tuple[int, list[int]]], seeds: list[int], total: int
    ) -> None:
        edges = [(tree, subtree) for tree, named in graph for subtree in named]
        kind, result = outcome(kernel.reach, *reach_arguments(graph, seeds), total)
        if not all(
            0 <= number < total for number in [*(n for edge in edges for n in edge), *(t for t, _ in graph), *seeds]
        ):
            assert kind == "KernelError"
            return
        reached = set(seeds)
        while more := {tree for tree, subtree in edges if subtree in reached} - reached:
            reached |= more
        numbers = int32s(result)
        assert sorted(zip(numbers[::2], numbers[1::2], strict=True)) == sorted(e for e in edges if e[1] in reached)

    @needs_both
    @unhurried
    @given(graphs, st.lists(st.integers(-1, 8), max_size=3), st.lists(st.integers(-2, 3), max_size=8))
    def test_the_kernels_agree(self, graph: list[tuple[int, list[int]]], seeds: list[int], counts: list[int]) -> None:
        assert compiled is not None
        arguments = reach_arguments(graph, seeds)
        assert outcome(compiled.reach, *arguments, 9) == outcome(kernel_py.reach, *arguments, 9)
        arguments[1] = array("i", counts).tobytes()
        assert outcome(compiled.reach, *arguments, 9) == outcome(kernel_py.reach, *arguments, 9)


# ---- the facade -----------------------------------------------------------------------------------


def implementation(**environment: str) -> str:
    script = "from leakguard.git import kernel; print(kernel.IMPLEMENTATION, kernel.apply_delta.__module__)"
    done = subprocess.run(
        [sys.executable, "-c", script], env={**os.environ, **environment}, capture_output=True, text=True, check=True
    )
    return done.stdout.split()[0]


def test_the_environment_can_choose_the_twin() -> None:
    assert implementation(LEAKGUARD_KERNEL="python") == "python"


@needs_both
def test_the_compiled_kernel_is_chosen_where_it_is_there() -> None:
    assert implementation(LEAKGUARD_KERNEL="") == "c"
