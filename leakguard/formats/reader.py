"""What a reader of a config format is, and what it tells."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import msgspec

MOST = 200_000
"""Assignments that are read of one file at most."""
DEEPEST = 64
"""Levels of nesting that are kept apart; deeper ones are read as if they were at this depth."""


class Assignment(msgspec.Struct, frozen=True):
    """A value at its span (half-open bytes, quotes left out) and the name that it is assigned to: its keys, outermost
    first, joined by dots. `decoded` is what the format itself says that the value stands for (a Kubernetes Secret's
    base64), or empty."""

    name: str
    value: bytes
    start: int
    end: int
    decoded: bytes = b""


class Reader(Protocol):
    """One family of formats."""

    def handles(self, path: str) -> bool:
        """Whether a file of this path is read by this reader."""

    def read(self, data: bytes) -> Iterator[Assignment]:
        """Every assignment of scalars, in order of place. Never raises, whatever the bytes are."""
