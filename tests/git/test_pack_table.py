"""Packs as forests of deltas: each kernel against a naive reference, and the two against each other."""

from __future__ import annotations

import hashlib
import random
import struct
import zlib
from itertools import pairwise
from math import log2
from typing import TYPE_CHECKING, Any

import pygit2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leakguard.git import kernel_py
from tests.git.kernels import compiled, edited, int32s, int64s, needs_both, oid_of, outcome, unhurried
from tests.git.packs import distance, size_header

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType


COMMIT, TREE, BLOB, TAG, OFS, REF = 1, 2, 3, 4, 6, 7
Entry = tuple[int, int, int]  # git type, size, number of the base for OFS and REF


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


def wide_pack() -> tuple[bytes, bytes]:
    """(index, pack) of two blobs that lie far apart."""
    blob, far = size_header(BLOB, 1) + b"x", 20 << 20
    pack = b"PACK" + struct.pack(">II", 2, 2) + blob + bytes(far) + blob
    checksum = bytes(20)
    return make_index([oid_of(0), oid_of(1)], [12, 12 + len(blob) + far], checksum), pack + checksum


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
        offsets = int64s(table.offsets)
        assert (offsets[0], offsets[-1]) == (12, len(pack) - hash_len)
        assert [end - start - head for (start, end), head in zip(pairwise(offsets), table.heads, strict=True)] == [
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

    def test_says_every_few_megabytes_that_what_was_read_can_be_forgotten(self, kernel: ModuleType) -> None:
        idx, pack = wide_pack()
        said: list[str] = []
        table = kernel.pack_table(idx, pack, 20, lambda: said.append("forget"))
        assert said
        assert fields(table) == fields(kernel.pack_table(idx, pack, 20))

    def test_passes_on_what_goes_wrong_when_it_says_so(self, kernel: ModuleType) -> None:
        def fail() -> None:
            raise ValueError("cannot be forgotten")

        with pytest.raises(ValueError, match="cannot be forgotten"):
            kernel.pack_table(*wide_pack(), 20, fail)

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

    def test_refuses_two_objects_of_one_id(self, kernel: ModuleType) -> None:
        pack = b"PACK" + struct.pack(">II", 2, 2) + b"\x31x\x31y" + bytes(20)
        idx = make_index([oid_of(0), oid_of(0)], [12, 14], bytes(20))
        assert outcome(kernel.pack_table, idx, pack, 20) == ("KernelError", "the pack index's ids do not ascend")

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
        offsets, parents = int64s(table.offsets), int32s(table.parents)
        contents: dict[int, bytes] = {}
        for number in int32s(table.order):
            data = zlib.decompress(pack[offsets[number] + table.heads[number] : offsets[number + 1]])
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
