"""What commits say of sets of findings: each kernel against sets in plain Python, and the two against each other."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leakguard.git import history, kernel_py
from leakguard.git.history import Life, Tip, TreeSets, pack_set
from leakguard.git.kernel_py.edges import read_edges
from tests.git.kernels import compiled, int32s, int64s, needs_both, oid_of, outcome, unhurried

if TYPE_CHECKING:
    from types import ModuleType

TOTAL, WIDTH, TREES = 12, 8, 6
SETS = [frozenset(keys) for keys in ((), (0,), (1,), (0, 1), (9, 63), (0, 9), (63,))]
PACKED = b"".join(pack_set(keys, WIDTH) for keys in SETS)

Heads = dict[int, tuple[int, list[int], int]]
"""By number: tree, parents, time."""

trees = st.integers(-1, TREES)
heads = st.dictionaries(
    st.integers(0, TOTAL - 1), st.tuples(trees, st.lists(st.integers(0, TOTAL - 1), max_size=3), st.integers(0, 2))
)
classes = st.lists(st.integers(0, len(SETS) - 1), max_size=TREES)
tip_lists = st.lists(st.tuples(st.integers(-1, TOTAL), st.booleans()), max_size=5)


def rows_of(commits: Heads) -> bytes:
    rows = array("q")
    for number, (tree, parents, time) in commits.items():
        rows.extend((number, tree, time, len(parents), *parents))
    return rows.tobytes()


def int32_bytes(values: list[int]) -> bytes:
    return array("i", values).tobytes()


def ancestors(commits: Heads, tips: list[int]) -> set[int]:
    met = {tip for tip in tips if tip in commits}
    while more := {parent for at in met for parent in commits[at][1] if parent in commits} - met:
        met |= more
    return met


def members_of(bits: bytes) -> set[int]:
    return {number for number in range(8 * len(bits)) if bits[number >> 3] >> (number & 7) & 1}


def slow_lives(commits: Heads, held: dict[int, frozenset[int]], tips: list[Tip]) -> dict[int, Life]:
    """By the definition: a set of commits for each finding."""
    here = [tip for tip in tips if tip.commit in commits]
    reachable = ancestors(commits, [tip.commit for tip in here])
    remote = [tip.commit for tip in here if tip.remote]
    pushed = ancestors(commits, remote)
    lives = {}
    for key in sorted(frozenset().union(*held.values())):
        holders = {number for number, keys in held.items() if key in keys}
        before = {number for number, (_, parents, _) in commits.items() if holders & set(parents)}
        alive = bool(holders & reachable)
        counted = reachable if alive else set(commits)
        lives[key] = Life(
            ordered(commits, (holders - before) & counted),
            ordered(commits, (before - holders) & counted),
            tuple(tip.name for tip in here if tip.commit in holders and tip.name != "HEAD"),
            any(tip.commit in holders for tip in here if tip.name == "HEAD"),
            bool(holders & pushed) if remote else None,
            len(holders),
            not alive,
        )
    return lives


def ordered(commits: Heads, numbers: set[int]) -> tuple[int, ...]:
    return tuple(sorted(numbers, key=lambda number: (commits[number][2], oid_of(number).hex())))


@pytest.fixture
def in_use(kernel: ModuleType, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The kernel that a History works with."""
    monkeypatch.setattr(history, "kernel", kernel)
    return kernel


def history_of(commits: Heads, tips: list[tuple[int, bool]]) -> tuple[history.History, list[Tip]]:
    named = [Tip("HEAD" if at == 1 else f"refs/{at}", number, remote) for at, (number, remote) in enumerate(tips)]
    return history.History(rows_of(commits), TOTAL, named, lambda number: oid_of(number).hex()), named


class TestCommitGraph:
    @unhurried
    @given(heads)
    def test_finds_each_commit(self, kernel: ModuleType, commits: Heads) -> None:
        graph = kernel.CommitGraph(rows_of(commits), TOTAL)
        assert len(graph) == len(commits)
        for number in range(-2, TOTAL + 2):
            tree, parents, time = commits.get(number, (0, [], 0))
            assert graph.find(number) == ((tree, tuple(parents), time) if number in commits else None)

    @unhurried
    @given(heads, st.lists(st.integers(-1, TOTAL), max_size=4))
    def test_knows_what_leads_to_tips(self, kernel: ModuleType, commits: Heads, tips: list[int]) -> None:
        graph = kernel.CommitGraph(rows_of(commits), TOTAL)
        assert members_of(graph.ancestors(int32_bytes(tips))) == ancestors(commits, tips)

    @unhurried
    @given(heads)
    def test_gives_its_parents_as_edges(self, kernel: ModuleType, commits: Heads) -> None:
        known = {at: [number for number in parents if number in commits] for at, (_, parents, _) in commits.items()}
        edges = kernel.CommitGraph(rows_of(commits), TOTAL).edges()
        assert list(read_edges(edges)) == [(number, parents) for number, parents in known.items() if parents]

    def test_takes_the_last_of_two_rows_of_one_number(self, kernel: ModuleType) -> None:
        graph = kernel.CommitGraph(rows_of({3: (1, [], 7)}) + rows_of({3: (2, [1], 8)}), TOTAL)
        assert len(graph) == 1
        assert graph.find(3) == (2, (1,), 8)

    @pytest.mark.parametrize(
        "row", [[1], [1, 2, 3], [1, 2, 3, 1], [1, 2, 3, -1], [-1, 2, 3, 0], [TOTAL, 2, 3, 0], [1, 2, 3, 1 << 62]]
    )
    def test_refuses_rows_that_are_broken(self, kernel: ModuleType, row: list[int]) -> None:
        refused = ("KernelError", "the commits' rows are broken, or name objects that are not there")
        assert outcome(kernel.CommitGraph, array("q", row).tobytes(), TOTAL) == refused
        assert outcome(kernel.CommitGraph, b"1234567", TOTAL) == refused
        assert outcome(kernel.CommitGraph, b"", -1) == refused
        assert outcome(kernel.CommitGraph(b"", TOTAL).ancestors, b"123") == refused

    def test_refuses_classes_that_are_not_there(self, kernel: ModuleType) -> None:
        refused = ("KernelError", "the classes do not belong to the sets")
        graph, bits = kernel.CommitGraph(b"", TOTAL), bytes(TOTAL // 8 + 1)
        for number in (-1, len(SETS)):
            assert outcome(graph.lives, int32_bytes([number]), PACKED, bits, bits, WIDTH) == refused
            assert outcome(kernel.members, int32_bytes([number]), PACKED, WIDTH) == refused
        assert outcome(graph.lives, b"", PACKED, bits, bits[1:], WIDTH) == refused
        assert outcome(graph.lives, b"", PACKED[1:], bits, bits, WIDTH) == refused
        assert outcome(graph.lives, b"", b"", bits, bits, WIDTH) == refused
        assert outcome(graph.lives, b"", PACKED, bits, bits, 7) == refused
        assert outcome(kernel.members, b"123", PACKED, WIDTH) == refused
        assert outcome(kernel.members, b"", PACKED, 0) == refused

    @needs_both
    @unhurried
    @given(heads, classes, st.data())
    def test_says_the_same_in_both_kernels(self, commits: Heads, found: list[int], data: st.DataObject) -> None:
        bits = [data.draw(st.binary(min_size=TOTAL // 8 + 1, max_size=TOTAL // 8 + 1)) for _ in range(2)]
        said = []
        for kernel in (kernel_py, compiled):
            assert kernel is not None
            graph = kernel.CommitGraph(rows_of(commits), TOTAL)
            said.append([graph.lives(int32_bytes(found), PACKED, *bits, WIDTH), graph.edges()])
        assert said[0] == said[1]


class TestMembers:
    @unhurried
    @given(st.lists(st.integers(0, len(SETS) - 1)))
    def test_lists_for_each_finding_who_holds_it(self, kernel: ModuleType, held: list[int]) -> None:
        ends, places = kernel.members(int32_bytes(held), PACKED, WIDTH)
        begin = 0
        for key, end in enumerate(int64s(ends)):
            assert int32s(places)[begin:end] == [at for at, number in enumerate(held) if key in SETS[number]]
            begin = end
        assert begin == len(int32s(places))


class TestLives:
    @unhurried
    @given(heads, classes, tip_lists)
    def test_are_what_sets_of_commits_say(
        self, in_use: ModuleType, commits: Heads, found: list[int], tips: list[tuple[int, bool]]
    ) -> None:
        past, named = history_of(commits, tips)
        held = {
            number: SETS[found[tree]] if 0 <= tree < len(found) else SETS[0] for number, (tree, _, _) in commits.items()
        }
        lives = past.lives(TreeSets(int32_bytes(found), PACKED, WIDTH))
        assert lives == slow_lives(commits, held, named)

    @unhurried
    @given(heads, st.lists(st.frozensets(st.integers(0, TOTAL - 1), min_size=1, max_size=3), max_size=3), tip_lists)
    def test_of_what_stands_in_commits_never_end(
        self, in_use: ModuleType, commits: Heads, wanted: list[frozenset[int]], tips: list[tuple[int, bool]]
    ) -> None:
        commits = {at: (tree, [n for n in parents if n < at], time) for at, (tree, parents, time) in commits.items()}
        past, named = history_of(commits, tips)
        groups = sorted({tuple(sorted(group)) for group in wanted})
        here = [tip for tip in named if tip.commit in commits]
        reachable = ancestors(commits, [tip.commit for tip in here])
        remote = [tip.commit for tip in here if tip.remote]
        lives = past.lives_in_commits(groups)
        assert list(lives) == groups
        for group, life in lives.items():
            known = set(group) & set(commits)
            chosen = known & reachable or known
            leading = [tip for tip in here if chosen & ancestors(commits, [tip.commit])]
            assert life == Life(
                ordered(commits, chosen),
                (),
                tuple(tip.name for tip in leading if tip.name != "HEAD"),
                any(tip.name == "HEAD" for tip in leading),
                bool(chosen & ancestors(commits, remote)) if remote else None,
                len(chosen),
                not known & reachable,
            )
