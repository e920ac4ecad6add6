"""What a push or a pull request brings: the commits that its tips reach and that what is there already does not.

Every one of these commits counts, not only their difference end to end: a secret that a second commit takes out again
is pushed all the same. Annotated tags on the way count with their own text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from pygit2.enums import ObjectType, SortMode

from leakguard.errors import RepositoryError, UsageError
from leakguard.git.libgit2 import pygit2
from leakguard.git.steps import FLAGS, Step, empty_tree

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from leakguard.git.repository import Repository


class Update(msgspec.Struct, frozen=True):
    """A ref that moves from one object to another; '' where it is made or deleted."""

    ref: str
    old: str
    new: str


class Bundle(msgspec.Struct, frozen=True):
    """What arrives: commits (oldest first), annotated tags, and (name, id) of refs that stand for a tree or a blob.

    `unpushed` are those of them that no remote-tracking ref reaches; None where nothing can be told by such refs.
    `tips` are what it all leads to, as (ref, object); a ref is '' where none is known.
    """

    commits: tuple[str, ...]
    tags: tuple[str, ...] = ()
    trees: tuple[tuple[str, str], ...] = ()
    blobs: tuple[tuple[str, str], ...] = ()
    unpushed: frozenset[str] | None = None
    notes: tuple[str, ...] = ()
    tips: tuple[tuple[str, str], ...] = ()


def parse_pushed(data: bytes) -> list[Update]:
    """The lines that git gives to a pre-push hook: local ref, local id, remote ref, remote id."""
    return [Update(_text(line[2]), _oid(line[3]), _oid(line[1])) for line in _lines(data, 4, (1, 3), "pre-push")]


def parse_received(data: bytes) -> list[Update]:
    """The lines that git gives to a pre-receive hook: old id, new id, ref."""
    return [Update(_text(line[2]), _oid(line[0]), _oid(line[1])) for line in _lines(data, 3, (0, 1), "pre-receive")]


def _lines(data: bytes, count: int, ids: Sequence[int], hook: str) -> Iterator[list[bytes]]:
    for line in data.splitlines():
        fields = line.rsplit(b" ", count - 1) if count == 4 else line.split(b" ", count - 1)
        if len(fields) != count or not all(_is_id(fields[at]) for at in ids):
            raise UsageError(
                f"standard input does not hold the lines that git gives to a {hook} hook; let git call it, "
                "or use `leakguard range A..B`."
            )
        yield fields


def _is_id(text: bytes) -> bool:
    return len(text) in (40, 64) and not text.strip(b"0123456789abcdef")


def _oid(text: bytes) -> str:
    return text.decode("ascii") if text.strip(b"0") else ""


def _text(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape")


def pushed_bundle(repository: Repository, updates: Sequence[Update], remote: str) -> Bundle:
    """What a push to `remote` (a name, or an address) would bring: what neither the refs there that are known here nor
    the remote-tracking refs reach."""
    git = repository.git
    prefixes = tuple(f"refs/remotes/{name}/" for name in _remotes(git, remote))
    hidden = [update.old for update in updates] + [ref for ref in _refs(git) if ref.startswith(prefixes)]
    return _arriving(git, updates, hidden)


def received_bundle(repository: Repository, updates: Sequence[Update]) -> Bundle:
    """What a push brings to this repository: what none of its refs reaches."""
    return _arriving(repository.git, updates, [*(update.old for update in updates), *_refs(repository.git)])


def ranged_bundle(repository: Repository, span: str) -> Bundle:
    """The commits of `A..B` (`A...B` is the same set). UsageError where it is no range or names what is not here."""
    git = repository.git
    old, mark, new = span.partition("...") if "..." in span else span.partition("..")
    if not mark:
        raise UsageError(f"{span!r} is no range; write A..B, say origin/main..HEAD.")
    low, high = (find_commit(repository, name or "HEAD") for name in (old, new))
    commits = _walk(git, [high], [low])
    remote = [ref for ref in _refs(git) if ref.startswith("refs/remotes/")]
    unpushed = frozenset(_walk(git, [high], [low, *_peeled(git, remote)])) if remote else None
    tips = ((_ref_called(git, new or "HEAD"), high),)
    return Bundle(commits, unpushed=unpushed, notes=_shallow_note(repository), tips=tips)


def step_of(repository: Repository, commit: str) -> Step:
    """A commit against each of its parents that are here."""
    git = repository.git
    made = git[commit].peel(pygit2.Commit)
    there = [parent for oid in made.parent_ids if (parent := git.get(oid)) is not None]
    trees = [parent.peel(pygit2.Tree) for parent in there] or [empty_tree(git)]
    tree = made.tree
    return Step(lambda: [before.diff_to_tree(tree, FLAGS) for before in trees])


def whole_tree(repository: Repository, oid: str) -> Step:
    """A tree that stands for itself: all of it is new."""
    tree, nothing = repository.git[oid].peel(pygit2.Tree), empty_tree(repository.git)
    return Step(lambda: [nothing.diff_to_tree(tree, FLAGS)])


def _arriving(git: pygit2.Repository, updates: Sequence[Update], hidden: Sequence[str]) -> Bundle:
    tips: list[str] = []
    tags: list[str] = []
    trees: list[tuple[str, str]] = []
    blobs: list[tuple[str, str]] = []
    for update in updates:
        if not update.new:
            continue
        item = _object(git, update.new, update.ref)
        while item.type == ObjectType.TAG:
            tags.append(str(item.id))
            item = _object(git, str(item.peel(pygit2.Tag).target), update.ref)
        if isinstance(item, pygit2.Tree):
            trees.append((update.ref, str(item.id)))
        elif isinstance(item, pygit2.Blob):
            blobs.append((update.ref, str(item.id)))
        else:
            tips.append(str(item.id))
    commits = _walk(git, tips, _peeled(git, hidden))
    return Bundle(
        commits,
        tuple(dict.fromkeys(tags)),
        tuple(trees),
        tuple(blobs),
        frozenset([*commits, *tags]),
        tips=tuple((update.ref, update.new) for update in updates if update.new),
    )


def _object(git: pygit2.Repository, oid: str, ref: str) -> pygit2.Object:
    found = git.get(oid)
    if found is None:
        raise RepositoryError(
            f"{oid[:12]}, to which {ref.encode('utf-8', 'backslashreplace').decode()} is to point, is not in this "
            "repository; run `git fsck`."
        )
    return found


def _walk(git: pygit2.Repository, tips: Sequence[str], hidden: Iterable[str]) -> tuple[str, ...]:
    if not tips:
        return ()
    try:
        walker = git.walk(None, SortMode.TOPOLOGICAL | SortMode.TIME | SortMode.REVERSE)
        for tip in tips:
            walker.push(tip)
        for oid in hidden:
            walker.hide(oid)
        return tuple(str(commit.id) for commit in walker)
    except (pygit2.GitError, KeyError, ValueError) as problem:
        raise RepositoryError(
            f"the history cannot be walked ({problem}); fetch what is missing (`git fetch --unshallow`, in CI a full "
            "checkout), or run `git fsck`."
        ) from None


def _peeled(git: pygit2.Repository, names: Iterable[str]) -> list[str]:
    """The commits that ids or refs stand for; those that are not here, or stand for none, are left out."""
    found = []
    for name in dict.fromkeys(filter(None, names)):
        try:
            item = git.references[name].peel() if name.startswith("refs/") else git.get(name)
            if item is not None:
                found.append(str(item.peel(pygit2.Commit).id))
        except (pygit2.GitError, KeyError, ValueError):
            continue
    return found


def _ref_called(git: pygit2.Repository, name: str) -> str:
    """The full name of the ref that a name stands for; '' where it stands for something else."""
    try:
        _, ref = git.revparse_ext(name)
        return str(ref.resolve().name) if ref is not None else ""
    except (pygit2.GitError, KeyError, ValueError):
        return ""


def _refs(git: pygit2.Repository) -> list[str]:
    return sorted(git.references)


def _remotes(git: pygit2.Repository, remote: str) -> list[str]:
    """The names that a remote has here: its own, or those with this address."""
    found = [item.name for item in git.remotes if item.name and remote in (item.name, item.url, item.push_url)]
    return found or [remote]


def find_commit(repository: Repository, name: str) -> str:
    """The id of the commit that a name stands for. UsageError where there is none."""
    try:
        return str(repository.git.revparse_single(name).peel(pygit2.Commit).id)
    except (pygit2.GitError, KeyError, ValueError):
        cure = "the clone is shallow, so fetch more of it (`git fetch --unshallow`, in CI fetch-depth: 0)"
        hint = cure if repository.shallow_commits() else "fetch it, or check the spelling"
        shown = name.encode("unicode_escape").decode()
        raise UsageError(f"no commit here is called {shown}; {hint}.") from None


def _shallow_note(repository: Repository) -> tuple[str, ...]:
    note = "the clone is shallow: at its edge, all that a commit holds counts as new"
    return (note,) if repository.shallow_commits() else ()
