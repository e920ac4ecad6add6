"""Boosted decision trees in plain Python: a hundred small trees of nested tuples over one row of bytes."""

from __future__ import annotations

import json
import math
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

Node = Any
"""A leaf is its log-odds (a float); a split is (column, threshold, value here, at most, above)."""

EXPLAINED = {"not": 8, "weak": 24, "secret": 24}
"""How many trees, the first and weightiest, explain a match: few where it is held back, for most are."""


_MARGIN = 1e-3
"""Of log-odds, for what scores are rounded by."""


class Forest:
    """The trees and the columns that they read: numbers first, then one a flag."""

    def __init__(self, content: dict[str, Any]) -> None:
        self.base: float = content["base"]
        self.numbers: list[str] = content["numbers"]
        self.flags: list[str] = content["flags"]
        self.columns = {flag: len(self.numbers) + at for at, flag in enumerate(self.flags)}
        self._trees = tuple(_frozen(tree) for tree in content["trees"])
        self._ceilings = _ceilings(self._trees)
        self._names = (*self.numbers, *self.flags)
        self._blank = bytes(len(self.flags))

    def row(self, flags: Iterable[str], numbers: bytes) -> bytearray:
        """One match's features as the trees read them; flags that no tree knows are left out."""
        row = bytearray(numbers + self._blank)
        columns = self.columns
        for flag in flags:
            if flag in columns:
                row[columns[flag]] = 1
        return row

    def score(self, row: bytearray) -> float:
        """The chance, in [0, 1]."""
        total = self.base
        for node in self._trees:
            while node.__class__ is tuple:
                node = node[3] if row[node[0]] <= node[1] else node[4]
            total += node
        return 1 / (1 + math.exp(-total))

    def falls_short(self, row: bytearray, least: float) -> bool:
        """Whether the chance is less than `least`, as far as that is certain before all trees are asked: for what is no
        secret, two in five tell that the others cannot make up for what these say."""
        limit = math.log(least / (1 - least)) - _MARGIN
        total = self.base
        for node, ceiling in self._ceilings:
            while node.__class__ is tuple:
                node = node[3] if row[node[0]] <= node[1] else node[4]
            total += node
            if total + ceiling < limit:
                return True
        return False

    def contributions(self, row: bytearray, verdict: str) -> dict[str, float]:
        """By how much each feature moved the log-odds: at every split, what the branch taken adds to its worth."""
        return self._moves(self._trees[: EXPLAINED[verdict]], row)

    def explained(self, row: bytearray) -> tuple[float, dict[str, float]]:
        """The log-odds before any feature is looked at, and by how much each moves them in all trees."""
        start = self.base + sum(node[2] if node.__class__ is tuple else node for node in self._trees)
        return start, self._moves(self._trees, row)

    def _moves(self, trees: Iterable[Node], row: bytearray) -> dict[str, float]:
        moved: dict[int, float] = {}
        for node in trees:
            while node.__class__ is tuple:
                column, worth = node[0], node[2]
                node = node[3] if row[column] <= node[1] else node[4]
                moved[column] = moved.get(column, 0.0) + (node[2] if node.__class__ is tuple else node) - worth
        return {self._names[column]: weight for column, weight in moved.items()}


def _ceilings(trees: tuple[Node, ...]) -> tuple[tuple[Node, float], ...]:
    """Each tree with the most that those behind it can add."""
    ceilings, ceiling = [], 0.0
    for tree in reversed(trees):
        ceilings.append((tree, ceiling))
        ceiling += _most(tree)
    return tuple(reversed(ceilings))


def _most(node: Node) -> float:
    """The greatest leaf of a tree."""
    return max(_most(node[3]), _most(node[4])) if node.__class__ is tuple else node


def _frozen(node: Any) -> Node:
    return tuple(_frozen(item) for item in node) if isinstance(node, list) else node


@cache
def load_forest() -> Forest:
    """The trees in the package."""
    return Forest(json.loads(Path(__file__).with_name("trees.json").read_bytes()))
