"""Opening a repository: where its objects, refs and configuration lie. Nothing of it is ever run."""

from __future__ import annotations

import os
import re
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from leakguard.errors import RepositoryError
from leakguard.git.layout import find_git_folder, read_refs
from leakguard.git.own_files import own_files
from leakguard.git.packs import COMMIT, TAG
from leakguard.git.quoted import parse_folders

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from leakguard.git.libgit2 import pygit2
    from leakguard.git.objects import Objects

REF_PREFIXES = ("refs/heads/", "refs/tags/", "refs/remotes/")

_is_loose = re.compile(r"[0-9a-f]{38}").fullmatch
_is_id = re.compile(r"[0-9a-f]{40}").fullmatch
_TAGGED = re.compile(rb"object ([0-9a-f]{40})\n")


class Ref(msgspec.Struct, frozen=True):
    """A ref, the object that it names and the commit that it stands for ('' where that is none or is missing). `leads`
    are the objects on the way that are none: tags, and at the end a tree or a blob."""

    name: str
    target: str
    commit: str
    leads: tuple[str, ...] = ()

    @property
    def remote(self) -> bool:
        """Whether this is a remote-tracking ref: what it reaches has been pushed or fetched."""
        return self.name.startswith("refs/remotes/")


class Repository:
    """A git repository, opened for reading."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.git_dir = find_git_folder(path) or Path(self.git.path)
        common = self.git_dir / "commondir"
        self.common_dir = (self.git_dir / common.read_text().strip()).resolve() if common.is_file() else self.git_dir
        self.problems: list[tuple[str, str]] = []
        self.ref_names: list[bytes] = []

    @cached_property
    def git(self) -> pygit2.Repository:
        """The repository as libgit2 opens it. RepositoryError where it does not."""
        from leakguard.git.by_libgit2 import discover

        return discover(self.path)

    @property
    def tracks_files(self) -> bool:
        """Whether it has an index, which a mirror has not."""
        return self.git_dir.joinpath("index").exists()

    @cached_property
    def object_folders(self) -> list[Path]:
        """The object folder and its alternates, each once, the repository's own first."""
        found: list[Path] = []
        waiting = [self.common_dir / "objects"]
        while waiting:
            folder = waiting.pop(0)
            key = folder.resolve()
            if key in [other.resolve() for other in found]:
                continue
            found.append(folder)
            try:
                listed = (folder / "info" / "alternates").read_bytes()
            except OSError:
                continue
            for name in parse_folders(listed, b"\n"):
                other = folder / os.fsdecode(name)
                if _is_folder(other):
                    waiting.append(other)
                else:
                    self.problems.append((os.fsdecode(name), "is an alternate object folder that is not there"))
        return found

    def packs(self) -> list[Path]:
        """The .idx files of every pack, in the order of their names. RepositoryError where one is a pipe or the like:
        whoever opens it waits for ever."""
        found: list[Path] = []
        for folder in self.object_folders:
            for index in sorted((folder / "pack").glob("*.idx")):
                for place in (index, index.with_suffix(".pack")):
                    if place.exists() and not (place.is_file() or place.is_dir()):
                        raise RepositoryError(f"{place} is no file; remove it and sweep again.")
                # While git gives a new pack its name, the index has the old one for a moment longer.
                if not index.name.startswith(".tmp-") or index.with_suffix(".pack").exists():
                    found.append(index)
        return found

    def packs_without_index(self) -> Iterator[Path]:
        """The packs that nobody can read, git included, before an index is made."""
        for folder in self.object_folders:
            for pack in sorted((folder / "pack").glob("pack-*.pack")):
                if not pack.with_suffix(".idx").exists():
                    yield pack

    def loose_objects(self) -> Iterator[str]:
        """The ids of all loose objects, in hex, ascending a folder at a time."""
        for folder in self.object_folders:
            for fan in sorted(folder.glob("[0-9a-f][0-9a-f]")):
                try:
                    entries = sorted(
                        (entry.name, entry.is_file()) for entry in os.scandir(fan) if _is_loose(entry.name)
                    )
                except FileNotFoundError:  # all that it held was packed meanwhile
                    continue
                except OSError as problem:
                    self.problems.append((f"objects/{fan.name}", f"cannot be read ({problem.strerror})"))
                    continue
                # Whoever opens a pipe waits for ever.
                self.problems.extend(
                    (f"object {fan.name}{name}", "is no file") for name, is_file in entries if not is_file
                )
                yield from (fan.name + name for name, is_file in entries if is_file)

    def refs(self, objects: Objects, broken: Collection[str] = ()) -> list[Ref]:
        """HEAD and every ref, with the commit each stands for, ordered by name; then the HEADs of other worktrees.
        Those that cannot be resolved, or lead to an object in `broken`, go to `problems`. `ref_names` has them all
        afterwards, as the bytes that they are."""
        found: list[Ref] = []
        self.ref_names = []
        for raw, target in self._references():
            name = raw.decode("utf-8", "backslashreplace")
            self.ref_names.append(raw)
            try:
                found.append(self._ref(name, target(), objects, broken))
            except (KeyError, ValueError, OSError) as problem:
                if name == "HEAD":
                    self.ref_names.pop()
                if name != "HEAD" or not self.git.head_is_unborn:
                    self.problems.append((name, f"is a ref that cannot be resolved ({problem})"))
        return found

    def _references(self) -> Iterator[tuple[bytes, Callable[[], str]]]:
        """The name of each ref, and what gives the id that it leads to."""
        refs = read_refs(self.git_dir) if self.git_dir == self.common_dir else None
        if refs is not None:
            yield from ((name, partial(str, oid)) for name, oid in refs)
        else:
            yield from self._libgit2_references()
        for name, oid in self._other_heads():
            yield os.fsencode(name), partial(_named, os.fsencode(name), oid)

    def _libgit2_references(self) -> list[tuple[bytes, Callable[[], str]]]:
        from leakguard.git.by_libgit2 import references

        try:
            return references(self.git)
        except ValueError as problem:
            self.problems.append(("refs", f"cannot be listed ({problem}); run `git fsck`"))
            return []

    def _other_heads(self) -> Iterator[tuple[str, str]]:
        """What other worktrees than this one have checked out without a branch: git's name for it, and the commit."""
        folders = {f"worktrees/{folder.name}": folder for folder in sorted((self.common_dir / "worktrees").glob("*"))}
        folders["main-worktree"] = self.common_dir
        for name, folder in folders.items():
            place = folder / "HEAD"
            if folder.resolve() != self.git_dir.resolve() and place.is_file():
                text = place.read_bytes()[:41].decode("ascii", "replace").strip()
                if _is_id(text):
                    yield f"{name}/HEAD", text

    def _ref(self, name: str, target: str, objects: Objects, broken: Collection[str]) -> Ref:
        leads: list[str] = []
        oid = target
        try:
            while oid not in broken and (kind := objects.kind(oid)) != COMMIT:
                leads.append(oid)
                if kind != TAG:
                    return Ref(name, target, "", tuple(leads))
                oid = _tagged(objects.read(oid)[1])
                if oid in leads:
                    raise ValueError("its tags lead in a circle")
        except KeyError:
            self.problems.append((name, "is a ref that leads to an object which is not here; run `git fsck`"))
            return Ref(name, target, "", tuple(leads))
        if oid in broken:
            raise ValueError("its object is broken")
        return Ref(name, target, oid, tuple(leads))

    def shallow_commits(self) -> set[str]:
        """The commits whose parents were left out of a shallow clone."""
        try:
            return set((self.common_dir / "shallow").read_text("ascii", "replace").split())
        except OSError:
            return set()

    def grafted_commits(self) -> set[str]:
        """The commits that have other parents by git's old graft file than by their own word."""
        return {
            line.split()[0]
            for line in self._read("info/grafts").decode("ascii", "replace").splitlines()
            if line.strip()
        }

    def is_partial(self) -> bool:
        """Whether objects may be missing on purpose (a partial clone promises them)."""
        return self.has_promises() and self._promised()

    def has_promises(self) -> bool:
        """Whether there are packs of a partial clone, be it one that is set up no more."""
        return any(True for folder in self.object_folders for _ in folder.joinpath("pack").glob("*.promisor"))

    def _promised(self) -> bool:
        text = self._read("config").decode("utf-8", "replace").lower()
        return "partialclonefilter" in text or "promisor" in text

    def remote_url(self) -> str:
        """The address of the remote called origin, without user and password, or ''."""
        for line in self._read("config").decode("utf-8", "replace").splitlines():
            key, _, value = line.strip().partition("=")
            if key.strip().lower() == "url":
                scheme, mark, rest = value.strip().partition("://")
                return f"{scheme}://{rest.rpartition('@')[2]}" if mark else value.strip()
        return ""

    def texts(self, limit: int) -> Iterator[tuple[str, bytes]]:
        """Text outside of the object database where secrets hide: (what it is, content)."""
        for name in own_files(self.common_dir, self.problems):
            content = self._read(name, limit)
            if content:
                yield f".git/{name}", content

    def submodules(self) -> int:
        """How many submodules have their repositories inside of this one."""
        found = 0
        for _, folders, files in os.walk(self.common_dir / "modules"):
            if "HEAD" in files and "objects" in folders:
                found += 1
                folders[:] = [name for name in folders if name == "modules"]
        return found

    def _read(self, name: str, limit: int | None = None) -> bytes:
        place = self.common_dir.joinpath(*name.split("/"))
        try:
            if not place.is_file():
                return b""
            if limit is not None and place.stat().st_size > limit:
                self.problems.append((f".git/{name}", f"is {place.stat().st_size} bytes, over the limit of {limit}"))
                return b""
            return place.read_bytes()
        except OSError as problem:
            self.problems.append((f".git/{name}", f"cannot be read ({problem.strerror})"))
            return b""


def _is_folder(place: Path) -> bool:
    try:
        return place.is_dir()
    except ValueError:  # a NUL in its name
        return False


def _named(name: bytes, oid: str) -> str:
    """The id that a ref names. ValueError where git allows no such name."""
    from leakguard.git.by_libgit2 import check_name

    check_name(name)
    return oid


def _tagged(tag: bytes) -> str:
    """The id of what a tag names. ValueError where that is malformed."""
    found = _TAGGED.match(tag)
    if found is None:
        raise ValueError("its tag is malformed")
    return found[1].decode("ascii")


def open_repository(path: Path) -> Repository:
    """The repository at `path`, or that `path` lies in. RepositoryError where there is none that can be read."""
    if not path.exists():
        raise RepositoryError(f"{path} does not exist; check the path.")
    return Repository(path)
