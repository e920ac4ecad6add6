"""Single objects of packs, each by its own chain of deltas. What was read last is kept for what is made of it."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from leakguard.git import kernel
from leakguard.model import ANCHOR_WIDTH

if TYPE_CHECKING:
    from pathlib import Path

    from leakguard.git.packs import Pack

_LARGEST = 64 << 20
"""Bytes of the largest object that is read here."""
_KEPT = 16 << 20
"""Bytes of what is kept."""


class Contents:
    """Reads objects of packs by their numbers there, up to a size."""

    def __init__(self, largest: int = _LARGEST) -> None:
        self._largest = largest
        self._chain = kernel.Chain(largest, ANCHOR_WIDTH)
        self._kept: OrderedDict[tuple[Path, int], bytes] = OrderedDict()
        self._size = 0

    def read(self, pack: Pack, number: int) -> bytes:
        """The content of an object. ValueError where its pack does not give it, or it is too large to be read here."""
        kept, parents, wanted = self._kept, pack.parents, number
        deltas: list[int] = []
        while (pack.index, number) not in kept and parents[number] >= 0:
            deltas.append(number)
            number = parents[number]
        base = self._base(pack, number)
        if not deltas:
            return base
        chain = self._chain
        chain.root(base)
        for depth, delta in enumerate(reversed(deltas), 1):
            chain.edit(depth, pack.inflate(delta, self._largest), True)
        content = chain.content(len(deltas))
        self._keep((pack.index, wanted), content)
        return content

    def _base(self, pack: Pack, number: int) -> bytes:
        """What is kept, or is no delta."""
        home = (pack.index, number)
        if home in self._kept:
            self._kept.move_to_end(home)
            return self._kept[home]
        if pack.parents[number] != -1:
            raise ValueError("is broken in its pack")
        content = pack.inflate(number, self._largest)
        self._keep(home, content)
        return content

    def _keep(self, home: tuple[Path, int], content: bytes) -> None:
        self._kept[home] = content
        self._size += len(content)
        while self._size > _KEPT:
            self._size -= len(self._kept.popitem(last=False)[1])
