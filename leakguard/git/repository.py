"""Opening a repository: where its objects, refs and configuration lie. Nothing of it is ever run."""

from __future__ import annotations

import os
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from leakguard.errors import RepositoryError
from leakguard.git.libgit2 import pygit2

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

# A scanner reads other people's repositories (CI checkouts, mounted backups); it runs nothing of them.
pygit2.option(pygit2.enums.Option.SET_OWNER_VALIDATION, False)

REF_PREFIXES = ("refs/heads/", "refs/tags/", "refs/remotes/")


class Ref(msgspec.Struct, frozen=True):
    """A ref, the object that it names and the commit that it stands for ('' where that is none or is missing)."""

    name: str
    target: str
    commit: str
    tag: str = ""

    @property
    def remote(self) -> bool:
        """Whether this is a remote-tracking ref: what it reaches has been pushed or fetched."""
        return self.name.startswith("refs/remotes/")


class Repository:
    """A git repository, opened for reading."""

    def __init__(self, path: Path, repo: pygit2.Repository) -> None:
        self.path = path
        self.git = repo
        self.git_dir = Path(repo.path)
        common = self.git_dir / "commondir"
        self.common_dir = (self.git_dir / common.read_text().strip()).resolve() if common.is_file() else self.git_dir
        self.problems: list[tuple[str, str]] = []

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
                listed = (folder / "info" / "alternates").read_bytes().splitlines()
            except OSError:
                continue
            for line in listed:
                if line and not line.startswith(b"#"):
                    other = folder / os.fsdecode(line)
                    if other.is_dir():
                        waiting.append(other)
                    else:
                        self.problems.append((os.fsdecode(line), "is an alternate object folder that is not there"))
        return found

    def packs(self) -> list[Path]:
        """The .idx files of every pack, in the order of their names."""
        found: list[Path] = []
        for folder in self.object_folders():
            found.extend(sorted((folder / "pack").glob("*.idx")))
        return found

    def loose_objects(self) -> Iterator[str]:
        """The ids of all loose objects, in hex, ascending a folder at a time."""
        for folder in self.object_folders():
            for fan in sorted(folder.glob("[0-9a-f][0-9a-f]")):
                try:
                    names = sorted(entry.name for entry in os.scandir(fan))
                except OSError as problem:
                    self.problems.append((f"objects/{fan.name}", f"cannot be read ({problem.strerror})"))
                    continue
                yield from (fan.name + name for name in names if len(name) in (38, 62))

    def refs(
        self, broken: Collection[str] = (), peel: Callable[[str], tuple[str, str] | None] = lambda _: None
    ) -> list[Ref]:
        """HEAD and every ref, with the commit each stands for, ordered by name. Those that cannot be resolved, or lead
        to an object in `broken`, go to `problems`. What `peel` knows the commit and the tag of is not looked at."""
        found: list[Ref] = []
        listed = sorted(((item.name, item) for item in self.git.references.iterator()), key=itemgetter(0))
        for name, item in [("HEAD", None), *listed]:
            try:
                found.append(self._ref(name, self._reference(name, item), broken, peel))
            except (KeyError, ValueError, OSError, pygit2.GitError) as problem:
                if name != "HEAD" or not self.git.head_is_unborn:
                    self.problems.append((name, f"is a ref that cannot be resolved ({problem})"))
        return found

    def _reference(self, name: str, listed: pygit2.Reference | None) -> pygit2.Reference:
        """HEAD, or a ref that was listed. A name that git allows for no ref is asked for, which says what is wrong."""
        if listed is None:
            return self.git.head
        return listed if pygit2.reference_is_valid_name(name) else self.git.references[name]

    def _ref(
        self,
        name: str,
        reference: pygit2.Reference,
        broken: Collection[str],
        peel: Callable[[str], tuple[str, str] | None],
    ) -> Ref:
        target = str(reference.resolve().target)
        known = None if target in broken else peel(target)
        if known is not None and known[0] not in broken:
            return Ref(name, target, *known)
        tag = ""
        item = self._get(target, broken)
        while isinstance(item, pygit2.Tag):
            tag = tag or str(item.id)
            item = self._get(item.target, broken)
        commit = str(item.id) if isinstance(item, pygit2.Commit) else ""
        return Ref(name, target, commit, tag)

    def _get(self, oid: pygit2.Oid | str, broken: Collection[str]) -> pygit2.Object | None:
        if str(oid) in broken:
            raise ValueError("its object is broken")
        return self.git.get(oid)

    def shallow_commits(self) -> set[str]:
        """The commits whose parents were left out of a shallow clone."""
        try:
            return set((self.common_dir / "shallow").read_text("ascii", "replace").split())
        except OSError:
            return set()

    def is_partial(self) -> bool:
        """Whether objects may be missing on purpose (a partial clone promises them)."""
        return any(folder.joinpath("pack").glob("*.promisor") for folder in self.object_folders()) and self._promised()

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

    def texts(self) -> Iterator[tuple[str, bytes]]:
        """Text outside of the object database where secrets hide: (what it is, content)."""
        for name in ("config", "config.worktree", "packed-refs", "FETCH_HEAD", "info/attributes", "description"):
            content = self._read(name)
            if content:
                yield f".git/{name}", content
        modules = self.common_dir / "modules"
        for config in sorted(modules.glob("**/config")) if modules.is_dir() else ():
            try:
                yield f".git/{config.relative_to(self.common_dir).as_posix()}", config.read_bytes()
            except OSError as problem:
                self.problems.append((str(config), f"cannot be read ({problem.strerror})"))
        for log in sorted((self.common_dir / "logs").rglob("*")) if (self.common_dir / "logs").is_dir() else ():
            if log.is_file():
                try:
                    yield f".git/{log.relative_to(self.common_dir).as_posix()}", log.read_bytes()
                except OSError as problem:
                    self.problems.append((str(log), f"cannot be read ({problem.strerror})"))

    def _read(self, name: str) -> bytes:
        place = self.common_dir.joinpath(*name.split("/"))
        try:
            return place.read_bytes() if place.is_file() else b""
        except OSError as problem:
            self.problems.append((f".git/{name}", f"cannot be read ({problem.strerror})"))
            return b""


def open_repository(path: Path) -> Repository:
    """The repository at `path`, or that `path` lies in. RepositoryError where there is none that can be read."""
    if not path.exists():
        raise RepositoryError(f"{path} does not exist; check the path.")
    found = pygit2.discover_repository(str(path))
    if found is None:
        raise RepositoryError(
            f"{path} is not in a git repository; give the path of one, or use `leakguard scan` for plain files."
        )
    try:
        return Repository(path, pygit2.Repository(found))
    except pygit2.GitError as problem:
        text = str(problem)
        if "object format" in text or "objectformat" in text or "sha256" in text.lower():
            raise RepositoryError(
                f"{path} names its objects by SHA-256, which the installed libgit2 cannot open; "
                "sweep a SHA-1 mirror of it, or scan a checkout with `leakguard scan`."
            ) from None
        raise RepositoryError(f"{path} cannot be opened ({text}); run `git fsck` there.") from None
