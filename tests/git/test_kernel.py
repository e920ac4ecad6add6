"""The kernel, compiled and in plain Python: each against a naive reference, and the two against each other."""

from __future__ import annotations

import hashlib
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
from typing import TYPE_CHECKING, Any, NamedTuple

import pygit2
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from leakguard.git import kernel_py
from leakguard.git.kernel_error import KernelError
from tests.git.deltas import make_delta
from tests.git.kernels import compiled, needs_both

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
LIMIT = 1 << 24
MARGIN = 8


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


class Edited(NamedTuple):
    """What one delta makes, as a chain tells it."""

    child: bytes
    gathered: bytes
    clean: list[tuple[int, ...]]
    windows: list[tuple[int, ...]]


def edited(kernel: ModuleType, base: bytes, delta: bytes, margin: int = 512, limit: int = LIMIT) -> Edited:
    chain = kernel.Chain(limit, margin)
    chain.root(base)
    chain.edit(1, delta, False)
    gathered = chain.dirty()
    clean, windows = chain.rows()
    return Edited(chain.content(1), gathered, rows(clean), rows(windows))


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


class TestDeltas:
    @unhurried
    @given(edits())
    def test_give_what_the_operations_say(self, kernel: ModuleType, edit: tuple[bytes, list[Op]]) -> None:
        child, delta = delta_of(*edit)
        assert edited(kernel, edit[0], delta).child == child

    def test_read_a_copy_without_size_as_64_kib(self, kernel: ModuleType) -> None:
        base = os.urandom(70_000)
        delta = varint(len(base)) + varint(0x10000) + bytes([0x82, 0x03])  # Only the offset's second byte.
        assert edited(kernel, base, delta).child == base[0x300 : 0x300 + 0x10000]

    def test_may_lie_in_any_buffer(self, kernel: ModuleType) -> None:
        child, delta = delta_of(b"abcdef", [(2, 3), b"x"])
        for buffer in (memoryview(b"?" + delta)[1:], bytearray(delta), array("B", delta)):
            assert edited(kernel, b"abcdef", buffer).child == child  # type: ignore[arg-type]

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
    def test_are_refused_where_malformed(self, kernel: ModuleType, delta: bytes, sentence: str) -> None:
        assert outcome(edited, kernel, b"abcdef", delta) == ("KernelError", sentence)


class TestChain:
    def test_follows_a_walk(self, kernel: ModuleType) -> None:
        chain = kernel.Chain(LIMIT, MARGIN)
        one, two, three = (delta_of(b"abc", [(0, 3), tail])[1] for tail in (b"1", b"2", b"3"))
        chain.root(b"abc")
        chain.edit(1, one, False)
        chain.edit(2, delta_of(b"abc1", [(1, 3)])[1], True)
        assert chain.content(2) == b"bc1"
        chain.edit(1, two, False)
        assert (chain.content(0), chain.content(1), chain.size) == (b"abc", b"abc2", 4)
        chain.edit(1, three, True)
        assert chain.content(1) == b"abc3"

    def test_drops_what_nothing_needs_any_more(self, kernel: ModuleType) -> None:
        chain = kernel.Chain(LIMIT, MARGIN)
        chain.root(b"abc")
        chain.edit(1, delta_of(b"abc", [(0, 3)])[1], True)
        gone = ("KernelError", "nothing is held at this depth")
        assert outcome(chain.content, 0) == outcome(chain.content, 2) == outcome(chain.content, -1) == gone
        for depth in (1, 3, 0, -1):
            assert outcome(chain.edit, depth, b"", False) == ("KernelError", "the delta's base is not held")
        chain.root(b"")
        assert outcome(chain.content, 1) == gone

    def test_holds_nothing_where_an_edit_failed(self, kernel: ModuleType) -> None:
        chain = kernel.Chain(LIMIT, MARGIN)
        chain.root(b"abc")
        chain.edit(1, delta_of(b"abc", [(0, 3), b"1"])[1], False)
        assert outcome(chain.edit, 1, b"", False) == ("KernelError", "the delta is truncated")
        assert outcome(chain.content, 1) == ("KernelError", "nothing is held at this depth")
        assert outcome(chain.dirty) == ("KernelError", "the last object is not an edit")
        assert chain.content(0) == b"abc"

    def test_a_content_that_was_asked_for_is_still_a_base(self, kernel: ModuleType) -> None:
        chain = kernel.Chain(LIMIT, MARGIN)
        chain.root(b"abc")
        chain.edit(1, delta_of(b"abc", [(0, 3), b"1"])[1], False)
        held = chain.content(1)
        chain.edit(2, delta_of(b"abc1", [b"x", (0, 4)])[1], True)
        assert (held, chain.content(2)) == (b"abc1", b"xabc1")

    def test_a_window_in_which_nothing_was_found_is_not_given_again(self, kernel: ModuleType) -> None:
        chain = kernel.Chain(LIMIT, MARGIN)
        base = b"0123456789\n" * 40
        one, two = (delta_of(base, [(0, 224), new, (227, 440 - 227)])[1] for new in (b"one", b"two"))
        chain.root(base)
        given = []
        for depth, delta, found in ((1, one, True), (1, one, False), (1, one, False), (1, two, True), (1, two, False)):
            chain.edit(depth, delta, False)
            given.append(chain.dirty())
            assert chain.dirty_size == 12
            if found:
                assert rows(chain.rows()[1]) == [(0, 11, 220, 224, 230)]
        assert given == [b"0123one789\n\n", b"0123one789\n\n", b"", b"0123two789\n\n", b"0123two789\n\n"]
        chain.edit(1, delta_of(base, [(0, 224), b"two", (227, 120), b"new", (350, 90)])[1], False)
        assert chain.dirty() == b"012345new9\n\n"
        assert rows(chain.rows()[1]) == [(0, 11, 341, 347, 351)]

    @unhurried
    @given(st.lists(edits(), max_size=5))
    def test_what_is_left_out_was_given_before(self, kernel: ModuleType, walk: list[tuple[bytes, list[Op]]]) -> None:
        chain = kernel.Chain(LIMIT, MARGIN)
        given: set[bytes] = set()
        for base, ops in [*walk, *walk]:
            delta = delta_of(base, ops)[1]
            expected = edited(kernel, base, delta, MARGIN)
            chain.root(base)
            chain.edit(1, delta, True)
            gathered = chain.dirty()
            windows = [expected.gathered[start:end] for start, end, *_ in expected.windows]
            assert gathered == b"".join(window + b"\n" for window in windows if window not in given)
            assert chain.dirty_size == len(expected.gathered)
            given.update(windows)

    def test_a_whole_object_has_no_dirty_windows(self, kernel: ModuleType) -> None:
        chain = kernel.Chain(LIMIT, MARGIN)
        assert outcome(chain.dirty)[0] == "KernelError"
        chain.root(b"abc")
        assert outcome(chain.dirty) == ("KernelError", "the last object is not an edit")

    @pytest.mark.parametrize(
        ("start", "unusual"),
        [
            (b"", False),
            (b"\0", False),
            (b"ab", False),
            (b"\0\0", False),
            (b"\0a", True),
            (b"a\0", True),
            (b"\x1f\x8b", True),
            (b"\xff\xfe", True),
            (b"\xfe\xff", True),
            (b"\xef\xbb\xbf", False),
            (b"PK\3\4", True),
            (b"PK\5\6", False),
            (b"\0\0\xfe\xff", True),
            (b"x" * 257 + b"ustar\0", True),
            (b"x" * 257 + b"ustar", False),
        ],
    )
    def test_tells_what_is_no_plain_text(self, kernel: ModuleType, start: bytes, unusual: bool) -> None:
        chain = kernel.Chain(LIMIT, MARGIN)
        chain.root(start)
        assert chain.unusual is unusual
        chain.root(b"")
        chain.edit(1, delta_of(b"", [start] if start else [])[1], False)
        assert chain.unusual is unusual

    def test_gives_the_same_from_many_threads(self, kernel: ModuleType) -> None:
        base = os.urandom(300_000)
        child, delta = delta_of(base, [(at, 1000) for at in range(0, 299_000, 999)])
        with ThreadPoolExecutor(4) as pool:
            results = list(pool.map(lambda _: edited(kernel, base, delta).child, range(40)))
        assert set(results) == {child}

    def test_refuses_what_it_cannot_hold(self, kernel: ModuleType) -> None:
        chain = kernel.Chain(LIMIT, MARGIN)
        assert outcome(chain.root, bytearray(b"abc")) == ("TypeError", "content must be bytes")

    @pytest.mark.parametrize("margin", [0, -1, (1 << 20) + 1])
    def test_refuses_a_margin_out_of_range(self, kernel: ModuleType, margin: int) -> None:
        with pytest.raises(KernelError, match="margin"):
            kernel.Chain(LIMIT, margin)


# ---- dirty windows --------------------------------------------------------------------------------

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
        made = edited(kernel, base, delta, MARGIN)
        for anchor in ANCHORS:
            ends = candidates(base, anchor)
            inherited = [end + shift for lo, hi, shift, *_ in made.clean for end in ends if lo <= end + shift <= hi]
            scanned = accepted(candidates(made.gathered, anchor), made.windows)
            assert sorted(inherited + scanned) == candidates(child, anchor)

    @unhurried
    @given(edits(), st.integers(1, 40))
    def test_each_end_is_in_exactly_one_interval(
        self, kernel: ModuleType, edit: tuple[bytes, list[Op]], margin: int
    ) -> None:
        child, delta = delta_of(*edit)
        made = edited(kernel, edit[0], delta, margin)
        intervals = [row[:2] for row in made.clean] + [row[3:] for row in made.windows]
        covered = sorted(end for lo, hi in intervals for end in range(lo, hi + 1))
        assert covered == (list(range(len(child) + 1)) if child else [])

    @unhurried
    @given(edits(), st.integers(1, 40))
    def test_windows_are_gathered_a_line_each(
        self, kernel: ModuleType, edit: tuple[bytes, list[Op]], margin: int
    ) -> None:
        child, delta = delta_of(*edit)
        made = edited(kernel, edit[0], delta, margin)
        expected = b""
        for gather_start, gather_end, child_start, _, _ in made.windows:
            assert gather_start == len(expected)
            expected += child[child_start : child_start + gather_end - gather_start] + b"\n"
        assert (made.child, made.gathered) == (child, expected)

    @unhurried
    @given(edits(), st.integers(1, 40))
    def test_clean_copies_are_the_bases_bytes(
        self, kernel: ModuleType, edit: tuple[bytes, list[Op]], margin: int
    ) -> None:
        base = edit[0]
        child, delta = delta_of(*edit)
        for lo, hi, shift, start, end in edited(kernel, base, delta, margin).clean:
            assert child[start:end] == base[start - shift : end - shift]
            assert start <= lo <= hi <= end

    def test_joined_copies_leave_no_seam(self, kernel: ModuleType) -> None:
        base = os.urandom(200_000)
        _, delta = delta_of(base, [(0, 0x10000), (0x10000, 0x10000), (0x20000, 200_000 - 0x20000)])
        assert edited(kernel, base, delta) == (base, b"", [(0, 200_000, 0, 0, 200_000)], [])

    def test_an_edited_line_is_the_whole_window(self, kernel: ModuleType) -> None:
        base = b"0123456789\n" * 40
        _, delta = delta_of(base, [(0, 224), b"new", (227, 440 - 227)])
        made = edited(kernel, base, delta)
        assert made.gathered == b"0123new789\n\n"
        assert made.windows == [(0, 11, 220, 224, 230)]
        assert made.clean == [(0, 223, 0, 0, 224), (231, 440, 0, 227, 440)]


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
    results = [outcome(edited, kernel, edit[0], delta, margin) for kernel in (kernel_py, compiled)]
    assert results[0] == results[1]


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
                data = edited(kernel, contents[parents[number]], data).child
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
        assert outcome(kernel.parse_tree, data, 20) == ("KernelError", sentence)
        reader = Reader(kernel, None)
        assert outcome(reader.read_root, b"100644 name\0" + bytes(20) + data) == ("KernelError", sentence)
        assert reader.take() == ([], [])
        assert not reader.read_root(b"100644 name\0" + bytes(20))
        assert reader.take() == ([(1, [], [])], [b"name"])


TREES = [oid_of(number) for number in range(20)]
BLOBS = [oid_of(number) for number in range(10, 30)]
DIRECTORIES = {b"40000", b"040000", b"40755"}


class Reader:
    """A chain and what reads its trees; all trees are known under ascending numbers."""

    def __init__(self, kernel: ModuleType, wanted: frozenset[bytes] | None, least: int = 0) -> None:
        self.chain = kernel.Chain(LIMIT, MARGIN)
        trees, blobs = (kernel.OidTable(b"".join(listed), 20) for listed in (TREES, BLOBS))
        self.reader = kernel.TreeReader(self.chain, trees, blobs, wanted, least)
        self.number = 0

    def read(self, depth: int) -> bool:
        self.number += 1
        named: bool = self.reader.read(depth, self.number)
        return named

    def read_root(self, tree: bytes) -> bool:
        self.number = 0
        self.chain.root(tree)
        return self.read(0)

    def take(self) -> tuple[list[tuple[int, list[int], list[int]]], list[bytes]]:
        """([(tree, its subtrees, its blobs)], names)."""
        trees, counts, edges, holders, lines = self.reader.take()
        pairs = rows32(holders)
        at, told = 0, []
        for tree, count in zip(int32s(trees), int32s(counts), strict=True):
            told.append((tree, int32s(edges)[at : at + count], [blob for holder, blob in pairs if holder == tree]))
            at += count
        return told, lines.split(b"\n")[:-1]


def rows32(raw: bytes) -> list[tuple[int, int]]:
    numbers = int32s(raw)
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def told_of(number: int, entries: list[tuple[bytes, bytes, bytes]]) -> tuple[int, list[int], list[int]]:
    """What a reader has to tell of a tree."""
    others = [oid for mode, _, oid in entries if mode not in DIRECTORIES | {b"160000"}]
    return (
        number,
        [TREES.index(oid) for mode, _, oid in entries if mode in DIRECTORIES and oid in TREES],
        [BLOBS.index(oid) for oid in others if oid in BLOBS],
    )


wanted_names = st.none() | st.frozensets(names | st.just(b""), max_size=5)
TreeEntries = list[tuple[bytes, bytes, bytes]]


@st.composite
def tree_walks(draw: st.DrawFn) -> list[tuple[int, TreeEntries]]:
    """(depth, entries) of each tree of a walk over a delta tree."""
    walk = [(0, draw(tree_entries))]
    for _ in range(draw(st.integers(1, 5))):
        depth = draw(st.integers(1, walk[-1][0] + 1))
        base = next(entries for above, entries in reversed(walk) if above == depth - 1)
        cut, more = draw(st.integers(0, len(base))), draw(st.integers(0, 3))
        walk.append(
            (depth, base[:cut] + draw(st.lists(st.tuples(modes, names, oids), max_size=2)) + base[cut + more :])
        )
    return walk


class TestTreeReader:
    @unhurried
    @given(tree_walks(), wanted_names, st.data())
    def test_tells_of_each_tree_what_its_entries_say(
        self,
        kernel: ModuleType,
        walk: list[tuple[int, TreeEntries]],
        wanted: frozenset[bytes] | None,
        data: st.DataObject,
    ) -> None:
        if wanted and walk[0][1]:
            wanted |= {walk[0][1][-1][1]}
        reader = Reader(kernel, wanted)
        contents: dict[int, bytes] = {}
        for depth, entries in walk:
            tree = make_tree(entries)
            if depth:
                reader.chain.edit(depth, make_delta(contents[depth - 1], tree), False)
            else:
                reader.chain.root(tree)
            contents[depth] = tree
            if data.draw(st.booleans()):  # nobody reads this one
                continue
            assert reader.read(depth) is any(name in (wanted or ()) for _, name, _ in entries)
            told, lines = reader.take()
            assert told == [told_of(reader.number, entries)]
            if wanted is not None:
                assert lines == []

    @unhurried
    @given(tree_entries, tree_entries, st.integers(0, 4))
    def test_gathers_each_new_name_as_one_line(
        self, kernel: ModuleType, before: TreeEntries, after: TreeEntries, least: int
    ) -> None:
        reader = Reader(kernel, None, least)
        reader.read_root(make_tree(before))
        assert reader.take()[1] == [name.replace(b"\n", b" ") for _, name, _ in before if len(name) >= least]
        shared = [(b"100644", b"%d" % number, oid_of(number)) for number in range(10)]
        reader.read_root(make_tree(before + shared))
        reader.take()
        reader.chain.edit(1, make_delta(make_tree(before + shared), make_tree(after + shared)), True)
        reader.read(1)
        lines = reader.take()[1]
        new = [name.replace(b"\n", b" ") for _, name, _ in after if len(name) >= least]
        assert set(new) <= set(lines) | {name.replace(b"\n", b" ") for _, name, _ in before + shared}

    def test_takes_over_what_was_copied(self, kernel: ModuleType) -> None:
        base = [(b"100644", b"name %d" % number, oid_of(number)) for number in range(20)]
        reader = Reader(kernel, None)
        reader.read_root(make_tree(base))
        reader.take()
        child = [*base[:7], (b"40000", b"a longer name", oid_of(3)), *base[8:]]
        reader.chain.edit(1, make_delta(make_tree(base), make_tree(child)), True)
        reader.read(1)
        assert reader.take() == ([told_of(2, child)], [b"a longer name"])

    def test_a_malformed_tree_is_no_base(self, kernel: ModuleType) -> None:
        reader = Reader(kernel, None)
        good = make_tree([(b"100644", b"name %d" % number, oid_of(number)) for number in range(20)])
        assert outcome(reader.read_root, good + b"x") == ("KernelError", "a tree entry's mode is malformed")
        reader.chain.edit(1, make_delta(good + b"x", good), True)
        reader.read(1)
        assert len(reader.take()[1]) == 20

    def test_refuses_what_does_not_belong_to_it(self, kernel: ModuleType) -> None:
        table, longer = kernel.OidTable(b"", 20), kernel.OidTable(b"", 32)
        chain = kernel.Chain(LIMIT, MARGIN)
        assert outcome(kernel.TreeReader, chain, table, longer, None, 0)[0] == "KernelError"
        assert outcome(kernel.TreeReader, None, table, table, None, 0)[0] == "TypeError"
        assert outcome(kernel.TreeReader, chain, None, table, None, 0)[0] == "TypeError"
        assert outcome(kernel.TreeReader, chain, table, table, {b"a"}, 0)[0] == "TypeError"
        assert outcome(kernel.TreeReader, chain, table, table, frozenset(["a"]), 0)[0] == "TypeError"
        reader = kernel.TreeReader(chain, table, table, None, 0)
        assert outcome(reader.read, 0, 1) == ("KernelError", "nothing is held at this depth")
        chain.root(b"")
        assert outcome(reader.read, 0, 1 << 31) == ("KernelError", "the tree's number is out of range")


@needs_both
@unhurried
@given(tree_entries, st.data())
def test_the_kernels_agree_on_mutated_trees(entries: TreeEntries, data: st.DataObject) -> None:
    assert compiled is not None
    base = make_tree(entries)
    tree = bytearray(base)
    for _ in range(data.draw(st.integers(0, 3))):
        if tree:
            tree[data.draw(st.integers(0, len(tree) - 1))] = data.draw(st.integers(0, 255) | st.sampled_from(b"\0 07"))
    del tree[data.draw(st.integers(0, len(tree)) | st.just(len(tree))) :]
    delta = make_delta(base, bytes(tree))
    results = []
    for kernel in (kernel_py, compiled):
        reader = Reader(kernel, data.draw(st.just(None)) if len(entries) % 2 else frozenset([b"a", b"\n"]))
        reader.read_root(base)
        reader.chain.edit(1, delta, True)
        results.append([outcome(kernel.parse_tree, tree, 20), outcome(reader.read, 1), reader.take()])
    assert results[0] == results[1]


# ---- commits --------------------------------------------------------------------------------------

ZONES = [b"1700000000 +0100", b"1 -0000", b"0 +1", b"999999999999999 +0000", b"1234567890123456 +0000", b" +0000"]
ZONES += [b"12 0100", b"12 +", b"-5 +0000", b"", b"12 +01x", b"1 2 +0000"]


def commit_of(tree: int, parents: list[int], stamp: bytes, name: bytes = b"A U Thor <a@example.org>") -> bytes:
    lines = [b"tree " + oid_of(tree).hex().encode(), *(b"parent " + oid_of(at).hex().encode() for at in parents)]
    return b"\n".join([*lines, b"author " + name + b" 1 +0000", b"committer " + name + b" " + stamp, b"", b"text\n"])


class TestCommits:
    def row(self, kernel: ModuleType, commit: bytes) -> tuple[bool, list[int]]:
        rows = bytearray(b"12345678")
        complete = kernel.append_commit(commit, 7, kernel.OidTable(b"".join(TREES), 20), rows)
        return complete, int64s(bytes(rows))[1:]

    @unhurried
    @given(st.integers(0, 30), st.lists(st.integers(0, 30), max_size=4))
    def test_become_rows_of_numbers(self, kernel: ModuleType, tree: int, parents: list[int]) -> None:
        known = [at for at in parents if at < 20]
        complete = tree < 20 and len(known) == len(parents)
        row = [7, tree if tree < 20 else -1, 1_700_000_000, len(known), *known]
        assert self.row(kernel, commit_of(tree, parents, ZONES[0])) == (complete, row)

    def test_have_a_time_where_it_is_well_formed(self, kernel: ModuleType) -> None:
        times = [self.row(kernel, commit_of(1, [2], stamp))[1][2] for stamp in ZONES]
        assert times == [1_700_000_000, 1, 0, 999_999_999_999_999, *[0] * 8]

    def test_are_refused_where_malformed(self, kernel: ModuleType) -> None:
        good = commit_of(1, [2], ZONES[0])
        for bad in (
            b"",
            good[:30],
            good.replace(b"tree ", b"Tree "),
            good.replace(b"\nauthor", b"0\nauthor"),
            good.replace(b"author", b"nobody"),
            good.replace(b"committer", b"comitter"),
            good.partition(b"committer")[0] + b"committer without an end",
            good.upper(),
        ):
            rows = bytearray(b"as it was")
            table = kernel.OidTable(b"", 20)
            assert outcome(kernel.append_commit, bad, 7, table, rows) == ("KernelError", "has a malformed header")
            assert rows == b"as it was"

    @needs_both
    @unhurried
    @given(st.sampled_from(ZONES), st.data())
    def test_are_the_same_to_both_kernels(self, stamp: bytes, data: st.DataObject) -> None:
        commit = bytearray(commit_of(1, [2, 25], stamp))
        for _ in range(data.draw(st.integers(0, 2))):
            at = data.draw(st.integers(0, len(commit) - 1))
            commit[at] = data.draw(st.integers(0, 255) | st.sampled_from(b"0a \n>+-"))
        del commit[data.draw(st.integers(0, len(commit)) | st.just(len(commit))) :]
        results = [outcome(self.row, kernel, commit) for kernel in (kernel_py, compiled)]
        assert results[0] == results[1]


# ---- reach ----------------------------------------------------------------------------------------

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
    script = "from leakguard.git import kernel; print(kernel.IMPLEMENTATION, kernel.reach.__module__)"
    done = subprocess.run(
        [sys.executable, "-c", script], env={**os.environ, **environment}, capture_output=True, text=True, check=True
    )
    return done.stdout.split()[0]


def test_the_environment_can_choose_the_twin() -> None:
    assert implementation(LEAKGUARD_KERNEL="python") == "python"


@needs_both
def test_the_compiled_kernel_is_chosen_where_it_is_there() -> None:
    assert implementation(LEAKGUARD_KERNEL="") == "c"
