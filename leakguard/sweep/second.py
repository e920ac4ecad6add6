"""The second pass: which trees lead to which secrets, and the lives that follow for the refs as they are."""

from __future__ import annotations

from contextlib import suppress
from itertools import chain
from typing import TYPE_CHECKING

import msgspec

from leakguard.assemble import listed, settle
from leakguard.collect import Collector
from leakguard.git.history import Reach
from leakguard.sweep.counted import read_alike
from leakguard.sweep.known_trees import recall_trees, remember_trees
from leakguard.sweep.lives import pack_lives
from leakguard.sweep.memory import TreeMemory, digest
from leakguard.sweep.places import Reached, message_numbers
from leakguard.sweep.quotes import NAME, WHOLE
from leakguard.sweep.revival import Reviver, StaleError
from leakguard.sweep.worker import Trees

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from leakguard.collect import Group, Spot
    from leakguard.detect.detector import Detector
    from leakguard.git.history import History, Tip
    from leakguard.git.objects import Objects
    from leakguard.model import Rule, Skipped
    from leakguard.pool import Pool
    from leakguard.sweep.memory import Memory
    from leakguard.sweep.worker import Task


class Numbered(msgspec.Struct, frozen=True):
    """Keys of groups: which an object holds, and which is whose."""

    keys: dict[str, frozenset[int]]
    owner: dict[tuple[str, bytes], int]


class Walked(msgspec.Struct):
    """What one pass over the trees says. `named` are trees with entries of a wanted name."""

    reach: Reach
    names: set[bytes]
    named: list[tuple[int, list[bytes]]]
    trees: int
    skipped: list[Skipped]
    missing: int = 0
    absent: set[bytes] = set()


class SecondPass:
    """From groups to their lives. `absent` are ids of what trees name and is not there; with `whole` nothing may be
    missing."""

    def __init__(
        self,
        objects: Objects,
        memory: Memory,
        detector: Detector,
        collector: Collector,
        rules: Mapping[str, Rule],
        *,
        whole: bool,
    ) -> None:
        self.objects, self.memory, self.detector = objects, memory, detector
        self.collector, self.rules, self.whole = collector, rules, whole
        self.trees = 0
        self.absent: set[bytes] = set()
        self.skipped: list[Skipped] = []

    def run(
        self,
        pool: Callable[[], Pool],
        tasks: Callable[[], Sequence[Task]],
        tips: Sequence[Tip],
        history: Callable[[], History],
        progress: Callable[[str, int, int], None],
        settled: Callable[[Sequence[Group]], None],
    ) -> tuple[list[Group], Reached]:
        """The settled groups and where they are reached. Pool, tasks and history are made only if they are
        needed; `settled` is told of the groups as soon as the workers have no more to do."""
        groups = settle(self.collector, self.rules)
        numbered = self.number(groups)
        messages = sorted({message_numbers(self.objects, group.spots) for group in groups} - {()})
        key, refs = self.remembered_as(numbered, tips) if self.memory.folder else ("", "")
        known = self.memory.read(key, TreeMemory)
        if known is not None and known.refs == refs and known.lives.messages() == messages:
            self.trees, self.skipped = known.trees, known.skipped
            lives, said = known.lives.unpack(tips)
            settled(groups)
            return groups, Reached(numbered.keys, numbered.owner, known.reached(), lives, said)
        if known is not None:
            self.trees, self.skipped, sets, plain = known.trees, known.skipped, known.reached(), True
            settled(groups)
        else:
            walked = self.walk_new(pool(), tasks(), numbered, progress)
            self.trees, self.skipped, self.absent = walked.trees, walked.skipped, walked.absent
            plain = not walked.names and not (walked.absent and self.whole)
            reach = walked.reach
            if walked.names:
                # File names hold secrets too: now that they are known, ask once more which trees have them.
                groups, numbered, reach = self.with_names(pool(), tasks(), frozenset(walked.names), progress)
            settled(groups)
            if not (self.whole and self.absent):  # else the trees are walked once more, see `absent`
                self.objects.end_walks()
            sets = reach.sets(self.objects.count)
            if self.memory.folder and plain and not (walked.missing or walked.skipped or self.objects.loose):
                remember_trees(self.memory, self.objects, numbered.keys, sets, walked.trees)
        lives = history().lives(sets)
        said = history().lives_in_commits(messages)
        if self.memory.folder and plain:
            trees = (self.trees, self.skipped, sets.classes, sets.sets, sets.width)
            self.memory.write(key, TreeMemory(*trees, refs, pack_lives(lives, said, tips)))
        return groups, Reached(numbered.keys, numbered.owner, sets, lives, said)

    def remembered_as(self, numbered: Numbered, tips: Sequence[Tip]) -> tuple[str, str]:
        """The key of what is remembered of all trees, and what tells whether its lives are those of these refs."""
        key = digest(self.memory.objects_key(self.objects), sorted(numbered.keys), self.whole)
        return key, digest([(tip.name.encode("utf-8", "surrogateescape"), tip.commit, tip.remote) for tip in tips])

    def number(self, groups: Sequence[Group]) -> Numbered:
        """Keys: one a group, and one for each suppressed spot that is listed, so that its path can be told."""
        owner = {(group.match.rule, group.match.secret.reveal()): key for key, group in enumerate(groups)}
        held = [item.spot for item in listed(self.collector, self.rules)]
        spots = chain((group.spots for group in groups), ([spot] for spot in held))
        return Numbered(keys_of(spots), owner)

    def walk_new(
        self,
        pool: Pool,
        tasks: Sequence[Task],
        numbered: Numbered,
        progress: Callable[[str, int, int], None],
    ) -> Walked:
        """One pass over the trees of which nothing is known from an earlier sweep; over all where a file's name holds a
        secret."""
        known = recall_trees(self.memory, self.objects, numbered.keys)
        walked = self.walk(
            pool, [task for task in tasks if task.pack not in known.packs], numbered, frozenset(), progress
        )
        if known.packs and walked.names:
            return self.walk(pool, tasks, numbered, frozenset(), progress)
        walked.reach.add_known(known.sets)
        walked.trees += known.trees
        return walked

    def walk(
        self,
        pool: Pool,
        tasks: Sequence[Task],
        numbered: Numbered,
        wanted: frozenset[bytes],
        progress: Callable[[str, int, int], None],
    ) -> Walked:
        """One pass over all trees."""
        holders = sorted(numbered.keys)
        sets = [numbered.keys[oid] for oid in holders]
        blobs = bytes.fromhex("".join(holders))
        walked = Walked(Reach(sets), set(), [], 0, [])
        for done, out in enumerate(pool.map("read_trees", tasks, blobs, wanted), 1):
            assert isinstance(out, Trees)
            walked.names |= out.names
            walked.named.extend(out.named)
            walked.trees += out.tree_count
            walked.skipped.extend(out.skipped)
            walked.missing += out.missing
            walked.absent |= out.absent
            walked.reach.add_edges(out.edges)
            walked.reach.add_holders(out.holders)
            progress("Reading trees", done, len(tasks))
        named = {tree: numbered.keys.get(self.objects.oid(tree)) for tree, _ in walked.named}
        walked.reach.add_known({tree: keys for tree, keys in named.items() if keys})
        return walked

    def with_names(
        self,
        pool: Pool,
        tasks: Sequence[Task],
        wanted: frozenset[bytes],
        progress: Callable[[str, int, int], None],
    ) -> tuple[list[Group], Numbered, Reach]:
        """The same once more, with the secrets that file names hold."""
        found = Collector()
        for tree, names in self.walk(pool, tasks, Numbered({}, {}), wanted, progress).named:
            for name in names:
                label = NAME + name.decode("utf-8", "surrogateescape")
                found.add(self.detector.detect(name), self.objects.oid(tree), label)
        with suppress(StaleError):
            read_alike(self.collector, found, Reviver(self.objects, self.detector))
        self.collector.merge(found)
        groups = settle(self.collector, self.rules)
        numbered = self.number(groups)
        return groups, numbered, self.walk(pool, tasks, numbered, wanted, progress).reach


def keys_of(spots: Iterable[Iterable[Spot]]) -> dict[str, frozenset[int]]:
    """Which keys each object holds, given the spots of each key. Nearly all objects hold one: what holds the same is
    kept once, and a set is made for those with several."""
    keys: dict[str, frozenset[int]] = {}
    several: dict[str, set[int]] = {}
    for key, own in enumerate(spots):
        alone = frozenset((key,))
        for spot in own:
            if not spot.holder or spot.label in WHOLE:
                continue
            known = keys.setdefault(spot.holder, alone)
            if known is not alone:
                several.setdefault(spot.holder, set(known)).add(key)
    same: dict[frozenset[int], frozenset[int]] = {}
    for oid, found in several.items():
        keys[oid] = same.setdefault(frozen := frozenset(found), frozen)
    return keys
