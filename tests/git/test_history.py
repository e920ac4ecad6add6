"""A history that keeps no more of its commits than is asked for."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

import pytest

from leakguard.git import kernel
from leakguard.git.history import LazyHistory, Reach, Tip
from leakguard.git.kernel_py.edges import EdgeWriter
from leakguard.git.objects import open_objects
from leakguard.git.repository import open_repository

if TYPE_CHECKING:
    from leakguard.git.objects import Objects
    from tests.conftest import GitRepo

COMMITS = 40


@pytest.fixture
def objects(repo: GitRepo) -> Objects:
    for number in range(COMMITS):
        repo.commit(f"version {number}", a=f"text {number}\n")
    repo.git("repack", "-adq")
    return open_objects(open_repository(repo.path))[0]


def numbers_of(repo: GitRepo, objects: Objects) -> list[int]:
    return [objects.find(oid) for oid in repo.git("rev-list", "HEAD").split()]


def lazy(repo: GitRepo, objects: Objects) -> LazyHistory:
    """A history of which the whole graph was made."""
    rows = bytearray()
    for number in numbers_of(repo, objects):
        kernel.append_commit(objects.read(objects.oid(number))[1], number, objects.table, rows)
    made = LazyHistory(objects, [Tip("HEAD", numbers_of(repo, objects)[0], False)], lambda: rows)
    assert len(made.whole()) == COMMITS
    return made


def test_every_commit_is_known_after_the_graph_was_let_go(repo: GitRepo, objects: Objects) -> None:
    numbers = numbers_of(repo, objects)
    whole, less = lazy(repo, objects), lazy(repo, objects)
    less.let_go(numbers[:3])
    assert less._whole is None
    assert [less.commit(number) for number in numbers] == [whole.commit(number) for number in numbers]
    assert less.commit(-1) is less.commit(objects.find(repo.git("rev-parse", "HEAD^{tree}"))) is None


def test_commits_that_were_named_and_their_parents_are_not_read(
    repo: GitRepo, objects: Objects, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers, less = numbers_of(repo, objects), lazy(repo, objects)
    less.let_go(numbers[:3])
    monkeypatch.setattr(type(objects), "read", None)
    heads = [less.commit(number) for number in numbers[:4]]
    assert [head.parents for head in heads[:3] if head] == [(number,) for number in numbers[1:4]]


def test_the_graph_stays_where_many_commits_are_named(repo: GitRepo, objects: Objects) -> None:
    less = lazy(repo, objects)
    less.let_go(numbers_of(repo, objects)[: COMMITS // 2])
    assert less._whole is not None


def test_a_history_without_a_graph_has_none_to_let_go(repo: GitRepo, objects: Objects) -> None:
    fresh = LazyHistory(objects, [], bytearray)
    fresh.let_go([])
    assert fresh.commit(numbers_of(repo, objects)[-1]) is not None


def test_edges_are_not_kept_once_they_were_asked() -> None:
    writer = EdgeWriter()
    writer.add(3, [2, 1])
    reach = Reach([frozenset([5])])
    reach.add_edges(bytes(writer.rows))
    reach.add_known({1: frozenset([7])})
    reach.add_holders(array("i", [2, 0]).tobytes())
    assert dict(reach.sets(4)) == {1: {7}, 2: {5}, 3: {5, 7}}
    assert dict(reach.sets(4)) == {}
