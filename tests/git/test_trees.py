"""Trees, commits and what they lead to: each kernel against a naive reference, and the two against each other."""

from __future__ import annotations

import struct
from array import array
from itertools import accumulate
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leakguard.git import kernel_py
from leakguard.git.history import TreeSets, pack_set
from leakguard.git.kernel_py.edges import EdgeWriter, read_edges
from tests.git.deltas import copy, insert, make_delta, size
from tests.git.kernels import LIMIT, MARGIN, compiled, int32s, int64s, needs_both, oid_of, outcome, unhurried

if TYPE_CHECKING:
    from types import ModuleType


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
    @given(tree_entries, st.lists(oids, max_size=20))
    def test_leads_are_the_subtrees_and_what_is_asked_for(
        self, kernel: ModuleType, entries: list[tuple[bytes, bytes, bytes]], wanted: list[bytes]
    ) -> None:
        leads = [(int(mode, 8), name, oid) for mode, name, oid in entries if mode in DIRECTORIES or oid in wanted]
        assert kernel.tree_leads(make_tree(entries), kernel.OidTable(b"".join(wanted), 20)) == leads
        assert outcome(kernel.tree_leads, b"", b"") == ("TypeError", "blobs must be an OidTable")

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
        assert outcome(kernel.tree_leads, data, kernel.OidTable(b"", 20)) == ("KernelError", sentence)
        reader = Reader(kernel, None)
        assert outcome(reader.read_root, b"100644 name\0" + bytes(20) + data) == ("KernelError", sentence)
        assert reader.take() == ([], [])
        assert not reader.read_root(b"100644 name\0" + bytes(20))
        assert reader.take() == ([], [b"name"])


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
        """([(tree, its subtrees, its blobs)] of those trees that have any, names)."""
        edges, holders, lines, self.absent = self.reader.take()
        subtrees, pairs = dict(read_edges(edges)), rows32(holders)
        trees = sorted({*subtrees, *(tree for tree, _ in pairs)})
        told = [(tree, subtrees.get(tree, []), [blob for holder, blob in pairs if holder == tree]) for tree in trees]
        return told, lines.split(b"\n")[:-1]


def rows32(raw: bytes) -> list[tuple[int, int]]:
    numbers = int32s(raw)
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def told_of(number: int, entries: list[tuple[bytes, bytes, bytes]]) -> list[tuple[int, list[int], list[int]]]:
    """What a reader has to tell of a tree."""
    known = [mode in DIRECTORIES and oid in TREES for mode, _, oid in entries]
    subtrees = [TREES.index(oid) for (_, _, oid), is_known in zip(entries, known, strict=True) if is_known]
    others = [
        oid for (mode, _, oid), is_known in zip(entries, known, strict=True) if not is_known and mode != b"160000"
    ]
    blobs = [BLOBS.index(oid) for oid in others if oid in BLOBS]
    return [(number, subtrees, blobs)] if subtrees or blobs else []


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
            assert told == told_of(reader.number, entries)
            if wanted is not None:
                assert lines == []

    @unhurried
    @given(tree_entries, tree_entries, st.integers(0, 4))
    def test_gathers_each_new_name_as_one_line(
        self, kernel: ModuleType, before: TreeEntries, after: TreeEntries, least: int
    ) -> None:
        reader = Reader(kernel, None, least)
        reader.read_root(make_tree(before))
        met = dict.fromkeys(name.replace(b"\n", b"\0") for _, name, _ in before if len(name) >= least)
        assert reader.take()[1] == list(met)
        shared = [(b"100644", b"%d" % number, oid_of(number)) for number in range(10)]
        reader.read_root(make_tree(before + shared))
        assert not met.keys() & set(reader.take()[1])
        reader.chain.edit(1, make_delta(make_tree(before + shared), make_tree(after + shared)), True)
        reader.read(1)
        lines = reader.take()[1]
        new = dict.fromkeys(name.replace(b"\n", b"\0") for _, name, _ in after if len(name) >= least)
        assert lines == [name for name in new if name not in met and name not in {name for _, name, _ in shared}]

    def test_forgets_names_rather_than_remembering_without_end(self, kernel: ModuleType) -> None:
        many = [(b"100644", b"name %d" % number, oid_of(0)) for number in range(1 << 14)]
        few = [*many[-3:], (b"100644", b"one more", oid_of(0))]
        reader = Reader(kernel, None)
        reader.read_root(make_tree(many))
        assert len(reader.take()[1]) == len(many)
        reader.read_root(make_tree(few))
        assert reader.take()[1] == [b"one more"]
        reader.read_root(make_tree(few))
        assert reader.take()[1] == [name for _, name, _ in few[:3]]

    @pytest.mark.parametrize(("length", "times"), [(255, 1), (256, 2)])
    def test_does_not_remember_a_very_long_name(self, kernel: ModuleType, length: int, times: int) -> None:
        reader = Reader(kernel, None)
        reader.read_root(make_tree([(b"100644", b"n" * length, oid_of(0))] * 2))
        assert reader.take()[1] == [b"n" * length] * times

    def test_a_name_of_a_malformed_tree_is_gathered_where_it_comes_again(self, kernel: ModuleType) -> None:
        tree = make_tree([(b"100644", b"name", oid_of(0))])
        reader = Reader(kernel, None)
        assert outcome(reader.read_root, tree + b"x")[0] == "KernelError"
        assert reader.take() == ([], [])
        reader.read_root(tree)
        assert reader.take() == ([], [b"name"])

    def test_takes_over_what_was_copied(self, kernel: ModuleType) -> None:
        base = [(b"100644", b"name %d" % number, oid_of(number)) for number in range(20)]
        reader = Reader(kernel, None)
        reader.read_root(make_tree(base))
        reader.take()
        child = [*base[:7], (b"40000", b"a longer name", oid_of(3)), *base[8:]]
        reader.chain.edit(1, make_delta(make_tree(base), make_tree(child)), True)
        reader.read(1)
        assert reader.take() == (told_of(2, child), [b"a longer name"])

    def test_a_name_that_stays_while_its_id_changes_is_no_new_one(self, kernel: ModuleType) -> None:
        base = [(b"100644", b"a rather long name %d" % number, oid_of(number)) for number in range(20)]
        reader = Reader(kernel, None)
        reader.read_root(make_tree(base))
        assert len(reader.take()[1]) == 20
        child = [*base[:7], (b"100644", base[7][1], oid_of(29)), *base[8:19], (b"100644", base[19][1], oid_of(28))]
        reader.chain.edit(1, make_delta(make_tree(base), make_tree(child)), True)
        reader.read(1)
        assert reader.take() == (told_of(2, child), [])

    @unhurried
    @given(st.lists(st.tuples(modes, names, oids), min_size=5, max_size=40), wanted_names, st.data())
    def test_says_the_same_of_a_tree_whatever_it_was_made_of(
        self, kernel: ModuleType, entries: TreeEntries, wanted: frozenset[bytes] | None, data: st.DataObject
    ) -> None:
        base = make_tree(entries)
        ends = list(accumulate(len(make_tree([entry])) for entry in entries))
        cuts = st.sampled_from([0, *ends]) | st.integers(0, len(base))
        delta, tree = b"", b""
        for _ in range(data.draw(st.integers(1, 6))):
            begin, end = sorted([data.draw(cuts), data.draw(cuts)])
            more = make_tree(data.draw(st.lists(st.tuples(modes, names, oids), max_size=1)))
            delta += copy(begin, end - begin) + insert(more)
            tree += base[begin:end] + more
        made, whole = Reader(kernel, wanted), Reader(kernel, wanted)
        made.read_root(base)
        made.take()
        made.chain.edit(1, size(len(base)) + size(len(tree)) + delta, True)
        whole.number = 1
        whole.chain.root(tree)
        assert outcome(made.read, 1) == outcome(whole.read, 0)
        (told, lines), (said, every) = made.take(), whole.take()
        assert told == said
        met = {name.replace(b"\n", b"\0") for _, name, _ in entries}
        assert lines == [name for name in every if name not in met]

    def test_names_the_subtrees_that_are_not_there(self, kernel: ModuleType) -> None:
        tree = [
            (b"40000", b"known", oid_of(3)),
            (b"40000", b"of interest", oid_of(25)),
            (b"40000", b"lost", oid_of(90)),
        ]
        tree += [(b"160000", b"submodule", oid_of(91)), (b"100644", b"blob", oid_of(92))]
        reader = Reader(kernel, None)
        reader.read_root(make_tree(tree))
        assert reader.take() == (told_of(1, tree), [name for _, name, _ in tree])
        assert (reader.absent, reader.reader.missing) == (oid_of(90), 1)
        tables = [kernel.OidTable(b"".join(ids), 20) for ids in (TREES, BLOBS)]
        strict = kernel.TreeReader(reader.chain, *tables, None, 0, True)
        strict.read(0, 1)
        assert (strict.take()[3], strict.missing) == (oid_of(90) + oid_of(92), 2)
        outcome(reader.read_root, make_tree(tree) + b"x")
        reader.take()
        assert reader.absent == b""

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
        leads = outcome(kernel.tree_leads, tree, kernel.OidTable(b"".join(BLOBS), 20))
        results.append([outcome(kernel.parse_tree, tree, 20), leads, outcome(reader.read, 1), reader.take()])
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


# ---- edges and reach ------------------------------------------------------------------------------

numbers = st.integers(0, 8) | st.integers(0, (1 << 31) - 1)
subtree_lists = st.lists(numbers, min_size=1, max_size=6)


@st.composite
def rows_of_edges(draw: st.DrawFn) -> list[tuple[int, list[int]]]:
    """Trees and their subtrees, each made of those before by an edit."""
    rows = []
    subtrees = draw(subtree_lists)
    for _ in range(draw(st.integers(0, 40))):
        cut, more = draw(st.integers(0, len(subtrees))), draw(st.integers(0, 2))
        subtrees = [*subtrees[:cut], *draw(subtree_lists), *subtrees[cut + more :]]
        rows.append((draw(numbers), subtrees))
    return rows


def edges_of(rows: list[tuple[int, list[int]]]) -> bytes:
    writer = EdgeWriter()
    for tree, subtrees in rows:
        writer.add(tree, subtrees)
    return bytes(writer.rows)


@unhurried
@given(rows_of_edges(), rows_of_edges())
def test_rows_of_edges_say_what_was_written_also_one_after_the_other(
    rows: list[tuple[int, list[int]]], more: list[tuple[int, list[int]]]
) -> None:
    assert list(read_edges(edges_of(rows) + edges_of(more))) == rows + more


def test_a_row_of_edges_that_is_like_the_one_before_takes_few_bytes() -> None:
    subtrees = list(range(1000, 1100))
    rows = [(number, [*subtrees[:40], number, *subtrees[41:]]) for number in range(160)]
    assert len(edges_of(rows)) < 4000


TOTAL, WIDTH = 9, 8
some = st.integers(0, TOTAL - 1)
graphs = st.lists(st.tuples(some, st.lists(some, min_size=1, max_size=4)), max_size=8)
held_sets = st.lists(st.frozensets(st.integers(0, 8 * WIDTH - 1), max_size=3), min_size=1, max_size=4)


def packed(sets: list[frozenset[int]]) -> bytes:
    return b"".join(pack_set(keys, WIDTH) for keys in sets)


def int32_bytes(values: list[int]) -> bytes:
    return array("i", values).tobytes()


def leads(graph: dict[int, list[int]], tree: int) -> set[int]:
    """A tree and all that it leads to."""
    met = {tree}
    while more := {below for at in met for below in graph.get(at, ())} - met:
        met |= more
    return met


class TestReach:
    @unhurried
    @given(graphs, held_sets, st.data())
    def test_gives_each_tree_what_it_leads_to(
        self, kernel: ModuleType, graph: list[tuple[int, list[int]]], sets: list[frozenset[int]], data: st.DataObject
    ) -> None:
        rows = [(tree, [at for at in named if at > tree]) for tree, named in graph]  # as honest objects: no cycle
        rows = list({tree: (tree, named) for tree, named in rows if named}.values())
        holders = data.draw(st.lists(st.tuples(some, st.integers(0, len(sets) - 1)), max_size=6))
        pairs = int32_bytes([part for pair in holders for part in pair])
        found = TreeSets(*kernel.reach(edges_of(rows), pairs, packed(sets), WIDTH, TOTAL), WIDTH)
        for tree in range(TOTAL):
            below = leads(dict(rows), tree)
            keys = frozenset().union(*(sets[place] for holder, place in holders if holder in below))
            assert found.get(tree, frozenset()) == keys
            assert (tree in found) == bool(keys)
        assert dict(found) == {tree: found[tree] for tree in range(TOTAL) if tree in found}
        assert len(found) == len(dict(found))

    @needs_both
    @unhurried
    @given(graphs, held_sets, st.lists(st.integers(-1, 9), max_size=6), st.integers(-1, 10), st.data())
    def test_the_kernels_agree_on_cycles_and_nonsense(
        self,
        graph: list[tuple[int, list[int]]],
        sets: list[frozenset[int]],
        holders: list[int],
        total: int,
        data: st.DataObject,
    ) -> None:
        assert compiled is not None
        edges = bytearray(edges_of(graph))
        for _ in range(data.draw(st.integers(0, 2)) if edges else 0):
            edges[data.draw(st.integers(0, len(edges) - 1))] = data.draw(st.integers(0, 255))
        width = data.draw(st.sampled_from([WIDTH, WIDTH, WIDTH, 2 * WIDTH, 0, -8, 7]))
        arguments = (bytes(edges), int32_bytes(holders), packed(sets), width, total)
        assert outcome(compiled.reach, *arguments) == outcome(kernel_py.reach, *arguments)

    @pytest.mark.parametrize("width", [8, 24, 32, 40, 64, 72, 136])
    def test_takes_sets_of_any_width(self, kernel: ModuleType, width: int) -> None:
        count = 100
        sets = [frozenset([key * 7 % (8 * width), key * 11 % (8 * width)]) for key in range(count)]
        edges = edges_of([(tree, [tree + 1]) for tree in range(count - 1)])
        holders = int32_bytes([part for tree in range(count) for part in (tree, tree)])
        rows = b"".join(pack_set(held, width) for held in sets)
        found = TreeSets(*kernel.reach(edges, holders, rows, width, count), width)
        assert [found[tree] for tree in range(count)] == [frozenset().union(*sets[tree:]) for tree in range(count)]

    def test_does_not_recurse(self, kernel: ModuleType) -> None:
        count = 20_000
        edges = edges_of([(tree, [tree + 1]) for tree in range(count - 1)])
        classes, sets = kernel.reach(edges, int32_bytes([count - 1, 0]), packed([frozenset([5])]), WIDTH, count)
        assert set(int32s(classes)) == {1}
        assert sets == packed([frozenset(), frozenset([5])])

    def test_keeps_what_a_tree_has_and_not_what_it_passes_through(self, kernel: ModuleType) -> None:
        sets = [frozenset([key]) for key in range(60)]
        holders = int32_bytes([part for place in range(60) for part in (3, place)])
        classes, found = kernel.reach(b"", holders, packed(sets), WIDTH, TOTAL)
        assert found == packed([frozenset(), frozenset(range(60))])
        assert int32s(classes) == [0, 0, 0, 1, 0, 0, 0, 0, 0]
