"""Every object of a repository under one number: packs first, in the order of their offsets, then loose objects."""

from __future__ import annotations

import contextlib
from bisect import bisect_right
from functools import cached_property
from typing import TYPE_CHECKING, Any

from leakguard.git import kernel
from leakguard.git.contents import Contents
from leakguard.git.loose import find_loose, loose_header, read_loose
from leakguard.git.packs import ALONE, Pack, open_packs

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from leakguard.git.by_libgit2 import Odb
    from leakguard.git.repository import Repository
    from leakguard.git.shown import Shown

ATTEMPTS = 10
"""How often packs and loose objects are listed until nothing moved meanwhile."""


class Objects:
    """The object database as a numbered list. Pickles for workers that are started rather than forked.

    An object that lies in several packs has several numbers; `find` gives the first. libgit2 reads from the packs of
    `shown`, or else from all that it finds itself.
    """

    def __init__(
        self,
        git_dir: Path,
        packs: list[Pack],
        loose: list[str],
        hash_size: int = 20,
        folders: Sequence[Path] = (),
        shown: tuple[Path, ...] | None = None,
    ) -> None:
        self.git_dir = git_dir
        self.folders = folders
        self.packs = packs
        self.loose = loose
        self.hash_size = hash_size
        self.shown = shown
        self._prepare()

    def _prepare(self) -> None:
        self.bases: list[int] = []
        total = 0
        for pack in self.packs:
            self.bases.append(total)
            total += pack.count
        self.loose_base = total
        self.count = total + len(self.loose)
        self.repeated = len(self.packs) + bool(self.loose) > 1
        # Git makes no single pack of a repository that lacks something, and to look up each file of each tree costs
        # some percent of a sweep.
        several = len(self.packs) > 1 or bool(self.loose)
        self.may_lack = several and not any(pack.is_promised for pack in self.packs)
        parts = [pack.table.oids for pack in self.packs]
        if self.loose:
            parts.append(bytes.fromhex("".join(self.loose)))
        self.oids = parts[0] if len(parts) == 1 else b"".join(parts)
        self.table = kernel.OidTable(self.oids, self.hash_size)
        self._contents = Contents()

    def __getstate__(self) -> dict[str, Any]:
        return {name: self.__dict__[name] for name in ("git_dir", "packs", "loose", "hash_size", "folders", "shown")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._prepare()

    def find(self, oid: str) -> int:
        """The number of the object with this hex id, or -1."""
        return int(self.table.find(bytes.fromhex(oid)))

    def oid(self, number: int) -> str:
        """The hex id of an object."""
        size = self.hash_size
        return bytes(self.oids[number * size : (number + 1) * size]).hex()

    def raw_oids(self, numbers: Iterable[int]) -> bytes:
        """The ids of objects as bytes, one after the other; there may be as many as all."""
        size, oids, found = self.hash_size, self.oids, bytearray()
        for number in numbers:
            found += oids[number * size : (number + 1) * size]
        return bytes(found)

    def kind(self, oid: str) -> int:
        """The kind of one object. KeyError or ValueError as `read`."""
        pack, number = self._own_place(oid)
        known = int(pack.table.types[number]) if pack is not None else 0
        return known or self.header(oid)[0]

    @cached_property
    def repeats(self) -> frozenset[int]:
        """The numbers of objects that have a lower one as well. The first pack, the largest, is not asked."""
        size, find = self.hash_size, self.table.find
        rest = range(self.packs[0].count if self.packs else 0, self.count if self.repeated else 0)
        return frozenset(number for number in rest if find(self.oids[number * size : (number + 1) * size]) != number)

    @cached_property
    def _stored_twice(self) -> frozenset[str]:
        return frozenset(map(self.oid, self.repeats))

    def first(self, number: int) -> int:
        """The number that stands for an object wherever it is named: the lowest that it has."""
        return self.find(self.oid(number)) if number in self.repeats else number

    def end_walks(self) -> None:
        """Let go of what only walks over packs need: none is begun any more."""
        for pack in self.packs:
            pack.end_walks()

    def is_elsewhere(self, number: int) -> bool:
        """Whether an object lies in another place as well."""
        return self.oid(number) in self._stored_twice

    def place(self, number: int) -> tuple[Pack | None, int]:
        """The pack that holds an object and its number there; None and the place in `loose` for a loose one."""
        if number >= self.loose_base:
            return None, number - self.loose_base
        at = bisect_right(self.bases, number) - 1
        return self.packs[at], number - self.bases[at]

    def read(self, oid: str) -> tuple[int, bytes]:
        """Kind and content of one object: from the first pack that has it, else as it is found. KeyError where there is
        none, ValueError where it is damaged."""
        pack, number = self._own_place(oid)
        if pack is not None:
            with contextlib.suppress(ValueError):  # it may be whole elsewhere
                return int(pack.table.types[number]), self._contents.read(pack, number)
        return self.read_elsewhere(oid)

    def read_elsewhere(self, oid: str) -> tuple[int, bytes]:
        """As `read`, whichever way the object is stored. Where libgit2 fails (a pack that is gone by now, a large
        object) our own packs may have it."""
        pack, number = self._own_place(oid)
        place = find_loose(self.folders, oid) if pack is None else None
        if place is not None:
            with contextlib.suppress(OSError):  # it may be packed by now
                return read_loose(place)
        try:
            if pack is not None and self._has_multi_pack_index:
                raise ValueError("cannot be read")
            return self._odb.read(oid)
        except (KeyError, ValueError):
            if pack is None:
                raise
            with contextlib.suppress(ValueError):
                return int(pack.table.types[number]), Contents(ALONE).read(pack, number)
            raise

    @cached_property
    def _has_multi_pack_index(self) -> bool:
        """Whether libgit2 would look packed objects up in such an index. One that lies hides objects from it, or makes
        it read beyond its memory; so then it is not asked for what lies in packs that we read ourselves."""
        return any((folder / "pack" / "multi-pack-index").exists() for folder in self.folders)

    def is_there(self, oid: str) -> bool:
        """Whether there is such an object, be it that it came after all were listed."""
        if self.find(oid) >= 0 or find_loose(self.folders, oid) is not None:
            return True
        return not self._has_multi_pack_index and oid in self._odb

    def _own_place(self, oid: str) -> tuple[Pack | None, int]:
        known = self.find(oid)
        return self.place(known) if known >= 0 else (None, -1)

    @cached_property
    def _odb(self) -> Odb:
        from leakguard.git.by_libgit2 import Odb

        return Odb(self.git_dir, self.shown)

    def header(self, oid: str) -> tuple[int, int]:
        """Kind and size of one object without its content. KeyError or ValueError as `read`."""
        pack, number = self._own_place(oid)
        if pack is not None:
            try:
                return int(pack.table.types[number]), pack.content_size(number)
            except ValueError:
                if self._has_multi_pack_index:
                    raise
        place = find_loose(self.folders, oid) if pack is None else None
        if place is not None:
            with contextlib.suppress(OSError):
                return loose_header(place)
        return self._odb.header(oid)


def open_objects(repository: Repository) -> tuple[Objects, list[tuple[str, str]]]:
    """The repository's objects, and (pack, reason) for packs that only libgit2 can try to read.

    A concurrent `git gc` moves objects from pack to pack, into packs and out of them. It makes the new place before it
    takes the old one away: where the packs are the same before and after everything was listed, nothing was missed.
    """
    opened: dict[Path, Pack] = {}
    loose: list[str] = []
    problems: list[tuple[str, str]] = []
    for _ in range(ATTEMPTS):
        before, listed = problems, repository.packs()
        found, problems = open_packs([index for index in listed if index not in opened], 20)
        opened.update((pack.index, pack) for pack in found)
        loose = list(repository.loose_objects())
        if problems == before and repository.packs() == listed:
            break
    _name_packs_without_index(repository)
    packs = sorted(opened.values(), key=lambda pack: (-pack.size, pack.index))
    return Objects(repository.git_dir, packs, loose, folders=repository.object_folders), problems


def open_plain(repository: Repository, links: Path) -> tuple[Objects, list[tuple[str, str]]]:
    """As `open_objects`, all packs being libgit2's to read; `links` as `show_packs` wants it."""
    from leakguard.git.shown import show_packs

    for attempt in range(ATTEMPTS):
        listed = repository.packs()
        loose = list(repository.loose_objects())
        shown = show_packs(repository, links / str(attempt))
        if repository.packs() == listed:
            break
    _name_packs_without_index(repository)
    ids = sorted({*loose, *shown.ids})
    return Objects(repository.git_dir, [], ids, folders=repository.object_folders, shown=shown.folders), list(
        shown.problems
    )


def with_libgit2(objects: Objects, shown: Shown) -> tuple[Objects, int]:
    """The objects, with those after them that only libgit2 lists, of packs we could not open; and how many they are."""
    extra = sorted(oid for oid in shown.ids if objects.find(oid) < 0)
    loose = [*objects.loose, *extra]
    return Objects(objects.git_dir, objects.packs, loose, folders=objects.folders, shown=shown.folders), len(extra)


def _name_packs_without_index(repository: Repository) -> None:
    for pack in repository.packs_without_index():
        repository.problems.append((f"pack {pack.name}", "has no index; make one with `git index-pack`"))
