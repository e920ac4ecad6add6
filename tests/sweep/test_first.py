"""What the first pass gathers is whole, however it is kept meanwhile."""

from __future__ import annotations

from array import array

import pytest

from leakguard.collect import Spot
from leakguard.sweep import first as module
from leakguard.sweep.first import CommitRows
from leakguard.sweep.second import keys_of


@pytest.mark.parametrize("most", [0, 100, 1 << 20])
def test_commit_rows_come_back_as_they_were_given(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    monkeypatch.setattr(module, "FOLDED", most)
    rows = [array("q", [at, at + 1, 1_500_000_000 + at, 1, at - 1]).tobytes() for at in range(1, 50)]
    kept = CommitRows()
    assert kept.whole() == b""
    for row in rows:
        kept.add(row)
    assert kept.whole() == b"".join(rows)


def test_an_object_has_the_keys_of_all_its_spots() -> None:
    spots = [
        [Spot("a" * 40, "", 0, 1), Spot("b" * 40, "", 0, 1), Spot("a" * 40, "", 5, 6)],
        [Spot("b" * 40, "!member", 0, 1), Spot("c" * 40, "commit", 0, 1), Spot("", "config", 0, 1)],
        [Spot("b" * 40, "", 7, 9), Spot("d" * 40, "", 0, 1), Spot("d" * 40, "", 2, 3)],
        [Spot("d" * 40, "", 0, 1), Spot("e" * 40, "", 0, 1)],
        [Spot("d" * 40, "", 4, 5)],
        [Spot("e" * 40, "", 0, 1), Spot("f" * 40, "name:x", 0, 1)],
    ]
    assert keys_of(spots) == {
        "a" * 40: frozenset({0}),
        "b" * 40: frozenset({0, 1, 2}),
        "d" * 40: frozenset({2, 3, 4}),
        "e" * 40: frozenset({3, 5}),
        "f" * 40: frozenset({5}),
    }


def test_objects_with_the_same_keys_share_them() -> None:
    own = [Spot(letter * 40, "", 0, 1) for letter in "abc"]
    keys = keys_of([own, own])
    assert len({id(found) for found in keys.values()}) == 1
