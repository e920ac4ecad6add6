"""What the trees of a pack reach stays true when more packs come: after a fetch only the new trees are read.

A memory of all trees at one time says which of them reach which objects of interest. It is of use as long as the packs
that it was made of are there, and what is of interest in them has not changed. It is made where every tree was read,
every subtree was there, the clone was not partial and nothing was loose: then no tree in those packs leads to an object
that came later.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

import msgspec

from leakguard.git import kernel
from leakguard.sweep.memory import digest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from leakguard.git.objects import Objects
    from leakguard.sweep.memory import Memory


class TreesMemory(msgspec.Struct, array_like=True):
    """`packs` by their checksums. A class is a set of holders, told by their places in `holders`, that goes with one
    secret or more; `sets` are sets of classes. `reached` are the ids of the trees that reach any, `places` (uint32)
    says which set."""

    packs: list[bytes]
    holders: list[bytes]
    classes: list[list[int]]
    sets: list[list[int]]
    reached: bytes
    places: bytes
    trees: int


class KnownTrees(msgspec.Struct, frozen=True):
    """The packs whose trees need not be read, how many trees they have, and what those that reach something reach."""

    packs: frozenset[int] = frozenset()
    trees: int = 0
    sets: Mapping[int, frozenset[int]] = {}


NOTHING = KnownTrees()


def remember_trees(
    memory: Memory,
    objects: Objects,
    holders: Mapping[str, frozenset[int]],
    sets: Mapping[int, frozenset[int]],
    trees: int,
) -> None:
    """Keep what all trees of the packs reach. `holders` gives the keys of each object of interest, `sets` those that a
    tree reaches."""
    if any(pack.is_promised for pack in objects.packs):
        return
    oids = {bytes.fromhex(oid): place for place, oid in enumerate(sorted(holders))}
    class_of: dict[frozenset[bytes], int] = {}
    of_key = {key: class_of.setdefault(held, len(class_of)) for key, held in _members(holders).items()}
    place_of = {keys: place for place, keys in enumerate(dict.fromkeys(sets.values()))}
    places = array("I", map(place_of.__getitem__, sets.values()))
    kept = TreesMemory(
        [pack.checksum for pack in objects.packs],
        list(oids),
        [sorted(oids[oid] for oid in held) for held in class_of],
        [sorted({of_key[key] for key in keys}) for keys in place_of],
        objects.raw_oids(sets),
        places.tobytes(),
        trees,
    )
    memory.write(_key(memory, objects), kept)


def recall_trees(memory: Memory, objects: Objects, holders: Mapping[str, frozenset[int]]) -> KnownTrees:
    """What is known of the trees there are, for these keys of objects of interest; NOTHING where it does not fit."""
    kept = memory.read(_key(memory, objects), TreesMemory)
    if kept is None:
        return NOTHING
    number_of = {pack.checksum: number for number, pack in enumerate(objects.packs)}
    if not all(checksum in number_of for checksum in kept.packs):
        return NOTHING
    packs = frozenset(number_of[checksum] for checksum in kept.packs)
    known = set(kept.holders)
    old_objects = kernel.OidTable(b"".join(objects.packs[number].table.oids for number in packs), objects.hash_size)
    if any(old_objects.find(oid) >= 0 for oid in map(bytes.fromhex, holders) if oid not in known):
        return NOTHING
    class_of = {frozenset(kept.holders[at] for at in places): number for number, places in enumerate(kept.classes)}
    keys_of: dict[int, set[int]] = {}
    for key, held in _members(holders).items():
        old = held & known
        if old and old not in class_of:
            return NOTHING
        if old:
            keys_of.setdefault(class_of[old], set()).add(key)
    sets = [frozenset(key for number in classes for key in keys_of.get(number, ())) for classes in kept.sets]
    size, find = objects.hash_size, objects.table.find
    found = {
        find(kept.reached[at * size : at * size + size]): sets[place]
        for at, place in enumerate(memoryview(kept.places).cast("I").tolist())
    }
    return KnownTrees(packs, kept.trees, {tree: keys for tree, keys in found.items() if keys and tree >= 0})


def _members(holders: Mapping[str, frozenset[int]]) -> dict[int, frozenset[bytes]]:
    """Which objects hold each key."""
    members: dict[int, set[bytes]] = {}
    for oid, keys in holders.items():
        for key in keys:
            members.setdefault(key, set()).add(bytes.fromhex(oid))
    return {key: frozenset(held) for key, held in members.items()}


def _key(memory: Memory, objects: Objects) -> str:
    return digest(memory.base, "trees", str(objects.git_dir))
