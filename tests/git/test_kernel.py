"""The kernel, compiled and in plain Python: deltas and their windows, and which of the two is chosen."""

from __future__ import annotations

import os
import random
import re
import struct
import subprocess
import sys
from array import array
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from leakguard.git import kernel_py
from leakguard.git.kernel_error import KernelError
from tests.git.kernels import LIMIT, MARGIN, compiled, edited, needs_both, outcome, rows, unhurried

if TYPE_CHECKING:
    from types import ModuleType


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
        assert outcome(chain.dirty) == ("KernelError", "nothing is held")
        assert chain.content(0) == b"abc"

    def test_a_content_that_was_asked_for_is_still_a_base(self, kernel: ModuleType) -> None:
        chain = kernel.Chain(LIMIT, MARGIN)
        chain.root(b"abc")
        chain.edit(1, delta_of(b"abc", [(0, 3), b"1"])[1], False)
        held = chain.content(1)
        chain.edit(2, delta_of(b"abc1", [b"x", (0, 4)])[1], True)
        assert (held, chain.content(2)) == (b"abc1", b"xabc1")

    def test_a_line_in_which_nothing_was_found_is_not_given_again(self, kernel: ModuleType) -> None:
        chain = kernel.Chain(LIMIT, MARGIN)
        base = b"0123456789\n" * 40
        one, two = (delta_of(base, [(0, 224), new, (227, 440 - 227)])[1] for new in (b"one", b"two"))
        chain.root(base)
        given = []
        for depth, delta, hits in ((1, one, [(8,)]), (1, one, []), (1, one, []), (1, two, [(10,)]), (1, two, [])):
            chain.edit(depth, delta, False)
            given.append(chain.dirty())
            assert chain.dirty() == given[-1]
            assert chain.dirty_size == 12
            assert rows(chain.rows()[1]) == ([(0, 10, 220, 224, 230)] if given[-1] else [])
            chain.remember(hits)
        assert given == [b"0123one789\n", b"0123one789\n", b"", b"0123two789\n", b"0123two789\n"]
        chain.edit(1, delta_of(base, [(0, 224), b"two", (227, 120), b"new", (350, 90)])[1], False)
        assert chain.dirty() == b"012345new9\n"
        assert rows(chain.rows()[1]) == [(0, 10, 341, 347, 351)]

    def test_lines_that_were_not_remembered_are_given_again(self, kernel: ModuleType) -> None:
        chain = kernel.Chain(LIMIT, MARGIN)
        for _ in range(2):
            chain.root(b"abc\ndef")
            assert chain.dirty() == b"abc\ndef\n"
        chain.root(b"of another object")
        chain.remember([])
        chain.root(b"abc\ndef")
        assert chain.dirty() == b"abc\ndef\n"
        chain.remember([])
        chain.root(b"def\nghi\nabc")
        assert chain.dirty() == b"ghi\n"

    @pytest.mark.parametrize("length", [1, 2, 7, 8, 9, 63, 64, 65, 127, 128, 129, 300])
    def test_a_line_is_known_by_each_of_its_bytes_wherever_it_stands(self, kernel: ModuleType, length: int) -> None:
        chain = kernel.Chain(LIMIT, MARGIN)
        line = bytes(random.Random(length).choices(range(65, 91), k=length))
        chain.root(b"first\n" + line)
        chain.dirty()
        chain.remember([])
        for around in (b"%s", b"%s\n", b"\n\n%s\nfirst", b"first\n%s\nfirst\n" * 40):
            chain.root(around.replace(b"%s", line))
            assert chain.dirty() == b""
        others = {line + b"\0", line[:-1], b"\0" + line, line + line, line[:-1] + b"\0" * 64}
        others |= {line[:at] + bytes([line[at] ^ 1 << at % 4]) + line[at + 1 :] for at in range(length)}
        for other in others - {b"", line}:
            chain.root(b"first\n%s\nfirst\n" % other)
            assert other in chain.dirty()

    def test_a_few_bytes_of_seen_lines_are_scanned_with_their_neighbours(self, kernel: ModuleType) -> None:
        chain = kernel.Chain(LIMIT, MARGIN)
        for seen in (b"x" * 29, b"y" * 31):
            chain.root(seen)
            chain.dirty()
            chain.remember([])
        chain.root(b"new\n%s\nother\n\n%s\nthird" % (b"x" * 29, b"y" * 31))
        assert chain.dirty() == b"new\n%s\nother\nthird\n" % (b"x" * 29)

    @pytest.mark.parametrize("hits", [[7], 7, [()], [("end",)]])
    def test_a_hit_is_a_tuple_that_begins_with_its_end(self, kernel: ModuleType, hits: Any) -> None:
        chain = kernel.Chain(LIMIT, MARGIN)
        chain.root(b"abc")
        chain.dirty()
        with pytest.raises((TypeError, IndexError)):
            chain.remember(hits)
        chain.root(b"abc")
        assert chain.dirty() == b"abc\n"

    @unhurried
    @given(st.lists(edits(), min_size=1, max_size=5), st.integers(0, 5))
    def test_what_is_left_out_has_nothing_in_it(
        self, kernel: ModuleType, walk: list[tuple[bytes, list[Op]]], which: int
    ) -> None:
        chain, anchor = kernel.Chain(LIMIT, MARGIN), ANCHORS[which]
        for base, ops in [*walk, *walk]:
            child, delta = delta_of(base, ops)
            ends: list[int] = []
            for content in (base, child):
                if content is base:
                    chain.root(base)
                else:
                    chain.edit(1, delta, True)
                hits = candidates(chain.dirty(), anchor)
                clean, windows = map(rows, chain.rows())
                inherited = [end + shift for lo, hi, shift, *_ in clean for end in ends if lo <= end + shift <= hi]
                ends = sorted(inherited + accepted(hits, windows))
                assert ends == candidates(content, anchor)
                chain.remember([(hit,) for hit in hits])

    @needs_both
    @unhurried
    @given(st.lists(edits(), min_size=1, max_size=4), st.integers(0, 40))
    def test_the_kernels_leave_out_the_same(self, walk: list[tuple[bytes, list[Op]]], hit: int) -> None:
        assert compiled is not None
        told: list[list[Any]] = []
        for kernel in (kernel_py, compiled):
            chain, said = kernel.Chain(LIMIT, MARGIN), []
            for base, ops in [*walk, *walk]:
                chain.root(base)
                said += [chain.dirty(), chain.rows()]
                chain.remember([(hit,)])
                chain.edit(1, delta_of(base, ops)[1], True)
                said += [chain.dirty(), chain.rows(), chain.dirty_size]
                chain.remember([(hit,), (2 * hit,)])
            told.append(said)
        assert told[0] == told[1]

    def test_a_whole_object_is_one_window(self, kernel: ModuleType) -> None:
        chain = kernel.Chain(LIMIT, MARGIN)
        assert outcome(chain.dirty) == ("KernelError", "nothing is held")
        chain.root(b"abc\n\n")
        assert (chain.dirty(), chain.dirty_size) == (b"abc\n", 5)
        assert list(map(rows, chain.rows())) == [[], [(0, 3, 0, 0, 5)]]
        chain.root(b"")
        assert (chain.dirty(), chain.dirty_size, chain.rows()) == (b"", 0, (b"", b""))

    def test_of_very_many_new_lines_not_all_are_remembered(self, kernel: ModuleType) -> None:
        chain = kernel.Chain(LIMIT, MARGIN)
        text = b"".join(b"%d\n" % number for number in range(70_000))
        given = []
        for _ in range(3):
            chain.root(text)
            given.append(len(chain.dirty().split()))
            chain.remember([])
        assert given[0] == 70_000
        assert given[1] < 7_000
        assert given[2] < 3_000

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
    def test_each_end_of_an_anchor_is_in_exactly_one_interval(
        self, kernel: ModuleType, edit: tuple[bytes, list[Op]], margin: int
    ) -> None:
        child, delta = delta_of(*edit)
        made = edited(kernel, edit[0], delta, margin)
        intervals = [row[:2] for row in made.clean] + sorted({row[3:] for row in made.windows})
        covered = [end for lo, hi in intervals for end in range(lo, hi + 1)]
        assert len(covered) == len(set(covered))
        assert {end for end in range(1, len(child) + 1) if child[end - 1] != 10} <= set(covered)

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

    @unhurried
    @given(edits(), st.integers(1, 40), st.lists(st.integers(0, 700)))
    def test_a_candidate_is_inherited_at_each_place_where_its_end_is_clean(
        self, kernel: ModuleType, edit: tuple[bytes, list[Op]], margin: int, ends: list[int]
    ) -> None:
        ends.sort()
        clean = edited(kernel, edit[0], delta_of(*edit)[1], margin).clean
        expected = [
            (number, shift, start, stop)
            for lo, hi, shift, start, stop in clean
            for number, end in enumerate(ends)
            if lo <= end + shift <= hi
        ]
        made = array("q", kernel.inherited(array("q", [cell for row in clean for cell in row]), array("q", ends)))
        assert list(zip(*[iter(made)] * 4, strict=True)) == expected

    @pytest.mark.parametrize(
        ("clean", "ends"), [(b"1234567", b""), (b"", b"1"), (bytes(39), b""), (bytes(80), bytes(9))]
    )
    def test_inherits_nothing_from_half_a_row(self, kernel: ModuleType, clean: bytes, ends: bytes) -> None:
        assert outcome(kernel.inherited, clean, ends) == ("KernelError", "the rows are no chain's")

    def test_joined_copies_leave_no_seam(self, kernel: ModuleType) -> None:
        base = os.urandom(200_000)
        _, delta = delta_of(base, [(0, 0x10000), (0x10000, 0x10000), (0x20000, 200_000 - 0x20000)])
        assert edited(kernel, base, delta) == (base, b"", [(0, 200_000, 0, 0, 200_000)], [])

    def test_an_edited_line_is_the_whole_window(self, kernel: ModuleType) -> None:
        base = b"0123456789\n" * 40
        _, delta = delta_of(base, [(0, 224), b"new", (227, 440 - 227)])
        made = edited(kernel, base, delta)
        assert made.gathered == b"0123new789\n"
        assert made.windows == [(0, 10, 220, 224, 230)]
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


def test_freed_memory_can_be_given_back(kernel: ModuleType) -> None:
    assert kernel.trim() is None


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
