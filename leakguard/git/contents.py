"""Single objects of packs, each by its own chain of deltas. What was read last is kept for what is made of it."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from leakguard.git import kernel
from leakguard.model import ANCHOR_WIDTH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leakguard.git.packs import Pack

_LARGEST = 64 << 20
"""Bytes of the largest object that is read here."""
_KEPT = 16 << 20
"""Bytes of what is kept."""

Home = tuple[int, int]
"""The number of a pack, and that of an object in it."""


class Contents:
    """Reads objects of packs by their homes."""

    def __init__(self, packs: Sequence[Pack]) -> None:
        self._packs = packs
        self._chain = kernel.Chain(_LARGEST, ANCHOR_WIDTH)
        self._kept: OrderedDict[Home, bytes] = OrderedDict()
        self._size = 0

    def read(self, home: Home) -> bytes:
        """The content of an object. ValueError where its pack does not give it, or it is too large to be read here."""
        at, number = home
        pack, kept = self._packs[at], self._kept
        parents = pack.parents
        deltas: list[int] = []
        while (at, number) not in kept and parents[number] >= 0:
            deltas.append(number)
            number = parents[number]
        base = self._base((at, number))
        if not deltas:
            return base
        chain = self._chain
        chain.root(base)
        for depth, delta in enumerate(reversed(deltas), 1):
            chain.edit(depth, pack.inflate(delta, _LARGEST), True)
        content = chain.content(len(deltas))
        self._keep(home, content)
        return content

    def _base(self, home: Home) -> bytes:
        """What is kept, or is no delta."""
        if home in self._kept:
            self._kept.move_to_end(home)
            return self._kept[home]
        at, number = home
        pack = self._packs[at]
        if pack.parents[number] != -1:
            raise ValueError("is broken in its pack")
        content = pack.inflate(number, _LARGEST)
        self._keep(home, content)
        return content

    def _keep(self, home: Home, content: bytes) -> None:
        self._kept[home] = content
        self._size += len(content)
        while self._size > _KEPT:
            self._size -= len(self._kept.popitem(last=False)[1])
