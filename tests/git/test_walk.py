"""Walks over packs: what they tell, what they keep to themselves, and that both kernels do the same."""

from __future__ import annotations

import random
import re
import zlib
from array import array
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leakguard.git import kernel_py
from leakguard.git.kernel_py.edges import read_edges
from leakguard.git.packs import BLOB, COMMIT, TAG, TREE
from tests.git.deltas import make_delta
from tests.git.kernels import compiled, needs_both

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

LIMIT = 1 << 20
MARGIN = 8
MOST = 1000
LINES = b"".join(b"line %d of a file\n" % number for number in range(40))

Told = tuple[int, int, int]


class Stored(NamedTuple):
    """An object in the order of a walk: its kind, its depth, and its content or what makes it of the one above."""

    kind: int
    depth: int
    data: bytes


class Table(NamedTuple):
    """The columns of a pack's table that a walk reads."""

    order: bytes
    depths: bytes
    last_child: bytes
    types: bytes
    offsets: bytes
    heads: bytes
    sizes: bytes


def _array(code: str, values: list[int]) -> bytes:
    return array(code, values).tobytes()


def oid_of(number: int) -> bytes:
    return b"%020d" % number


def hits_of(text: bytes, word: bytes) -> list[tuple[int, bytes]]:
    """Something found at the end of each line that holds the word."""
    ends = [match.end() for match in re.finditer(rb"[^\n]+", text) if word in match[0]]
    return [(end, text) for end in ends]


class Walked:
    """A pack of some objects, numbered in the order of the walk, and a walk over it."""

    def __init__(
        self,
        kernel: ModuleType,
        objects: list[Stored],
        repeated: dict[int, int] | None = None,
        scan: Callable[[bytes], object] = lambda new: hits_of(new, b""),
    ) -> None:
        self.kernel, self.objects = kernel, objects
        self.pack = bytearray(b"PACK")
        self.offsets = [len(self.pack)]
        for stored in objects:
            self.pack += b"head" + zlib.compress(stored.data)
            self.offsets.append(len(self.pack))
        depths = [stored.depth for stored in objects]
        last = [self._is_last(at) for at in range(len(objects))]
        self.table = Table(
            _array("i", list(range(len(objects)))),
            _array("i", depths),
            bytes(last),
            bytes(stored.kind for stored in objects),
            _array("q", self.offsets),
            bytes([4] * len(objects)),
            _array("q", [len(stored.data) for stored in objects]),
        )
        numbers = [(repeated or {}).get(at, at) for at in range(len(objects))]
        self.oids = kernel.OidTable(b"".join(map(oid_of, numbers)), 20)
        self.chain = kernel.Chain(LIMIT, MARGIN)
        self.texts = kernel.TextReader(self.chain, self.oids, MOST, scan)
        self.long_way: list[int] = []
        self.releases = 0
        self.areas = bytearray()

    def _is_last(self, at: int) -> bool:
        depth = self.objects[at].depth
        later = next((other.depth for other in self.objects[at + 1 :] if other.depth <= depth), -1)
        return later < depth

    def inflate(self, number: int) -> bytes:
        self.long_way.append(number)
        try:
            return zlib.decompress(self.pack[self.offsets[number] + 4 : self.offsets[number + 1]])
        except zlib.error as problem:
            raise ValueError(f"does not inflate ({problem})") from None

    def release(self) -> None:
        self.releases += 1

    def walk(self, reader: Any = None, begin: int = 0, end: int = 1000, first: int = 0, **ways: Any) -> Any:
        decompress = ways.get("decompress", zlib.decompress)
        inflate = ways.get("inflate", self.inflate)
        return self.kernel.Walk(
            reader or self.texts,
            self.pack,
            self.table,
            begin,
            end,
            first,
            decompress,
            inflate,
            self.release,
            self.areas,
        )

    def told(self, reader: Any = None, **arguments: Any) -> list[tuple[Told, str | None]]:
        walk = self.walk(reader, **arguments)
        return [(told, walk.problem) for told in walk]


def edit(base: bytes, child: bytes) -> bytes:
    return make_delta(base, child)


def commit(tree: int, parents: tuple[int, ...] = (), words: bytes = b"words") -> bytes:
    named = b"".join(b"parent %s\n" % oid_of(parent).hex().encode() for parent in parents)
    people = b"author A <a@example.org> 5 +0000\ncommitter A <a@example.org> 7 +0000\n"
    return b"tree %s\n%s%s\n%s\n" % (oid_of(tree).hex().encode(), named, people, words)


def entry(name: bytes, number: int, mode: bytes = b"100644") -> bytes:
    return mode + b" " + name + b"\0" + oid_of(number)


ONE, TWO = LINES.replace(b"line 20 ", b"line one "), LINES.replace(b"line 20 ", b"line two ")


class TestBlobs:
    def test_tells_a_blob_in_which_something_is_new(self, kernel: ModuleType) -> None:
        family = [Stored(BLOB, 0, LINES), Stored(BLOB, 1, edit(LINES, ONE)), Stored(BLOB, 1, edit(LINES, TWO))]
        walked = Walked(kernel, [*family, *family[1:2]])
        contents = []
        for number, kind, depth in walked.walk(first=100):
            assert kind == BLOB
            contents.append((number, walked.chain.content(depth), walked.texts.hits))
        assert [content[:2] for content in contents] == [(100, LINES), (101, ONE), (102, TWO), (103, ONE)]
        assert {text for _, text in contents[0][2]} == {LINES}
        [text] = {text for _, text in contents[2][2]}
        assert b"line two" in text
        assert len(text) < len(LINES)
        assert (walked.texts.blobs, walked.texts.decoded) == (4, 2 * len(ONE) + len(TWO) + len(LINES))
        assert len(LINES) < walked.texts.scanned < 2 * len(LINES)

    def test_a_line_in_which_nothing_was_found_is_scanned_once(self, kernel: ModuleType) -> None:
        scanned: list[bytes] = []

        def scan(new: bytes) -> list[tuple[int, bytes]]:
            scanned.append(new)
            return hits_of(new, b"line 7 ")

        texts = [LINES, ONE, LINES + b"more"]
        walked = Walked(kernel, [Stored(BLOB, 0, text) for text in texts], scan=scan)
        assert [told for told, _ in walked.told()] == [(number, BLOB, 0) for number in range(3)]
        hit = next(line for line in LINES.split(b"\n") if line.startswith(b"line 7 "))
        new = next(line for line in ONE.split(b"\n") if line.startswith(b"line one "))
        assert scanned == [LINES, b"%s\n%s\n" % (hit, new), hit + b"\nmore\n"]

    def test_a_scan_says_where_things_end(self, kernel: ModuleType) -> None:
        for said in ([7], 7, [()], [("end",)]):
            walked = Walked(kernel, [Stored(BLOB, 0, LINES)], scan=lambda _new, said=said: said)
            with pytest.raises((TypeError, IndexError)):
                walked.told()

    def test_keeps_a_blob_to_itself_in_which_the_scan_finds_nothing(self, kernel: ModuleType) -> None:
        family = [Stored(BLOB, 0, LINES), Stored(BLOB, 1, edit(LINES, ONE)), Stored(BLOB, 2, edit(ONE, ONE))]
        walked = Walked(kernel, family, scan=lambda new: hits_of(new, b"line one"))
        assert walked.told() == [((1, BLOB, 1), None)]
        assert walked.texts.hits is None
        assert walked.texts.blobs == 3

    def test_an_exception_of_the_scan_is_not_caught(self, kernel: ModuleType) -> None:
        def fails(_new: bytes) -> object:
            raise ValueError("of the scan")

        walked = Walked(kernel, [Stored(BLOB, 0, LINES)], scan=fails)
        with pytest.raises(ValueError, match="of the scan"):
            walked.told()

    def test_tells_a_blob_made_of_one_for_which_something_is_kept(self, kernel: ModuleType) -> None:
        family = [Stored(BLOB, 0, LINES), Stored(BLOB, 1, edit(LINES, ONE)), Stored(BLOB, 2, edit(ONE, ONE))]
        kept = []
        for keep in (False, True):
            walked = Walked(kernel, family)
            for number, _, _ in walked.walk():
                kept.append((keep, number, walked.chain.base_kept))
                if keep and number == 1:
                    walked.chain.keep("found")
        assert kept == [(False, 0, None), (False, 1, None), (True, 0, None), (True, 1, None), (True, 2, "found")]

    def test_what_is_kept_is_there_for_each_that_is_made_of_it(self, kernel: ModuleType) -> None:
        family = [Stored(BLOB, 0, LINES), Stored(BLOB, 1, edit(LINES, ONE)), Stored(BLOB, 1, edit(LINES, TWO))]
        walked = Walked(kernel, [*family, Stored(BLOB, 0, b"other")])
        kept = []
        for _, _, depth in walked.walk():
            kept.append(walked.chain.base_kept)
            if not depth:
                walked.chain.keep([len(kept)])
        assert kept == [None, [1], [1], None]

    def test_tells_what_is_no_plain_text(self, kernel: ModuleType) -> None:
        zipped = b"PK\3\4" + LINES
        walked = Walked(
            kernel, [Stored(BLOB, 0, zipped), Stored(BLOB, 1, edit(zipped, zipped)), Stored(TAG, 0, zipped)]
        )
        assert [told for told, _ in walked.told()] == [(0, BLOB, 0), (1, BLOB, 1)]

    def test_nothing_is_kept_where_nothing_is_held(self, kernel: ModuleType) -> None:
        chain = kernel.Chain(LIMIT, MARGIN)
        with pytest.raises(kernel_py.KernelError, match="nothing is held"):
            chain.keep(1)


class TestMessages:
    def test_gathers_commits_and_tags(self, kernel: ModuleType) -> None:
        first, second, tag = commit(9), commit(0, (0, 77)), b"object 00\n\nwords\n"
        walked = Walked(kernel, [Stored(COMMIT, 0, first), Stored(COMMIT, 1, edit(first, second)), Stored(TAG, 0, tag)])
        assert walked.told(first=3) == []
        reader = walked.texts
        assert reader.take_messages() == (
            first + b"\n" + second + b"\n" + tag + b"\n",
            _array("q", [3, 1, len(first) + 1, 4, 1, len(first + second) + 2, 5, 4, len(first + second + tag) + 3]),
        )
        assert reader.take_commits() == _array("q", [3, -1, 7, 0, 4, 0, 7, 1, 0])
        assert reader.take_messages() == (b"", b"")
        assert (reader.commits, reader.tags, reader.decoded) == (2, 1, len(first + second + tag))
        assert reader.settled is False

    def test_tells_when_enough_is_gathered(self, kernel: ModuleType) -> None:
        walked = Walked(kernel, [Stored(COMMIT, 0, commit(0, (0,), b"w" * 600)) for _ in range(4)])
        told = []
        for number, _, _ in walked.walk():
            told.append(number)
            walked.texts.take_messages()
        assert told == [1, 3]
        assert walked.texts.settled is True

    def test_a_malformed_commit_is_told_and_its_message_is_there(self, kernel: ModuleType) -> None:
        walked = Walked(kernel, [Stored(COMMIT, 0, b"tree zz\n"), Stored(COMMIT, 0, commit(0))])
        assert walked.told() == [((0, COMMIT, 0), "has a malformed header")]
        assert walked.texts.take_messages()[0].startswith(b"tree zz\n\ntree ")
        assert len(walked.texts.take_commits()) == 4 * 8

    def test_takes_in_what_no_walk_comes_to(self, kernel: ModuleType) -> None:
        reader = Walked(kernel, []).texts
        reader.add(TAG, 7, b"words")
        with pytest.raises(kernel_py.KernelError, match="malformed"):
            reader.add(COMMIT, 8, bytearray(b"words"))
        with pytest.raises(kernel_py.KernelError, match="only commits and tags"):
            reader.add(BLOB, 8, b"words")
        assert reader.take_messages() == (b"words\nwords\n", _array("q", [7, TAG, 6, 8, COMMIT, 12]))
        assert (reader.take_commits(), reader.settled) == (b"", True)


class TestTrees:
    def test_reads_trees_alone(self, kernel: ModuleType) -> None:
        tree = entry(b"a", 3) + entry(b"b", 2, b"40000")
        objects = [
            Stored(BLOB, 0, LINES),
            Stored(TREE, 0, tree),
            Stored(TREE, 0, entry(b"c", 9)),
            Stored(BLOB, 0, b"x"),
        ]
        walked = Walked(kernel, objects)
        reader = kernel.TreeReader(walked.chain, walked.oids, kernel.OidTable(oid_of(9), 20), frozenset([b"c"]), 3)
        assert walked.told(reader) == [((2, TREE, 0), None)]
        edges, holders, _, _ = reader.take()
        assert list(read_edges(edges)) == [(1, [2])]
        assert (holders, reader.count) == (_array("i", [2, 0]), 2)

    def test_the_first_of_equal_ids_stands_for_all(self, kernel: ModuleType) -> None:
        walked = Walked(kernel, [Stored(TREE, 0, entry(b"a", 1)), Stored(TREE, 0, entry(b"b", 1))], {1: 0})
        reader = kernel.TreeReader(walked.chain, walked.oids, kernel.OidTable(oid_of(1), 20), None, 1)
        assert walked.told(reader) == []
        assert reader.take()[1] == _array("i", [0, 0, 0, 0])

    def test_a_malformed_tree_is_told_and_the_next_one_is_read(self, kernel: ModuleType) -> None:
        walked = Walked(kernel, [Stored(TREE, 0, b"100644 a"), Stored(TREE, 0, entry(b"long", 0))])
        reader = kernel.TreeReader(walked.chain, walked.oids, kernel.OidTable(b"", 20), None, 3)
        [(told, problem)] = walked.told(reader)
        assert told == (0, TREE, 0)
        assert problem
        assert (reader.take()[2], reader.count) == (b"long\n", 2)

    def test_tells_now_and_then(self, kernel: ModuleType) -> None:
        walked = Walked(kernel, [Stored(TREE, 0, b"")])
        walked.table = walked.table._replace(order=bytes(4 * 1001), depths=bytes(4 * 1001), last_child=bytes(1001))
        reader = kernel.TreeReader(walked.chain, walked.oids, walked.oids, None, 3)
        assert walked.told(reader, end=1001) == [((0, TREE, 0), None)] * 2


class TestFailures:
    def test_what_is_built_on_a_failure_fails_and_nothing_else(self, kernel: ModuleType) -> None:
        family = [Stored(BLOB, 0, LINES), Stored(BLOB, 1, edit(LINES, ONE)), Stored(BLOB, 2, edit(ONE, TWO))]
        walked = Walked(kernel, [*family, Stored(BLOB, 1, edit(LINES, TWO)), Stored(BLOB, 0, b"other")])
        walked.pack[walked.offsets[1] + 8] ^= 0xFF
        (root, broken, above, sibling, other) = walked.told()
        assert [told for told, _ in (root, sibling, other)] == [(0, BLOB, 0), (3, BLOB, 1), (4, BLOB, 0)]
        assert broken[0] == (1, BLOB, -1)
        assert broken[1]
        assert above == ((2, BLOB, -1), "is built on an object that cannot be read")
        assert 1 in walked.long_way

    def test_a_delta_for_another_base_is_told(self, kernel: ModuleType) -> None:
        walked = Walked(kernel, [Stored(BLOB, 0, b"abc"), Stored(BLOB, 1, edit(b"abcd", b"abcde"))])
        assert walked.told()[1] == ((1, BLOB, -1), "the delta was made for a base of another size")

    def test_other_exceptions_are_not_caught(self, kernel: ModuleType) -> None:
        def interrupted(_number: int) -> bytes:
            raise KeyboardInterrupt

        walked = Walked(kernel, [Stored(BLOB, 0, LINES)])
        walked.pack[4:] = bytes(len(walked.pack) - 4)
        with pytest.raises(KeyboardInterrupt):
            walked.told(inflate=interrupted)
        assert walked.chain.size == 0

    def test_takes_only_readers(self, kernel: ModuleType) -> None:
        walked = Walked(kernel, [])
        with pytest.raises(TypeError, match="reader must be"):
            walked.told(walked.chain)
        with pytest.raises(TypeError, match="chain must be"):
            kernel.TextReader(walked.oids, walked.chain, 1, len)

    @pytest.mark.parametrize(("begin", "end", "numbers"), [(0, 1, [0]), (1, 9, [1, 2]), (-5, 2, [0, 1]), (2, 1, [])])
    def test_walks_a_span(self, kernel: ModuleType, begin: int, end: int, numbers: list[int]) -> None:
        walked = Walked(kernel, [Stored(BLOB, 0, b"text %d" % at) for at in range(3)])
        assert [told[0] for told, _ in walked.told(begin=begin, end=end)] == numbers


@needs_both
class TestTheShortWay:
    """Only the compiled walk takes it."""

    def test_objects_of_any_size_go_it(self) -> None:
        assert compiled
        walked = Walked(compiled, [Stored(BLOB, 0, random.Random(1).randbytes(300_000)), Stored(BLOB, 0, LINES)])
        assert len(walked.told()) == 2
        assert walked.long_way == []

    @pytest.mark.parametrize("decompress", [lambda *_: b"of another size", lambda *_: 1 / 0, lambda *_: 7])
    def test_what_is_unusual_goes_the_long_way(self, decompress: Callable[..., Any]) -> None:
        assert compiled
        walked = Walked(compiled, [Stored(BLOB, 0, LINES)])
        assert [told for told, _ in walked.told(decompress=decompress)] == [(0, BLOB, 0)]
        assert walked.long_way == [0]

    def test_what_reaches_beyond_the_pack_goes_the_long_way(self) -> None:
        assert compiled
        walked = Walked(compiled, [Stored(BLOB, 0, bytes(range(256)) * 4)])
        walked.table = walked.table._replace(offsets=_array("q", [4, 1 << 40]))
        assert len(walked.told()) == 1
        assert walked.long_way == [0]

    def test_pages_are_given_back_before_many_areas_of_the_pack_are_mapped(self) -> None:
        assert compiled
        dice = random.Random(1)
        walked = Walked(compiled, [Stored(BLOB, 0, dice.randbytes(1_000_000)) for _ in range(20)])
        seen = [walked.releases for _ in walked.walk()]
        assert seen == [at // 4 for at in range(20)]
        assert 12 <= sum(bits.bit_count() for bits in walked.areas) <= 17

    def test_what_is_mapped_is_counted_from_walk_to_walk(self) -> None:
        assert compiled
        dice = random.Random(1)
        walked = Walked(compiled, [Stored(BLOB, 0, dice.randbytes(1_000_000)) for _ in range(12)])
        seen = []
        for at in range(12):
            walked.told(begin=at, end=at + 1)
            seen.append(walked.releases)
        assert seen == [at // 4 for at in range(12)]
        walked.areas.clear()
        walked.told(begin=0, end=4)
        assert walked.releases == 2

    def test_an_area_that_is_read_again_counts_once(self) -> None:
        assert compiled
        walked = Walked(compiled, [Stored(BLOB, 0, b"text %d" % at) for at in range(1000)])
        assert len(walked.told()) == 1000
        assert walked.areas == b"\1"

    def test_a_table_that_is_no_packs_is_refused(self) -> None:
        assert compiled
        walked = Walked(compiled, [Stored(BLOB, 0, LINES)])
        good = walked.table
        for wrong in (
            {"order": _array("i", [7])},
            {"sizes": b""},
            {"last_child": b""},
            {"heads": b""},
            {"offsets": _array("q", [4])},
        ):
            walked.table = good._replace(**wrong)
            with pytest.raises(ValueError, match="the table is no pack's"):
                walked.told()

    def test_its_chain_is_in_use_meanwhile(self) -> None:
        assert compiled
        walked = Walked(compiled, [Stored(BLOB, 0, LINES)])
        with pytest.raises(RuntimeError, match="in use by another thread"):
            walked.told(decompress=lambda *_: 7, inflate=lambda _: walked.chain.content(0))


@st.composite
def forests(draw: st.DrawFn) -> list[Stored]:
    """Families of small texts, some of them malformed or made for another base."""
    objects: list[Stored] = []
    for _ in range(draw(st.integers(1, 3))):
        kind = draw(st.sampled_from([COMMIT, TREE, BLOB, BLOB, TAG]))
        above = [draw(content(kind))]
        objects.append(Stored(kind, 0, above[0]))
        for _ in range(draw(st.integers(0, 5))):
            depth = draw(st.integers(1, len(above)))
            child = draw(content(kind))
            base = above[depth - 1] if draw(st.integers(0, 9)) else b"another"
            above[depth:] = [child]
            objects.append(Stored(kind, depth, edit(base, child)))
    return objects


def content(kind: int) -> st.SearchStrategy[bytes]:
    if kind == COMMIT:
        return st.builds(commit, st.integers(0, 4), st.tuples(st.integers(0, 9)), st.binary(max_size=400))
    if kind == TREE:
        entries = st.builds(entry, st.sampled_from([b"a", b"bb", b"ccc"]), st.integers(0, 9))
        return st.lists(entries, max_size=4).map(b"".join)
    line = st.sampled_from([b"alpha beta gamma\n", b"delta epsilon\n", b"zeta\n", b"\n", b"PK\3\4"])
    return st.lists(line, max_size=30).map(b"".join)


@needs_both
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(forests(), st.data())
def test_the_kernels_agree(objects: list[Stored], data: st.DataObject) -> None:
    assert compiled
    damaged = data.draw(st.none() | st.integers(0, len(objects) - 1))
    wanted = data.draw(st.sampled_from(["texts", "trees"]))
    keeps = data.draw(st.booleans())
    said = []
    for kernel in (compiled, kernel_py):
        walked = Walked(kernel, objects, scan=lambda new: hits_of(new, b"beta"))
        if damaged is not None:
            walked.pack[walked.offsets[damaged + 1] - 2] ^= 0x55
        reader = walked.texts
        if wanted == "trees":
            reader = kernel.TreeReader(walked.chain, walked.oids, walked.oids, frozenset([b"a"]), 2)
        walk = walked.walk(reader)
        told: list[Any] = []
        for number, kind, depth in walk:
            told.append((number, kind, depth, walk.problem, walked.chain.base_kept))
            if depth >= 0:
                told += [walked.chain.content(depth), walked.texts.hits]
                if walked.chain.base_kept is None and depth:
                    told += [walked.chain.dirty(), walked.chain.rows()]
                if keeps:
                    walked.chain.keep(number)
        if wanted == "trees":
            told += [reader.take(), reader.count, reader.missing]
        else:
            told += [reader.take_commits(), reader.take_messages(), reader.settled, reader.decoded, reader.scanned]
        said.append(told)
    assert said[0] == said[1]
