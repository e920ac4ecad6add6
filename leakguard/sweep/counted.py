"""What is held back and only counted: reports say how many different values there are of a reason, and nothing else.

So the values of one pack, which are known to differ, are not read. Where another pack, or a text that was read just
now, has something of the same kind, the values are compared; that two packs hold the same is remembered as well.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

import msgspec

from leakguard.collect import UNREAD
from leakguard.model import Held
from leakguard.sweep.memory import digest, held_row

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Sequence

    from leakguard.collect import Collector
    from leakguard.sweep.memory import HeldRow, Memory
    from leakguard.sweep.revival import Reviver

Kind = tuple[str, str, int]
"""Reason, rule and length: values that differ in one of these are not the same."""


class RepeatsMemory(msgspec.Struct, array_like=True):
    """Of the rows of several packs, by their places in one list: those that another row stands for as well."""

    repeats: list[int]


class Counted:
    """The rows of packs that are only counted."""

    def __init__(self, packs: Sequence[Sequence[HeldRow]], reviver: Reviver, memory: Memory) -> None:
        self.packs, self.reviver, self.memory = packs, reviver, memory

    def join(self, collector: Collector) -> None:
        """Count each value once, whoever else has it. StaleError, with nothing joined, where a spot that had to be read
        does not hold what it did."""
        rows = self._distinct()
        values = {(reason, rule, secret) for reason, rule, _, secret in collector.held}
        kinds = {(reason, rule, len(secret)) for reason, rule, secret in values}
        near = [at for at, row in enumerate(rows) if _kind(row) in kinds]
        found = self.reviver.values([rows[at] for at in near])
        met = [at for at, value in zip(near, found, strict=True) if (rows[at].reason, rows[at].rule, value) in values]
        held = self.reviver.held([rows[at] for at in met])
        for at, item in zip(met, held, strict=True):
            collector.put_held(item, rows[at].count, rows[at].spot)
        for row in _without(rows, met):
            collector.put_counted(Held(row.reason, row.rule), row.count, row.spot)

    def _distinct(self) -> list[HeldRow]:
        """All rows, but for those that repeat what another pack has."""
        rows = list(chain.from_iterable(self.packs))
        near = _in_several(self.packs)
        if not near:
            return rows
        known = self.memory.read(_key(self.memory, rows), RepeatsMemory)
        if known is None:
            known = RepeatsMemory(self._repeats(rows, near))
            self.memory.write(_key(self.memory, rows), known)
        return _without(rows, known.repeats)

    def _repeats(self, rows: list[HeldRow], near: set[Kind]) -> list[int]:
        """The places of rows that hold back what an earlier one does."""
        places = [at for at, row in enumerate(rows) if _kind(row) in near]
        by_value: dict[tuple[str, str, bytes], list[int]] = {}
        for at, value in zip(places, self.reviver.values([rows[at] for at in places]), strict=True):
            by_value.setdefault((rows[at].reason, rows[at].rule, value), []).append(at)
        same = sorted(at for alike in by_value.values() if len(alike) > 1 for at in alike)
        held = self.reviver.held([rows[at] for at in same])
        return [same[at] for at in _seen_before([(it.reason, it.rule, it.detail, it.secret) for it in held])]


def read_alike(collector: Collector, others: Collector, reviver: Reviver) -> None:
    """Read the values that are only counted and of a kind with one that `others` hold, for they may be the same.
    StaleError, with nothing changed, where one is not there any more."""
    kinds = {(reason, rule, len(secret)) for reason, rule, _, secret in others.held}
    counted = {key: held_row(item) for key, item in collector.held.items() if key[2] == UNREAD}
    alike = {key: row for key, row in counted.items() if _kind(row) in kinds}
    for key, held in zip(alike, reviver.held(list(alike.values())), strict=True):
        item = collector.held.pop(key)
        collector.put_held(held, item.count, item.spot)


def remember_repeats(packs: Sequence[Collector], reviver: Reviver, memory: Memory) -> None:
    """What packs repeat that were all read just now: nothing has to be read for it."""
    rows: list[list[HeldRow]] = []
    keys: list[tuple[str, str, str, bytes]] = []
    for collector in packs:
        counted = [(key, row) for key, item in collector.held.items() if reviver.is_counted(row := held_row(item))]
        rows.append([row for _, row in counted])
        keys.extend(key for key, _ in counted)
    if _in_several(rows):
        memory.write(_key(memory, list(chain.from_iterable(rows))), RepeatsMemory(_seen_before(keys)))


def _key(memory: Memory, rows: list[HeldRow]) -> str:
    return digest(memory.base, "repeats", rows)


def _seen_before(keys: Sequence[Hashable]) -> list[int]:
    """The places of keys that are not the first of their kind."""
    first = {key: at for at, key in reversed(list(enumerate(keys)))}
    return [at for at, key in enumerate(keys) if first[key] != at]


def _in_several(packs: Iterable[Iterable[HeldRow]]) -> set[Kind]:
    """The kinds that more than one pack has."""
    once: set[Kind] = set()
    several: set[Kind] = set()
    for rows in packs:
        kinds = set(map(_kind, rows))
        several |= kinds & once
        once |= kinds
    return several


def _kind(row: HeldRow) -> Kind:
    return row.reason, row.rule, row.spot.end - row.spot.start


def _without(rows: list[HeldRow], places: Iterable[int]) -> list[HeldRow]:
    left_out = set(places)
    return [row for at, row in enumerate(rows) if at not in left_out]
