"""What was decided elsewhere, in leakguard's terms, and a line for each thing that was or was not taken over."""

from __future__ import annotations

from typing import Any

import msgspec

from leakguard.model import Secret


class Line(msgspec.Struct, frozen=True):
    """One line of the other tool's file: what it says, and what became of it."""

    source: str
    number: int
    taken: bool
    what: str
    how: str


class Accepted(msgspec.Struct, frozen=True):
    """One secret that someone accepted there; it becomes an entry of the baseline."""

    rule: str
    secret: Secret
    path: str
    reason: str


class Decisions(msgspec.Struct):
    """What one file decides. `allow` and `rules` are tables of a configuration and of a rule file."""

    lines: list[Line] = []
    accepted: list[Accepted] = []
    allow: list[dict[str, str]] = []
    disable: list[str] = []
    rules: list[dict[str, Any]] = []

    def note(self, source: str, number: int, what: str, how: str, *, taken: bool) -> None:
        """Tell of one thing."""
        self.lines.append(Line(source, number, taken, what, how))

    def add(self, other: Decisions) -> None:
        """All that another file decides."""
        self.lines += other.lines
        self.accepted += other.accepted
        self.allow += other.allow
        self.disable += other.disable
        self.rules += other.rules


def line_of(text: str, needle: str, start: int = 1) -> int:
    """The number of the first line from `start` on that holds `needle`; 0 where none does."""
    for number, line in enumerate(text.splitlines(), 1):
        if number >= start and needle in line:
            return number
    return 0
