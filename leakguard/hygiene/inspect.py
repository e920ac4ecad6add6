"""From a repository to what is wrong with its hygiene."""

from __future__ import annotations

import os
import stat
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from leakguard.errors import RepositoryError
from leakguard.excerpt import escape
from leakguard.git.libgit2 import pygit2
from leakguard.git.repository import open_repository
from leakguard.globs import path_matches
from leakguard.hygiene.catalogue import EXAMPLES, GROUPS, Group
from leakguard.hygiene.ignores import FILE_NAME, Ignores
from leakguard.hygiene.names import HEAD_BYTES, classify, groups_of
from leakguard.hygiene.problems import Problem, Report, problem_order
from leakguard.hygiene.shipping import shipped
from leakguard.hygiene.tracked import read_head, tracked_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MAX_TREES = 100_000
"""How many trees of the history are read to look for files that are ignored now."""


class Sensitive(msgspec.Struct, frozen=True):
    """A file that should never be committed: its path and its group."""

    path: str
    group: Group


def inspect(path: Path, count_secrets: Callable[[bytes], int]) -> Report:
    """The hygiene of the repository at `path`. `count_secrets` says how many secrets a text holds."""
    found = open_repository(path)
    repo = found.git
    if repo.is_bare or not repo.workdir:
        raise RepositoryError(f"{path} has no work tree; hygiene is about one: run it in a clone.")
    return _Inspection(repo, Path(repo.workdir), count_secrets).run(escape(str(path)))


class _Inspection:
    def __init__(self, repo: pygit2.Repository, root: Path, count_secrets: Callable[[bytes], int]) -> None:
        self.repo, self.root, self.count_secrets = repo, root, count_secrets
        self.tracked = set(tracked_files(repo))
        self.problems: list[Problem] = []
        self.notes: list[str] = []
        self.wanted: dict[str, list[str]] = defaultdict(list)

    def run(self, target: str) -> Report:
        names = [name for name in self.tracked if name.rsplit("/", 1)[-1] == FILE_NAME]
        with Ignores(self.repo, self.root, {*names, FILE_NAME}) as self.ignores:
            files = sorted(self.files(""))
            everything = sorted(self.tracked.union(files))
            sensitive = [found for found in map(self.sensitive, everything) if found]
            for item in sensitive:
                self.judge(item)
            for name in everything:
                self.look_at_example(name)
            self.look_at_history({item.path for item in sensitive} & self.tracked)
            self.problems.extend(shipped(self.root, everything, [item.path for item in sensitive], self.ignores))
            self.find_gaps(everything, sensitive)
        tracked = [item.path for item in self.problems if item.kind in ("tracked", "ignored-but-tracked")]
        return Report(
            target=target,
            problems=tuple(sorted(set(self.problems), key=problem_order)),
            missing=tuple(
                (group.name, _in_order(group, self.wanted[group.name])) for group in GROUPS if group.name in self.wanted
            ),
            untrack=tuple(sorted(tracked)),
            files=len(everything),
            tracked=len(self.tracked),
            notes=tuple(self.notes),
        )

    def files(self, folder: str) -> Iterator[str]:
        """The regular files under a folder of the work tree; what everybody's git ignores is not entered, nor are other
        repositories."""
        try:
            entries = sorted(os.scandir(self.root / folder), key=lambda entry: entry.name)
        except OSError as problem:
            self.notes.append(f"{escape(folder) or '.'} cannot be read ({problem.strerror})")
            return
        for entry in entries:
            path = f"{folder}{entry.name}"
            if entry.name == ".git":
                continue
            if entry.is_dir(follow_symlinks=False):
                if not self.ignores.everywhere(f"{path}/") and not (Path(entry.path) / ".git").exists():
                    yield from self.files(f"{path}/")
            elif entry.is_file(follow_symlinks=False):
                yield path

    def sensitive(self, path: str) -> Sensitive | None:
        """A path as a sensitive file, where its name and content make it one."""
        group = classify(path, read_head(self.root / path)) if groups_of(path) else None
        return Sensitive(path, group) if group else None

    def judge(self, item: Sensitive) -> None:
        """What is wrong with one sensitive file."""
        path, group = item.path, item.group
        everywhere = self.ignores.everywhere(path)
        if path in self.tracked:
            if everywhere:
                self.add("ignored-but-tracked", item, "an ignore rule does nothing for what is tracked")
            elif self.ignores.but_for_negations(path):
                line, text = self.negation(path)
                self.add("tracked", item, f"the line {text!r} lets it in" if text else group.why, line)
            else:
                self.add("tracked", item, group.why)
                self.want(item)
        elif everywhere:
            return
        elif self.ignores.but_for_negations(path):
            line, text = self.negation(path)
            self.add("negated", item, f"the line {text!r} lets it back in" if text else group.why, line)
        elif self.ignores.here(path):
            self.add("unshared", item, "only info/exclude or a global ignore file hides it")
            self.want(item)
        else:
            self.add("exposed", item, group.why)
            self.want(item)

    def add(self, kind: str, item: Sensitive, detail: str, line: int = 0) -> None:
        self.problems.append(msgspec.convert(
            {"kind": kind, "path": item.path, "group": item.group.name, "detail": detail, "line": line}, Problem
        ))  # fmt: skip

    def want(self, item: Sensitive) -> None:
        """Note the lines that would hide a file: those of its group's that do, or its own path."""
        lines = [line for line in item.group.lines if path_matches(item.path, (line.strip("/"),))]
        self.wanted[item.group.name].extend(lines or [f"/{_literal(item.path)}"])

    def negation(self, path: str) -> tuple[int, str]:
        """Line number and text of the last negation in the root's ignore file that fits a path."""
        try:
            lines = (self.root / FILE_NAME).read_text("utf-8", "replace").splitlines()
        except OSError:
            return 0, ""
        for number in range(len(lines), 0, -1):
            text = lines[number - 1].strip()
            if text.startswith("!") and path_matches(path, (text[1:].strip("/"),)):
                return number, text
        return 0, ""

    def look_at_example(self, path: str) -> None:
        """An example file that holds real values is a leak under a harmless name."""
        if path not in self.tracked or not path_matches(path, EXAMPLES):
            return
        count = self.count_secrets(read_head(self.root / path))
        if count:
            what = "1 value in it looks" if count == 1 else f"{count} values in it look"
            detail = f"{what} real; write placeholders there, and treat them as leaked"
            self.problems.append(Problem("real-example", path, "environment files", detail))

    def look_at_history(self, told: set[str]) -> None:
        """Sensitive files that are not tracked any more, but that some commit holds."""
        seen: set[str] = set()
        found: dict[str, Group] = {}
        waiting = []
        for commit in self.commits():
            if str(commit.tree_id) not in seen:
                seen.add(str(commit.tree_id))
                waiting.append((commit.tree_id, ""))
            while waiting:
                tree, prefix = waiting.pop()
                for name, oid, mode in self.entries(tree):
                    path = prefix + name
                    if mode == stat.S_IFDIR:
                        if f"{oid}{path}" not in seen:
                            seen.add(f"{oid}{path}")
                            waiting.append((oid, f"{path}/"))
                    elif path not in found and path not in told:
                        group = classify(path, self.blob_head(oid)) if groups_of(path) else None
                        if group:
                            found[path] = group
            if len(seen) > MAX_TREES:
                self.notes.append("the history was not read to its end; `leakguard sweep` reads all of it")
                break
        for path, group in sorted(found.items()):
            if self.ignores.here(path):
                detail = "earlier commits hold it: rotate what is in it; `leakguard sweep` names the commits"
                self.problems.append(Problem("too-late", path, group.name, detail))

    def commits(self) -> Iterator[pygit2.Commit]:
        """Every commit that a ref reaches, newest first."""
        walker = self.repo.walk(None, pygit2.enums.SortMode.TIME)
        pushed = False
        for name in sorted(self.repo.references):
            try:
                walker.push(self.repo.references[name].peel(pygit2.Commit).id)
                pushed = True
            except (KeyError, ValueError, pygit2.GitError):
                continue
        if pushed:
            try:
                yield from walker
            except (KeyError, pygit2.GitError) as problem:
                self.notes.append(f"the history cannot be read to its end ({problem})")

    def entries(self, oid: pygit2.Oid) -> list[tuple[str, pygit2.Oid, int]]:
        try:
            tree = self.repo[oid]
        except (KeyError, ValueError, pygit2.GitError):
            return []
        return [(_name(entry), entry.id, entry.filemode) for entry in tree] if isinstance(tree, pygit2.Tree) else []

    def blob_head(self, oid: pygit2.Oid) -> bytes:
        try:
            blob = self.repo[oid]
        except (KeyError, ValueError, pygit2.GitError):
            return b""
        return bytes(blob.data[:HEAD_BYTES]) if isinstance(blob, pygit2.Blob) else b""

    def find_gaps(self, everything: list[str], sensitive: list[Sensitive]) -> None:
        """Lines that this kind of project should have although no such file is there yet."""
        for group in GROUPS:
            markers = [name for name in everything if path_matches(name, group.markers)] if group.markers else []
            if not markers and not any(item.group is group for item in sensitive):
                continue
            open_lines = [line for line in group.lines if not line.startswith("!") and not self.hidden(line)]
            wanted = self.wanted.get(group.name, [])
            gaps = [line for line in open_lines if line not in wanted]
            if not gaps:
                continue
            detail = f"no committed rule hides {', '.join(gaps)}" + (
                f" (there is {escape(markers[0])})" if markers else ""
            )
            self.problems.append(Problem("gap", FILE_NAME, group.name, detail))
            self.wanted[group.name] = [*wanted, *gaps]

    def hidden(self, line: str) -> bool:
        """Whether a file that a line would hide is hidden already."""
        probe = line.strip("/").replace("*", "x")
        path = f"{probe}/" if line.endswith("/") else probe
        # A negation is somebody's wish: what it undoes is told where a file lies there, and not written a second time.
        return self.ignores.everywhere(path) or self.ignores.but_for_negations(path)


def _name(entry: pygit2.Object) -> str:
    raw = entry.raw_name
    return raw.decode("utf-8", "surrogateescape") if raw else ""


def _in_order(group: Group, wanted: list[str]) -> tuple[str, ...]:
    """The wanted lines once each, as the catalogue orders them, then the exceptions that they make necessary."""
    listed = [line for line in group.lines if line in wanted]
    exceptions = [
        line
        for line in group.lines
        if line.startswith("!") and any(path_matches(line[1:], (other.lstrip("/"),)) for other in listed)
    ]
    return (*listed, *(line for line in dict.fromkeys(wanted) if line not in listed), *exceptions)


def _literal(path: str) -> str:
    """A path as a line of .gitignore that means just it."""
    return "".join(f"\\{char}" if char in "*?[]\\ " else char for char in path)
