"""What was learnt from a pack stays true as long as pack and rules are the same: nothing is done twice between runs.

Kept in the user's cache folder: positions and rule ids, never a secret, nor what a secret's own bytes decided (a score,
a reason, a hash). What a position holds is read again from the repository when it is needed: see `revival`. A memory
that is stale, foreign or broken is as if it were not there.

Two kinds: of a pack (what its texts hold, where its commits point to), and of a whole object database (which trees lead
to which findings, and the lives that follow for one state of the refs).
"""

from __future__ import annotations

import contextlib
import os
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from leakguard import __version__
from leakguard.collect import Spot
from leakguard.git.history import TreeSets
from leakguard.model import HeldReason, Skipped
from leakguard.sweep.lives import LivesMemory

if TYPE_CHECKING:
    from collections.abc import Iterable

    from leakguard.collect import Collector, HeldGroup
    from leakguard.git.objects import Objects
    from leakguard.git.packs import Pack

FORMAT = 4
KEPT = 200
"""How many memories are kept; the least recently used go first."""

TELLING = 8
"""A shorter value, or one that was judged to be none, is an everyday word: a path that holds it tells nothing."""

T = TypeVar("T")


class GroupRow(msgspec.Struct, array_like=True):
    """A group without its secret: the rule, where it was seen best, and everywhere else. `joined`: another half of the
    credential is near; `expired`: it had run out when it was seen."""

    rule: str
    seen: Spot
    spots: list[Spot]
    joined: bool
    expired: bool


class HeldRow(msgspec.Struct, array_like=True):
    """A held-back group without its secret."""

    rule: str
    reason: HeldReason
    count: int
    spot: Spot


class PackMemory(msgspec.Struct, array_like=True):
    """The first pass over one pack. Numbers in `commits` count from the pack's first object; -2 and below stand for the
    ids in `foreign`, which other packs hold."""

    groups: list[GroupRow]
    held: list[HeldRow]
    commits: bytes
    foreign: list[bytes]
    counts: dict[str, int]
    decoded: int
    scanned: int
    skipped: list[Skipped]


class TreeMemory(msgspec.Struct, array_like=True):
    """The second pass over an object database (`classes`, `sets` and `width` as `TreeSets` has them), and the lives for
    one state of the refs."""

    trees: int
    skipped: list[Skipped]
    classes: bytes
    sets: bytes
    width: int
    refs: str
    lives: LivesMemory

    def reached(self) -> TreeSets:
        """What each tree reaches."""
        return TreeSets(self.classes, self.sets, self.width)


class Memory:
    """The memories of one set of rules. Without a folder nothing is remembered."""

    def __init__(self, folder: Path | None, rules: str, active: Iterable[int], limit: int) -> None:
        self.folder = folder / "sweeps" if folder else None
        self.base = digest(FORMAT, __version__, rules, sorted(active), limit)

    def pack_key(self, pack: Pack) -> str:
        """A pack is known by its own checksum."""
        return digest(self.base, "pack", pack.checksum.hex(), pack.size)

    def objects_key(self, objects: Objects) -> str:
        """An object database is known by its packs and the list of its loose objects."""
        packs = [(pack.checksum.hex(), pack.size) for pack in objects.packs]
        return digest(self.base, "objects", packs, objects.loose)

    def read(self, key: str, kind: type[T]) -> T | None:
        """What is remembered under a key, or None."""
        if self.folder is None:
            return None
        place = self.folder / key
        try:
            content = place.read_bytes()
            os.utime(place)
        except OSError:
            return None
        body = content[16:]
        if blake2b(body, digest_size=16).digest() != content[:16]:
            return None
        with contextlib.suppress(msgspec.DecodeError):
            return msgspec.msgpack.decode(body, type=kind)
        return None

    def write(self, key: str, value: object) -> None:
        """Remember atomically. A folder that cannot be written is no error, nor is what cannot be encoded (the name of
        an archive's member that is no UTF-8): it is not remembered."""
        if self.folder is None:
            return
        import tempfile  # a sweep that remembers nothing does without it

        try:
            body = msgspec.msgpack.encode(value)
        except UnicodeEncodeError:
            return
        with contextlib.suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self.folder, prefix=".new-")
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(blake2b(body, digest_size=16).digest())
                    file.write(body)
                Path(name).replace(self.folder / key)
            except OSError:
                Path(name).unlink(missing_ok=True)
            self._forget()

    def _forget(self) -> None:
        assert self.folder is not None
        places = sorted(self.folder.iterdir(), key=lambda place: place.stat().st_mtime, reverse=True)
        for place in places[KEPT:]:
            place.unlink(missing_ok=True)


def digest(*parts: Any) -> str:
    """A short name for values that decide whether a memory fits."""
    return blake2b(msgspec.json.encode(parts), digest_size=20).hexdigest()


def held_row(item: HeldGroup) -> HeldRow:
    """A held-back group without its secret."""
    return HeldRow(item.held.rule, item.held.reason, item.count, item.spot)


def strip(collector: Collector) -> tuple[list[GroupRow], list[HeldRow]] | None:
    """A collector's positions, without its secrets; None where a label (an archive member's name) may hold one."""
    groups = [
        GroupRow(group.match.rule, group.seen, group.spots, bool(group.match.parts), bool(group.match.expired))
        for group in collector.groups.values()
    ]
    held = list(map(held_row, collector.held.values()))
    secrets = {value for _, value in collector.groups}
    secrets |= {value for reason, _, _, value in collector.held if reason not in ("placeholder", "unlikely", "refuted")}
    secrets = {value for value in secrets if len(value) >= TELLING}
    labels = {spot.label for group in collector.groups.values() for spot in group.spots}
    labels |= {item.spot.label for item in collector.held.values()}
    for label in filter(None, labels):
        raw = label.encode("utf-8", "surrogateescape")
        if any(secret in raw for secret in secrets):
            return None
    return groups, held
