"""How the compiled walk inflates objects: as the libraries do, or it asks one."""

from __future__ import annotations

import random
import zlib
from array import array
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from isal import isal_zlib

from leakguard.git.packs import BLOB
from tests.git.deflate import DISTANCES, END_OF_BLOCK, LITERALS, Block, complete_lengths, packed, random_block, wrap
from tests.git.deltas import make_delta
from tests.git.kernels import LIMIT, MARGIN, compiled, needs_both, unhurried

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = needs_both

MOST = 4096
# What follows the last object of a pack: its checksum.
AFTER = bytes(range(20))
WORDS = b"".join(b"%d words of a file, %x\n" % (number, number * 77) for number in range(120))

contents = st.one_of(
    st.binary(max_size=MOST),
    st.text("ab \n", max_size=MOST).map(str.encode),
    st.tuples(st.binary(max_size=40), st.integers(0, 100)).map(lambda piece: (piece[0] * piece[1])[:MOST]),
    st.tuples(st.integers(0, MOST), st.integers(0, MOST)).map(lambda cut: WORDS[min(cut) : max(cut)]),
    st.tuples(st.integers(0, 999), st.integers(0, MOST), st.integers(1, 255)).map(
        lambda way: bytes(min(int(random.Random(way[0] + at).expovariate(9 / way[2])), 255) for at in range(way[1]))
    ),
)


def inflated(
    stream: bytes, size: int, after: bytes = AFTER, inflate: Callable[[int], bytes] | None = None
) -> bytes | None:
    """What a walk makes of an object of a pack, with newer instructions or without; None where it asks a library."""
    assert compiled
    compiled.use_newer(False)
    old = inflated_once(stream, size, after, inflate)
    compiled.use_newer(True)
    assert inflated_once(stream, size, after, inflate) == old
    return old


def inflated_once(stream: bytes, size: int, after: bytes, inflate: Callable[[int], bytes] | None) -> bytes | None:
    assert compiled
    asked: list[object] = []

    def ask(*arguments: object) -> bytes:
        asked.append(arguments)
        raise ValueError("asked")

    table = SimpleNamespace(order=array("i", [0]), depths=array("i", [0]), last_child=b"\0", types=bytes([BLOB]))
    table.offsets, table.heads, table.sizes = array("q", [4, 4 + len(stream)]), b"\0", array("q", [size])
    table = SimpleNamespace(**{name: bytes(column) for name, column in vars(table).items()})
    chain = compiled.Chain(LIMIT, MARGIN)
    reader = compiled.TextReader(chain, compiled.OidTable(bytes(20), 20), 1, lambda _new: [])
    pack = b"PACK" + stream + after
    for _ in compiled.Walk(reader, array("B", pack), table, 0, 1, 0, ask, inflate or ask, list, bytearray()):
        pass
    return None if asked else chain.content(0)


def deflated(content: bytes, level: int = 9, strategy: int = 0, window: int = 15, memory: int = 8) -> bytes:
    packer = zlib.compressobj(level, zlib.DEFLATED, window, memory, strategy)
    return packer.compress(content) + packer.flush()


def block(literal: dict[int, int], distance: dict[int, int]) -> Block:
    return Block(
        [literal.get(symbol, 0) for symbol in range(LITERALS)], [distance.get(symbol, 0) for symbol in range(DISTANCES)]
    )


class TestWhatIsInflated:
    @unhurried
    @given(contents, st.integers(0, 9), st.integers(0, 4), st.integers(1, 9))
    def test_is_all_that_zlib_makes(self, content: bytes, level: int, strategy: int, memory: int) -> None:
        assert inflated(deflated(content, level, strategy, memory=memory), len(content)) == content

    @unhurried
    @given(contents, st.integers(0, 3))
    def test_is_all_that_isal_makes(self, content: bytes, level: int) -> None:
        assert inflated(isal_zlib.compress(content, level), len(content)) in (content, None)

    @unhurried
    @given(st.lists(st.binary(max_size=400), max_size=9), st.sampled_from([zlib.Z_SYNC_FLUSH, zlib.Z_FULL_FLUSH]))
    def test_may_be_of_several_blocks(self, pieces: list[bytes], flush: int) -> None:
        packer = zlib.compressobj()
        stream = b"".join(packer.compress(piece) + packer.flush(flush) for piece in pieces) + packer.flush()
        assert inflated(stream, len(b"".join(pieces))) == b"".join(pieces)

    @unhurried
    @given(st.integers(0))
    def test_is_in_any_complete_codes(self, seed: int) -> None:
        made = random_block(random.Random(seed), MOST)
        assert zlib.decompress(made.stream()) == made.content
        assert inflated(made.stream(), len(made.content)) == bytes(made.content)

    def test_may_be_in_codes_of_one_bit(self) -> None:
        made = block({97: 2, END_OF_BLOCK: 2, 257: 1}, {0: 1, 1: 1})
        made.literal(97)
        made.match(0, 0, 0, 0)
        made.match(0, 0, 1, 0)
        assert inflated(made.stream(), 7) == b"aaaaaaa"

    @pytest.mark.parametrize("size", [0, 1, 31, 32, 33, 4000, MOST])
    def test_has_its_checksum_read(self, size: int) -> None:
        content = bytes([255]) * size
        stream = zlib.compress(content)
        assert inflated(stream, size) == content
        assert inflated(stream[:-1] + bytes([stream[-1] ^ 1]), size) is None
        assert inflated(stream[:-4] + bytes([stream[-4] ^ 1]) + stream[-3:], size) is None

    @pytest.mark.parametrize("level", [0, 1, 6, 9])
    @pytest.mark.parametrize("size", [MOST + 1, 65_535, 65_536, 200_000, 1_500_000])
    def test_is_of_any_size(self, size: int, level: int) -> None:
        dice = random.Random(size)
        words = [dice.randbytes(dice.randint(1, 9)) for _ in range(900)]
        content = b"".join(dice.choices(words, k=size))[:size]
        assert inflated(deflated(content, level), size) == content

    def test_is_up_to_a_thousand_times_as_long(self) -> None:
        stream = deflated(bytes(10_000_000))
        assert len(stream) < 9_800
        assert inflated(stream, 10_000_000) == bytes(10_000_000)

    @pytest.mark.parametrize("distance", [*range(1, 40), 63, 64, 65])
    def test_is_copied_from_near_and_far(self, distance: int) -> None:
        content = b"".join(
            bytes(range(distance)) * (length // distance + 2) + b"%d" % length for length in range(3, 300, 7)
        )
        assert inflated(deflated(content), len(content)) == content

    @pytest.mark.parametrize("new", [b"new", random.Random(1).randbytes(2 << 20)])
    def test_is_a_delta_as_well(self, new: bytes) -> None:
        assert compiled
        base, child = WORDS[:3000], WORDS[:1500] + new + WORDS[1700:3000]
        delta = make_delta(base, child)
        parts = [zlib.compress(base), zlib.compress(delta)]
        chain = compiled.Chain(LIMIT, MARGIN)
        reader = compiled.TextReader(chain, compiled.OidTable(bytes(20) + b"a" * 20, 20), 1, lambda _new: [])
        table = SimpleNamespace(
            order=array("i", [0, 1]).tobytes(),
            depths=array("i", [0, 1]).tobytes(),
            last_child=b"\0\0",
            types=bytes([BLOB, BLOB]),
            offsets=array("q", [0, len(parts[0]), len(b"".join(parts))]).tobytes(),
            heads=b"\0\0",
            sizes=array("q", [len(base), len(delta)]).tobytes(),
        )
        assert list(compiled.Walk(reader, b"".join(parts) + AFTER, table, 0, 2, 0, None, None, list, bytearray())) == []
        assert chain.content(1) == child


class TestWhatALibraryIsAskedFor:
    @unhurried
    @given(contents, st.integers(9, 14))
    def test_another_window(self, content: bytes, window: int) -> None:
        assert inflated(deflated(content, window=window), len(content)) is None

    def test_a_preset_dictionary(self) -> None:
        packer = zlib.compressobj(zdict=WORDS)
        assert inflated(packer.compress(WORDS[:99]) + packer.flush(), 99) is None

    @pytest.mark.parametrize("size", [0, 1, 98, 100, 4000, MOST + 1, LIMIT, -1])
    def test_another_size_than_claimed(self, size: int) -> None:
        assert inflated(zlib.compress(WORDS[:99]), size) is None

    def test_what_bytes_follow(self) -> None:
        assert inflated(zlib.compress(WORDS[:99]) + b"x", 99) is None

    def test_what_is_too_near_the_end_of_the_pack(self) -> None:
        assert inflated(zlib.compress(WORDS[:99]), 99, AFTER[1:]) is None

    @pytest.mark.parametrize("content", [b"", WORDS[:9], WORDS[:200], random.Random(1).randbytes(300)])
    def test_a_stream_that_is_cut(self, content: bytes) -> None:
        stream = zlib.compress(content)
        assert {inflated(stream[:end], len(content)) for end in range(len(stream))} == {None}

    @unhurried
    @given(
        contents,
        st.integers(0, 9),
        st.lists(st.tuples(st.integers(0, 1 << 16), st.integers(1, 255)), min_size=1, max_size=3),
    )
    def test_a_stream_that_is_changed(self, content: bytes, level: int, changes: list[tuple[int, int]]) -> None:
        stream = bytearray(zlib.compress(content, level))
        for at, byte in changes:
            stream[at % len(stream)] ^= byte
        got = inflated(bytes(stream), len(content))
        assert got is None or got == zlib.decompress(stream) == isal_zlib.decompress(stream)

    @pytest.mark.parametrize(
        ("literal", "distance"),
        [
            ({END_OF_BLOCK: 1}, {0: 1, 1: 1}),
            ({97: 2, END_OF_BLOCK: 1}, {0: 1, 1: 1}),
            ({97: 1, 98: 1, END_OF_BLOCK: 1}, {0: 1, 1: 1}),
            ({97: 1, END_OF_BLOCK: 1}, {0: 1}),
            ({97: 1, END_OF_BLOCK: 1}, {0: 2, 1: 2}),
            ({97: 1, END_OF_BLOCK: 1}, {0: 1, 1: 1, 2: 1}),
            ({97: 1, END_OF_BLOCK: 1}, {}),
        ],
    )
    def test_codes_that_are_not_complete_or_more_than_that(
        self, literal: dict[int, int], distance: dict[int, int]
    ) -> None:
        assert inflated(block(literal, distance).stream(), 0) is None

    def test_a_code_without_an_end(self) -> None:
        made = block({97: 1, 98: 1}, {0: 1, 1: 1})
        made.literals[END_OF_BLOCK] = (0, 1)
        made.content += b"a"
        assert inflated(made.stream(), 1) is None

    @pytest.mark.parametrize(("distance", "further"), [(0, 0), (3, 0), (29, 8191)])
    def test_a_match_that_begins_too_far_back(self, distance: int, further: int) -> None:
        lengths = complete_lengths(random.Random(1), [*range(DISTANCES)], DISTANCES)
        made = block({97: 2, END_OF_BLOCK: 2, 285: 1}, dict(enumerate(lengths)))
        for _ in range(distance):
            made.literal(97)
        made.match(28, 0, distance, further)
        assert inflated(made.stream(), len(made.content)) is None

    @pytest.mark.parametrize("literals", range(4))
    def test_more_than_is_claimed_in_the_last_place(self, literals: int) -> None:
        """Literals and a match go over the end before it is looked at, a second block that is stored follows."""
        made = block({97: 2, END_OF_BLOCK: 2, 285: 1}, {0: 1, 1: 1})
        for _ in range(literals + 1):
            made.literal(97)
        made.match(28, 0, 0, 0)
        for size in range(len(made.content)):
            assert inflated(made.stream(), size) is None

    @pytest.mark.parametrize(
        "deflated_wrongly",
        [
            packed((1, 1), (3, 2)),
            # stored: its length and the inverse of it do not agree, are not there, or are more than is there
            packed((1, 1), (0, 7)) + b"\1\0\xff\xffa",
            packed((1, 1), (0, 7)) + b"\1\0",
            packed((1, 1), (0, 7)) + b"\xff\xff\0\0a",
            # the fixed code's symbols 286 and 287, and its distances 30 and 31 after one literal
            *(packed((1, 1), (1, 2), (code, 8), (0, 7)) for code in (0b01100011, 0b11100011)),
            *(packed((1, 1), (1, 2), (0b10001100, 8), (64, 7), (code, 5), (0, 7)) for code in (15, 31)),
            # too many codes of literals, and of distances
            packed((1, 1), (2, 2), (30, 5), (0, 5), (15, 4), *[(0, 3)] * 19),
            packed((1, 1), (2, 2), (0, 5), (31, 5), (15, 4), *[(0, 3)] * 19),
            # the code of the lengths: none at all, not complete, more than that
            packed((1, 1), (2, 2), (0, 5), (0, 5), (15, 4), *[(0, 3)] * 19),
            packed((1, 1), (2, 2), (0, 5), (0, 5), (15, 4), *[(7, 3)] * 19),
            packed((1, 1), (2, 2), (0, 5), (0, 5), (15, 4), *[(1, 3)] * 19),
            # the first length repeats what is before it; more are repeated than there are
            packed((1, 1), (2, 2), (0, 5), (0, 5), (0, 4), (1, 3), (0, 3), (1, 3), (0, 3), (1, 1), (0, 300)),
            packed((1, 1), (2, 2), (0, 5), (0, 5), (0, 4), (0, 3), (0, 3), (1, 3), (1, 3), *[(1, 1), (127, 7)] * 9),
        ],
    )
    def test_what_is_against_the_format(self, deflated_wrongly: bytes) -> None:
        for more in (b"", bytes(40), b"\xff" * 40):
            for size in (0, 1, 4):
                assert inflated(wrap(deflated_wrongly + more, b"a" * size), size) is None

    @pytest.mark.parametrize("header", [0x7800, 0x7801, 0x789D, 0x7980, 0x881C])
    def test_another_header(self, header: int) -> None:
        stream = zlib.compress(WORDS[:99])
        assert inflated(header.to_bytes(2, "big") + stream[2:], 99) == (WORDS[:99] if header == 0x7801 else None)

    def test_and_it_has_the_last_word(self) -> None:
        asked = []

        def inflate(number: int) -> bytes:
            asked.append(number)
            return WORDS[:99]

        assert inflated(b"nothing", 99, inflate=inflate) is None
        assert asked == [0, 0]
