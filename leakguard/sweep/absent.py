"""Objects that commits and trees name and that are nowhere: a clone that lost something is never clean.

Where objects may be missing on purpose, in a shallow or a partial clone, nobody asks.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from leakguard.git.steps import EMPTY_TREE
from leakguard.model import Skipped
from leakguard.sweep.second import Numbered

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from leakguard.git.history import History
    from leakguard.git.objects import Objects
    from leakguard.pool import Pool
    from leakguard.sweep.second import SecondPass
    from leakguard.sweep.worker import Task

_NAMED = re.compile(rb"(?:(?:tree|parent) [0-9a-f]{40}\n)+")
_SHOWN = 3
"""So many ids are told."""
_MOST = 1000
"""So many are looked for in trees."""


class Absent:
    """What is not there, of what was read. `leads` are the ids of the trees that refs lead to without a commit."""

    def __init__(
        self, objects: Objects, second: SecondPass, history: Callable[[], History], leads: Iterable[str]
    ) -> None:
        self.objects, self.second, self.history, self.leads = objects, second, history, leads
        self._lost: set[str] = set()
        self._dropped: set[str] = set()

    def look_in_commits(self, rows: Iterable[int], cut: Collection[str]) -> None:
        """What some commits name. `cut`: those of which git does not look for the parents."""
        for number in rows:
            oid = self.objects.oid(number)
            names = self._named(oid)
            missing = self._missing(names[:1] if oid in cut else names)
            if missing:
                (self._lost if self.history().is_reachable(number) else self._dropped).update(missing)

    def look_in_trees(
        self, absent: Iterable[bytes], pool: Callable[[], Pool], tasks: Sequence[Task], progress: Callable[..., None]
    ) -> None:
        """What trees name, given the ids. A second walk says which trees, and so which commits, lead to each."""
        oids = self._missing(oid.hex() for oid in absent)[:_MOST]
        if not oids:
            return
        numbered = Numbered({oid: frozenset([key]) for key, oid in enumerate(oids)}, {})
        sets = self.second.walk(pool(), tasks, numbered, frozenset(), progress).reach.sets(self.objects.count)
        kept = {key for key, life in self.history().lives(sets).items() if not life.unreachable}
        kept.update(*(sets.get(self.objects.find(lead), frozenset()) for lead in self.leads))
        for key, oid in enumerate(oids):
            (self._lost if key in kept else self._dropped).add(oid)

    def told(self) -> Iterator[Skipped]:
        """What is to be said of it. What no ref leads to may be missing: git itself drops it a part at a time."""
        if self._lost:
            yield _tell(self._lost, "that commits or trees name cannot be found", "run `git fsck`")
        dropped = self._dropped - self._lost
        if dropped:
            yield _tell(dropped, "that only unreachable commits or trees name cannot be found", "", incomplete=False)

    def _missing(self, oids: Iterable[str]) -> list[str]:
        """Those of some ids that are not there even now: others came after the objects were listed. Git has the empty
        tree without any file."""
        return [oid for oid in sorted(set(oids)) if oid != EMPTY_TREE and not self.objects.is_there(oid)]

    def _named(self, commit: str) -> list[str]:
        """The ids that a commit begins with, its tree's first."""
        try:
            found = _NAMED.match(self.objects.read(commit)[1])
        except (KeyError, ValueError):
            return []
        return found[0].decode("ascii").split()[1::2] if found else []


def _tell(oids: Collection[str], what: str, step: str, *, incomplete: bool = True) -> Skipped:
    shown = ", ".join(sorted(oids)[:_SHOWN]) + (", …" if len(oids) > _SHOWN else "")
    noun = "object" if len(oids) == 1 else "objects"
    return Skipped(f"{len(oids):,} {noun}", f"{what} ({shown})" + (f"; {step}" if step else ""), incomplete=incomplete)
