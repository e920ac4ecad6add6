"""Gathering what texts hold into groups, one a secret, whatever the order in which texts come."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from leakguard.model import CONFIDENCES, Held, Match

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from leakguard.detect.detector import Alone, Found
    from leakguard.detect.matching import Confirmed
    from leakguard.model import Rule


class Spot(msgspec.Struct, frozen=True, order=True, gc=False):
    """One span of a secret: the id of the object that holds it ('': none), what of it is meant when it is not the
    object's own bytes (an archive's member, a file's path), and the offsets there."""

    holder: str
    label: str
    start: int
    end: int


class Group(msgspec.Struct):
    """Every spot of one secret under one rule, and the match that says most of it, which was seen at `seen`."""

    match: Match
    spots: list[Spot]
    seen: Spot


class HeldGroup(msgspec.Struct):
    """A secret that is held back: why, how often, and its first spot."""

    held: Held
    count: int
    spot: Spot


UNREAD = "its value was not read"
"""Stands for the detail of what is only counted."""


def _weight(match: Match) -> tuple[int, int, str, tuple[str, ...], str]:
    return CONFIDENCES.index(match.confidence), -len(match.parts), match.expired, match.reasons, match.name


class Collector:
    """Groups of shown and held-back matches, and (path, line) of comments that allow nothing. Merging is commutative,
    so the order of workers does not matter."""

    def __init__(self) -> None:
        self.groups: dict[tuple[str, bytes], Group] = {}
        self.held: dict[tuple[str, str, str, bytes], HeldGroup] = {}
        self.idle: set[tuple[str, int]] = set()
        self._alike: dict[int, tuple[Confirmed, HeldGroup]] = {}

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "_alike": {}}

    def add(self, found: Found, holder: str, label: str = "") -> None:
        """What one text holds."""
        for match in found.matches:
            spot = Spot(holder, label, match.start, match.end)
            self._add(match, [spot], spot)
        encrypted = False
        for held in found.held:
            if held.reason != "encrypted" or not encrypted:
                self._hold(held, 1, Spot(holder, label, held.start, held.end))
            encrypted = encrypted or held.reason == "encrypted"

    def hold(self, alone: Iterable[Alone], rules: Sequence[Rule], holder: str) -> None:
        """Matches of one text that are held back by what they are themselves; the text is nowhere else put together.
        The versions of a file hold the very same ones, so that each is told from others once."""
        alike = self._alike
        for rule, found, start, end in alone:
            known, item = alike.get(id(found), (None, None))
            if item is None or known is not found:
                self._hold_found(rules[rule].id, found, Spot(holder, "", start, end))
                continue
            item.count += 1
            if holder <= item.spot.holder and (spot := Spot(holder, "", start, end)) < item.spot:
                item.held, item.spot = msgspec.structs.replace(item.held, start=start, end=end), spot

    def _hold_found(self, rule: str, found: Confirmed, spot: Spot) -> None:
        assert found.held is not None
        held = Held(found.held, rule, found.detail, "", found.secret, spot.start, spot.end)
        self._alike[id(found)] = (found, self._hold(held, 1, spot))

    def merge(self, other: Collector) -> None:
        """All that another collector gathered."""
        self.idle |= other.idle
        for group in other.groups.values():
            self._add(group.match, group.spots, group.seen)
        for item in other.held.values():
            self._hold(item.held, item.count, item.spot)

    def _add(self, match: Match, spots: list[Spot], seen: Spot) -> None:
        key = (match.rule, match.secret.reveal())
        group = self.groups.get(key)
        if group is None:
            self.groups[key] = Group(match, list(spots), seen)
            return
        group.spots.extend(spots)
        if (_weight(match), seen) < (_weight(group.match), group.seen):
            group.match, group.seen = match, seen

    def put(self, match: Match, spots: list[Spot], seen: Spot) -> None:
        """A group that was gathered before."""
        self._add(match, spots, seen)

    def put_held(self, held: Held, count: int, spot: Spot) -> None:
        """A held-back group that was gathered before."""
        self._hold(held, count, spot)

    def put_counted(self, held: Held, count: int, spot: Spot) -> None:
        """A held-back group whose value nobody asked for; it is known to be no other's."""
        self.held[held.reason, held.rule, UNREAD, str(len(self.held)).encode()] = HeldGroup(held, count, spot)

    def _hold(self, held: Held, count: int, spot: Spot) -> HeldGroup:
        secret = held.secret.reveal() if held.secret else b""
        if held.reason == "encrypted":  # texts are counted, each under what it begins with
            secret = f"{spot.holder}{spot.label}".encode("utf-8", "surrogateescape")
        key = (held.reason, held.rule, held.detail, secret)
        item = self.held.get(key)
        if item is None:
            item = self.held[key] = HeldGroup(held, count, spot)
            return item
        item.count += count
        if spot < item.spot:
            item.held, item.spot = held, spot
        return item
