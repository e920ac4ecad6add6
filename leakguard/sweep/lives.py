"""Lives as a memory keeps them. A repository may have tens of thousands of refs, and a secret may live in most of them:
refs are told by their places among the tips, and what many lives share is kept once."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

import msgspec

from leakguard.git.history import Life

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from leakguard.git.history import Tip

    Said = Mapping[tuple[int, ...], Life]


class LifeRow(msgspec.Struct, array_like=True):
    """A life; `refs` is the place of its refs in a list."""

    introduced: list[int]
    removed: list[int]
    refs: int
    in_head: bool
    pushed: bool | None
    commits: int
    unreachable: bool


class LivesMemory(msgspec.Struct, array_like=True):
    """The lives of keys, and of what stands in some commits themselves. `refs` are int32 places among the tips."""

    of_keys: list[tuple[int, LifeRow]]
    of_messages: list[tuple[tuple[int, ...], LifeRow]]
    refs: list[bytes]

    def messages(self) -> list[tuple[int, ...]]:
        """The sets of commits that were asked for."""
        return [numbers for numbers, _ in self.of_messages]

    def unpack(self, tips: Sequence[Tip]) -> tuple[dict[int, Life], dict[tuple[int, ...], Life]]:
        """What was packed, for the same tips."""
        names = [tip.name for tip in tips]
        refs = [tuple(map(names.__getitem__, memoryview(places).cast("i"))) for places in self.refs]

        def life(row: LifeRow) -> Life:
            facts = (row.in_head, row.pushed, row.commits, row.unreachable)
            return Life(tuple(row.introduced), tuple(row.removed), refs[row.refs], *facts)

        return {key: life(row) for key, row in self.of_keys}, {key: life(row) for key, row in self.of_messages}


def pack_lives(lives: Mapping[int, Life], said: Said, tips: Iterable[Tip]) -> LivesMemory:
    """Lives without the names of refs. Each ref that a life names is a tip's."""
    places = {tip.name: place for place, tip in enumerate(tips)}
    known: dict[tuple[str, ...], int] = {}

    def row(life: Life) -> LifeRow:
        refs = known.setdefault(life.refs, len(known))
        facts = (life.in_head, life.pushed, life.commits, life.unreachable)
        return LifeRow(list(life.introduced), list(life.removed), refs, *facts)

    of_keys = [(key, row(life)) for key, life in lives.items()]
    of_messages = [(key, row(life)) for key, life in said.items()]
    return LivesMemory(of_keys, of_messages, [array("i", map(places.__getitem__, refs)).tobytes() for refs in known])
