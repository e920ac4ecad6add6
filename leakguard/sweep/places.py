"""Where in a history a secret is: commits, paths, lines. Reads only the few trees and blobs that it has to show."""

from __future__ import annotations

import os
from collections import defaultdict
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

import msgspec

from leakguard.assemble import Sited
from leakguard.detect.allowances import OWN_MARK
from leakguard.detect.detector import NOTHING, idle_comments
from leakguard.excerpt import masked
from leakguard.git import kernel
from leakguard.git.history import EMPTY, Life, parse_commit_info
from leakguard.model import CommitInfo, Event, Place, Provenance
from leakguard.sweep.quotes import NAME, WHOLE, Quotes, name_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from leakguard.collect import Group, Spot
    from leakguard.detect.detector import Detector, Found
    from leakguard.git.history import LazyHistory
    from leakguard.git.objects import Objects
    from leakguard.model import Match

MAX_EVENTS = 50
"""How many commits that introduced (or removed) one secret are told with their places; the others are counted."""
MAX_REFS = 50
MAX_PLACES = 50
MAX_PATHS = 2000
MAX_PATH_BYTES = 1 << 20
"""How many paths to one secret are looked for in one tree, and how long they may be together."""
MAX_FILES = 1_000_000
"""How many files of HEAD are searched for comments that allow nothing."""

TREE_MODE = 0o040000
"""The mode of an entry that is a tree."""


class Reached(msgspec.Struct, frozen=True):
    """What the pass over the trees says: see `HistoryLocator`."""

    keys: dict[str, frozenset[int]]
    owner: dict[tuple[str, bytes], int]
    trees: Mapping[int, frozenset[int]]
    lives: dict[int, Life]
    said: dict[tuple[int, ...], Life]


class HistoryLocator:
    """Turns spots in objects into places in a history.

    `owner` gives the key of a group, `keys` the keys that an object holds, `trees` those that a tree reaches,
    `lives` what became of a key, `said` of what stands in some commits themselves (see `message_numbers`).
    `outside` are texts beside the object database, by label; `tags` are (object, ref) where a ref leads to no commit.
    Without a detector nothing is masked; `allowing` reads comments. `quoting` gives what stands at spots that `place`
    is going to be asked for, as far as others quote them.
    """

    def __init__(
        self,
        objects: Objects,
        history: LazyHistory,
        found: Reached,
        detector: Detector | None,
        clock: int,
        tags: Sequence[tuple[str, str]],
        outside: Mapping[str, bytes],
        allowing: Detector,
        quoting: Iterator[Mapping[Spot, Place | None]],
    ) -> None:
        self.objects, self.history = objects, history
        self.trees, self.lives, self.keys, self.owner = found.trees, found.lives, found.keys, found.owner
        self.holders = {bytes.fromhex(oid): keys for oid, keys in self.keys.items()}
        self.table = kernel.OidTable(b"".join(self.holders), objects.hash_size)
        self.said = found.said
        self.detector, self.clock = detector, clock
        self.tags: dict[str, list[str]] = defaultdict(list)
        for oid, ref in tags:
            self.tags[oid].append(ref)
        self.tagged_trees = [(self.trees[tree], ref) for oid, ref in tags if (tree := objects.find(oid)) in self.trees]
        self.quotes = Quotes(objects, detector, outside)
        self.quoting = quoting
        self._ahead: dict[Spot, Place | None] = {}
        self.quoted = lru_cache(maxsize=20_000)(self._quoted)
        self.allowing = allowing
        self.mask = lru_cache(maxsize=20_000)(self._mask)
        self.entries = lru_cache(maxsize=4096)(self._entries)
        self.leads = lru_cache(maxsize=50_000)(self._leads)
        self.info = lru_cache(maxsize=4096)(self._info)
        self.said_in = lru_cache(maxsize=256)(self._said_in)
        self.found_in = lru_cache(maxsize=512)(self._found_in)

    def locate(self, groups: Sequence[Group]) -> Iterator[Sited]:
        """The sites of each group. Groups must be those that `keys` was made of, by `group_keys`."""
        return map(self._site, groups)

    def ahead(self, groups: Sequence[Group]) -> Iterator[Spot]:
        """Most of the spots that `locate` is going to quote. What else it tells is read on the way."""
        for group in groups:
            key = self.owner.get((group.match.rule, group.match.secret.reveal()), -1)
            life = self.lives.get(key, Life())
            commits = {self._last_with(number, key) for number in life.removed[:MAX_EVENTS]}
            commits.update(life.introduced[:MAX_EVENTS], [self._head()] if life.in_head else [])
            heads = filter(None, map(self.history.commit, commits))
            holders = {oid for head in heads for _, oid in self.found_in(head.tree, key)}
            for number in (*life.introduced[:MAX_EVENTS], *life.removed[:MAX_EVENTS]):
                self.info(number)
            for name in life.refs[:MAX_REFS]:
                self.mask(os.fsencode(name))
            yield from (spot for spot in group.spots if spot.holder in holders)

    def take(self, quoting: Iterable[Mapping[Spot, Place | None]]) -> None:
        """What others quoted."""
        for quoted in quoting:
            self._ahead.update(quoted)

    def place(self, spot: Spot) -> Place | None:
        """A path that leads to a spot's object, in HEAD or where it was introduced; else the object itself."""
        self.take(self.quoting)
        for key in sorted(self.keys.get(spot.holder, ())):
            life = self.lives.get(key, Life())
            commit = self._head() if life.in_head else next(iter(life.introduced), -1)
            places = self._places_in(commit, key, {spot.holder: [spot]})
            if places:
                return places[0]
        return self._alone(spot)

    def commented_later(self, group: Group) -> bool:
        """Whether HEAD, or every commit that ended a secret's life without a comment, has it beside comments only, at
        each path where it came in."""
        key = self.owner.get((group.match.rule, group.match.secret.reveal()), -1)
        life = self.lives.get(key, Life())
        if life.in_head or any(spot.label or not spot.holder for spot in group.spots):
            return False
        heads = filter(None, map(self.history.commit, life.introduced))
        paths = {path for head in heads for path, _ in self.found_in(head.tree, key)}

        def answered(path: bytes) -> bool:
            ends = filter(None, ((self._head(),), life.removed))
            return any(all(self._commented(commit, path, group.match) for commit in end) for end in ends)

        return 0 < len(paths) < MAX_PATHS and all(map(answered, sorted(paths)))

    def idle_comments(self) -> Iterator[tuple[str, int]]:
        """(path, line) of each comment in HEAD's files that allows nothing. Reads all of them."""
        head = self.history.commit(self._head())
        for path, oid in islice(self._files(head.tree), MAX_FILES) if head else ():
            try:
                content = self.objects.read(oid)[1]
            except (KeyError, ValueError):
                continue  # what cannot be read is told of by the pass that reads everything
            if OWN_MARK in content:
                lines = idle_comments(content, self.allowing.detect(content))
                yield from ((self.mask(path), line) for line in lines)

    def _files(self, tree: int) -> Iterator[tuple[bytes, str]]:
        waiting = [(tree, b"")]
        while waiting:
            number, prefix = waiting.pop()
            for mode, name, raw in self.entries(number):
                if mode == TREE_MODE:
                    waiting.append((self.objects.find(raw.hex()), prefix + name + b"/"))
                elif mode != 0o160000:
                    yield prefix + name, raw.hex()

    def _commented(self, commit: int, path: bytes, match: Match) -> bool:
        """Whether the file at a path of a commit has a secret beside comments only."""
        return self.said_in(self._file_at(commit, path)).allows(match)

    def _file_at(self, commit: int, path: bytes) -> str:
        """The id of what a commit has at a path, '' where that is nothing."""
        head = self.history.commit(commit)
        oid = self.objects.oid(head.tree) if head else ""
        for name in path.split(b"/"):
            entries = self.entries(self.objects.find(oid)) if oid else ()
            oid = next((raw.hex() for _, entry, raw in entries if entry == name), "")
        return oid

    def _said_in(self, oid: str) -> Found:
        try:
            return self.allowing.detect(self.objects.read(oid)[1]) if oid else NOTHING
        except (KeyError, ValueError):
            return NOTHING

    def _site(self, group: Group) -> Sited:
        spots: dict[str, list[Spot]] = defaultdict(list)
        for spot in group.spots:
            spots[spot.holder].append(spot)
        key = self.owner.get((group.match.rule, group.match.secret.reveal()), -1)
        life = self.lives.get(key, Life())
        outside = [spot for spot in group.spots if not spot.holder]
        said = self.said.get(message_numbers(self.objects, group.spots), Life())
        introduced = self._events(life.introduced, key, spots, parent=False)
        introduced = _joined([*introduced, *self._message_events(said, spots)])
        removed = self._events(life.removed, key, spots, parent=True)
        head = self._head_places(key, spots) if life.in_head else ()
        places = head or tuple(place for event in introduced for place in event.places)
        places += tuple(filter(None, map(self._alone, outside)))
        if not places:
            places = tuple(filter(None, map(self._alone, group.spots[:MAX_PLACES])))
        more = (*said.refs, *self._tag_refs(key, spots))
        refs = tuple(dict.fromkeys((*life.refs, *more))) if more else life.refs
        unreachable = not outside and life.unreachable and said.unreachable and not refs
        provenance = Provenance(
            introduced=introduced,
            removed=removed,
            in_head=life.in_head or said.in_head,
            refs=tuple(self.mask(os.fsencode(name)) for name in refs[:MAX_REFS]),
            ref_count=len(refs),
            pushed=bool(life.pushed or said.pushed) if self.history.has_remote else None,
            commits=life.commits + said.commits,
            exposed=self._exposed(life, said, alive=bool(refs) or life.in_head or said.in_head),
            unreachable=unreachable,
        )
        paths = tuple(dict.fromkeys(place.path for event in introduced for place in event.places))
        paths = tuple(dict.fromkeys([*paths, *(place.path for place in places)]))
        return Sited(places[:MAX_PLACES], provenance, paths)

    def _times(self, numbers: Sequence[int]) -> list[int]:
        return [head.time for head in map(self.history.commit, numbers) if head]

    def _exposed(self, life: Life, said: Life, *, alive: bool) -> int | None:
        begun = self._times((*life.introduced, *said.introduced))
        if not begun:
            return None
        ended = self._times(life.removed)
        last = self.clock if alive or not ended else max(ended)
        return max(0, last - min(begun))

    def _events(
        self, numbers: Sequence[int], key: int, spots: Mapping[str, list[Spot]], *, parent: bool
    ) -> tuple[Event, ...]:
        events = []
        for number in numbers[:MAX_EVENTS]:
            source = self._last_with(number, key) if parent else number
            events.append(Event(self.info(number), self._places_in(source, key, spots)))
        return tuple(events)

    def _last_with(self, number: int, key: int) -> int:
        """The parent of a commit that still has what the commit removed."""
        head = self.history.commit(number)
        parents = head.parents if head else ()
        return next((at for at in parents if key in self._keys_of(at)), number)

    def _keys_of(self, commit: int) -> frozenset[int]:
        head = self.history.commit(commit)
        return self.trees.get(head.tree, EMPTY) if head else EMPTY

    def _message_events(self, said: Life, spots: Mapping[str, list[Spot]]) -> tuple[Event, ...]:
        events = []
        for number in said.introduced[:MAX_EVENTS]:
            oid = self.objects.oid(number)
            places = tuple(filter(None, map(self._alone, spots.get(oid, ()))))
            events.append(Event(self.info(number), places))
        return tuple(events)

    def _head_places(self, key: int, spots: Mapping[str, list[Spot]]) -> tuple[Place, ...]:
        return self._places_in(self._head(), key, spots)

    def _head(self) -> int:
        return next((tip.commit for tip in self.history.tips if tip.name == "HEAD"), -1)

    def _tag_refs(self, key: int, spots: Mapping[str, list[Spot]]) -> list[str]:
        """The refs that lead to a spot without a commit between: a tag's own words, a tag of a blob or of a tree."""
        refs = {ref for oid in spots for ref in self.tags.get(oid, ())}
        return sorted(refs.union(ref for keys, ref in self.tagged_trees if key in keys))

    def _places_in(self, commit: int, key: int, spots: Mapping[str, list[Spot]]) -> tuple[Place, ...]:
        """Every path in a commit's tree whose object holds the secret, with its lines."""
        head = self.history.commit(commit)
        if head is None or key < 0:
            return ()
        places: list[Place] = []
        for path, oid in self.found_in(head.tree, key):
            for spot in spots.get(oid, ()):
                if len(places) >= MAX_PLACES:
                    return tuple(places)
                place = self._at(spot, self.mask(path))
                if place:
                    places.append(place)
        return tuple(places)

    def _found_in(self, tree: int, key: int) -> tuple[tuple[bytes, str], ...]:
        """(path, id) of the objects under a tree that hold a finding, ascending; descends only where the finding is.

        Ten trees of ten entries each, the same one below, are ten billion paths, and a name may have megabytes: no more
        are told than MAX_PATHS, nor more bytes of them than MAX_PATH_BYTES.
        """
        found: list[tuple[bytes, str]] = []
        names: list[bytes] = []
        waiting = [self._under(tree, key)] if key in self.trees.get(tree, EMPTY) else []
        room = MAX_PATH_BYTES
        while waiting:
            name, subtree, oid = next(waiting[-1], (b"", -1, ""))
            if oid:
                path = b"".join([*names, name])
                room -= len(path)
                if room < 0 or len(found) == MAX_PATHS:
                    break
                found.append((path, oid))
            elif subtree >= 0:
                names.append(name)
                waiting.append(self._under(subtree, key))
            else:
                waiting.pop()
                del names[len(waiting) - 1 :]
        return tuple(sorted(found))

    def _under(self, tree: int, key: int) -> Iterator[tuple[bytes, int, str]]:
        """What in one tree holds or leads to a finding, in its order: name, number of a subtree or id of another."""
        oid = self.objects.oid(tree)
        if key in self.keys.get(oid, EMPTY):
            yield b"", -1, oid
        for name, subtree, raw in self.leads(tree):
            if subtree < 0 and key in self.holders[raw]:
                yield name, -1, raw.hex()
            elif subtree >= 0 and key in self.trees[subtree]:
                yield name + b"/", subtree, ""

    def _leads(self, number: int) -> list[tuple[bytes, int, bytes]]:
        """Of a tree's entries those that lead to any finding: name, number (-1 where it is no tree) and id."""
        find, reached, holders = self.objects.table.find, self.trees, self.holders
        found: list[tuple[bytes, int, bytes]] = []
        for mode, name, raw in self._leading(number):
            if mode != TREE_MODE:
                if raw in holders:
                    found.append((name, -1, raw))
            elif (subtree := find(raw)) in reached:
                found.append((name, subtree, raw))
        return found

    def _leading(self, number: int) -> list[tuple[int, bytes, bytes]]:
        """Of a tree's entries the subtrees, and those that hold a finding themselves."""
        try:
            return kernel.tree_leads(self._read(number), self.table)
        except (KeyError, ValueError):
            return []

    def _entries(self, number: int) -> list[tuple[int, bytes, bytes]]:
        try:
            return kernel.parse_tree(self._read(number), self.objects.hash_size)
        except (KeyError, ValueError):
            return []

    def _read(self, number: int) -> bytes:
        return self.objects.read(self.objects.oid(number))[1]

    def _info(self, number: int) -> CommitInfo:
        oid = self.objects.oid(number)
        try:
            info = parse_commit_info(oid, self.objects.read(oid)[1])
        except (KeyError, ValueError):
            return CommitInfo(oid, "", "", 0, 0, "")
        author, email, subject = (
            self.mask(text.encode("utf-8", "replace")) for text in (info.author, info.email, info.subject)
        )
        return CommitInfo(oid, author, email, info.time, info.offset, subject)

    def _mask(self, raw: bytes) -> str:
        """Names and subjects, which are shown far from where they were found."""
        return masked(raw, self.detector)

    def _alone(self, spot: Spot) -> Place | None:
        """A spot by the object that holds it, where no path is known or none is meant."""
        if not spot.holder:
            return self._at(spot, self.mask(spot.label.encode("utf-8", "surrogateescape")))
        kind = spot.label if spot.label in WHOLE else "tree" if spot.label.startswith(NAME) else "blob"
        return self._at(spot, f"{kind} {spot.holder[:12]}")

    def _at(self, spot: Spot, path: str) -> Place | None:
        place = self.quoted(spot)
        if place is None:
            return None
        if spot.label.startswith(NAME):
            path += self.mask(name_of(spot.label))
        elif spot.label.startswith("!"):
            path += self.mask(spot.label.encode("utf-8", "surrogateescape"))
        return msgspec.structs.replace(place, path=path)

    def _quoted(self, spot: Spot) -> Place | None:
        return self._ahead[spot] if spot in self._ahead else self.quotes.place(spot)


def message_numbers(objects: Objects, spots: Sequence[Spot]) -> tuple[int, ...]:
    """The commits in whose own text some of the spots lie."""
    return tuple(sorted({objects.find(spot.holder) for spot in spots if spot.label == "commit"}))


def _joined(events: Sequence[Event]) -> tuple[Event, ...]:
    """One event a commit, oldest first."""
    places: dict[CommitInfo, tuple[Place, ...]] = {}
    for event in events:
        places[event.commit] = (*places.get(event.commit, ()), *event.places)
    ordered = sorted(places, key=lambda commit: (commit.time, commit.id))
    return tuple(Event(commit, places[commit]) for commit in ordered)
