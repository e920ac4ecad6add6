"""Every object of a repository under one number: packs first, in the order of their offsets, then loose objects."""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_right
from typing import TYPE_CHECKING, Any

from leakguard.git import kernel
from leakguard.git.contents import Contents
from leakguard.git.libgit2 import pygit2
from leakguard.git.packs import BLOB, COMMIT, TAG, TREE, Pack, open_packs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from leakguard.git.repository import Repository

# libgit2 maps packs as well, and would map all of one: its windows are kept few and small.
pygit2.settings.mwindow_size = 1 << 20
pygit2.settings.mwindow_mapped_limit = 8 << 20

_KIND_OF = {
    pygit2.enums.ObjectType.COMMIT: COMMIT,
    pygit2.enums.ObjectType.TREE: TREE,
    pygit2.enums.ObjectType.BLOB: BLOB,
    pygit2.enums.ObjectType.TAG: TAG,
}


_TAG = re.compile(
    rb"object ([0-9a-f]{40})\ntype commit\ntag [^\n]+\ntagger [^\n<>]+ <[^\n<>]*> [0-9]{1,10} [+-][0-9]{4}\n\n"
)
_LONGEST_TAG = 1 << 20


class Objects:
    """The object database as a numbered list. Pickles for workers that are started rather than forked.

    An object that lies in several packs has several numbers; `find` gives the first.
    """

    def __init__(self, git_dir: Path, packs: list[Pack], loose: list[str], hash_size: int = 20) -> None:
        self.git_dir = git_dir
        self.packs = packs
        self.loose = loose
        self.hash_size = hash_size
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
        parts = [pack.table.oids for pack in self.packs]
        if self.loose:
            parts.append(bytes.fromhex("".join(self.loose)))
        self.oids = parts[0] if len(parts) == 1 else b"".join(parts)
        self.table = kernel.OidTable(self.oids, self.hash_size)
        self._contents = Contents(self.packs)
        self._git: pygit2.Repository | None = None

    def __getstate__(self) -> dict[str, Any]:
        return {name: self.__dict__[name] for name in ("git_dir", "packs", "loose", "hash_size")}

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

    def peel(self, oid: str) -> tuple[str, str] | None:
        """(commit, tag) that a ref to the object with this hex id stands for, where the packs that we read ourselves
        say so at once: of a commit, and of a plain tag of one."""
        pack, number = self._packed(oid)
        if pack is None:
            return None
        kind = pack.table.types[number]
        if kind == COMMIT:
            return oid, ""
        commit = _tagged_commit(pack, number, oid) if kind == TAG and pack.is_whole(number) else ""
        pack, number = self._packed(commit) if commit else (None, -1)
        return (commit, oid) if pack is not None and pack.table.types[number] == COMMIT else None

    def _packed(self, oid: str) -> tuple[Pack | None, int]:
        known = self.find(oid)
        return self.place(known) if known >= 0 else (None, -1)

    def repeats(self) -> Iterator[int]:
        """The numbers of objects that have a lower one as well. The first pack, the largest, is not asked."""
        size, find = self.hash_size, self.table.find
        for number in range(self.packs[0].count if self.packs else 0, self.count if self.repeated else 0):
            if find(self.oids[number * size : (number + 1) * size]) != number:
                yield number

    def place(self, number: int) -> tuple[Pack | None, int]:
        """The pack that holds an object and its number there; None and the place in `loose` for a loose one."""
        if number >= self.loose_base:
            return None, number - self.loose_base
        at = bisect_right(self.bases, number) - 1
        return self.packs[at], number - self.bases[at]

    def read(self, oid: str) -> tuple[int, bytes]:
        """Kind and content of one object: from the first pack that has it, else as libgit2 finds it. KeyError where
        there is none, ValueError where it is damaged."""
        number = self.find(oid)
        if 0 <= number < self.loose_base:
            at = bisect_right(self.bases, number) - 1
            local = number - self.bases[at]
            try:
                return self.packs[at].table.types[local], self._contents.read((at, local))
            except ValueError:
                pass  # it may be whole elsewhere
        return self.read_elsewhere(oid)

    def read_elsewhere(self, oid: str) -> tuple[int, bytes]:
        """As `read`, through libgit2, whichever way the object is stored."""
        if self._git is None:
            self._git = pygit2.Repository(str(self.git_dir))
        try:
            kind, content = self._git.odb.read(oid)
        except KeyError:
            raise
        except (pygit2.GitError, OSError, MemoryError) as problem:
            raise ValueError(str(problem) or "cannot be read") from None
        return _KIND_OF.get(pygit2.enums.ObjectType(kind), 0), bytes(content)

    def header(self, oid: str) -> tuple[int, int]:
        """Kind and size of one object without its content. KeyError or ValueError as `read`."""
        if self._git is None:
            self._git = pygit2.Repository(str(self.git_dir))
        try:
            kind, size = self._git.odb.read_header(oid)
        except KeyError:
            raise
        except (pygit2.GitError, OSError) as problem:
            raise ValueError(str(problem) or "cannot be read") from None
        return _KIND_OF.get(pygit2.enums.ObjectType(kind), 0), int(size)


def _tagged_commit(pack: Pack, number: int, oid: str) -> str:
    """The commit that a tag is of; '' where it is of something else, or not quite as git writes it."""
    try:
        content = pack.inflate(number, _LONGEST_TAG)
        name = hashlib.sha1(b"tag %d\0%s" % (len(content), content)).hexdigest()  # noqa: S324 - git's name for it
    except ValueError:
        return ""
    found = _TAG.match(content) if name == oid else None
    return found[1].decode("ascii") if found else ""


def open_objects(repository: Repository) -> tuple[Objects, list[tuple[str, str]]]:
    """The repository's objects, and (pack, reason) for packs that only libgit2 can try to read.

    A pack that a concurrent `git gc` removes between listing and opening is looked for once more.
    """
    packs, problems = open_packs(repository.packs(), 20)
    if problems:
        again, problems = open_packs(
            [index for index in repository.packs() if index not in {pack.index for pack in packs}], 20
        )
        packs = [*packs, *again]
    packs.sort(key=lambda pack: (-pack.size, pack.index))
    return Objects(repository.git_dir, packs, list(repository.loose_objects())), problems


def listed_by_libgit2(repository: Repository, known: Objects) -> Iterable[str]:
    """Hex ids that libgit2 lists and our own readers did not, ascending: objects of packs we could not open."""
    return sorted(oid for oid in map(str, repository.git.odb) if known.find(oid) < 0)
