"""What one worker does with a batch of files: read, detect, and say where everything stands while the text is there."""

from __future__ import annotations

import os
import stat
from collections import Counter
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from leakguard.assemble import is_listed
from leakguard.collect import Collector, Spot
from leakguard.detect.decoders import decode, may_decode
from leakguard.detect.detector import Detector, idle_comments
from leakguard.detect.keyfiles import key_file_matches
from leakguard.detect.selection import active_rules
from leakguard.detect.structured import structured_matches
from leakguard.excerpt import TextView, printable
from leakguard.model import Skipped

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from leakguard.config import Settings
    from leakguard.detect.detector import Found
    from leakguard.detect.ruleset import RuleSet
    from leakguard.detect.structured import Record
    from leakguard.model import Place, Rule
    from leakguard.scan.walk import Batch

STANDARD_INPUT = "-"
MAX_PLACES = 50
"""How many places of one secret are told."""


class Looked(msgspec.Struct):
    """What a batch of files holds. `places` are those of the spots that a report may ask for."""

    collector: Collector
    places: dict[Spot, Place]
    files: int = 0
    bytes: int = 0
    skipped: list[Skipped] = []


class Worker:
    """Looks at files. Lives in its own process, or alone in the main one."""

    record: Record | None = None
    """Who is told of what a file's reader assigns, where somebody asks why."""

    def __init__(self, rules: RuleSet, settings: Settings) -> None:
        self.settings = settings
        self._rules = rules
        self.active = active_rules(rules, settings)
        self.detector = self.new_detector(rules)

    def new_detector(self, rules: RuleSet) -> Detector:
        """The detector of this worker."""
        return Detector(rules, self.active)

    @cached_property
    def names(self) -> frozenset[str]:
        """The ids of the rules that are on."""
        return frozenset(self._rules.rules[number].id for number in self.active)

    @cached_property
    def rules(self) -> dict[str, Rule]:
        """All rules by id."""
        return {rule.id: rule for rule in self._rules.rules}

    def look(self, batch: Batch) -> Looked:
        """Everything in a batch of files."""
        run = _Run(self)
        for name in batch.files:
            run.read(name)
        return run.out

    def look_at(self, name: str, content: bytes) -> Looked:
        """Everything in one text that was read already."""
        run = _Run(self)
        run.take(name, content)
        return run.out

    def detect(self, name: str, content: bytes) -> Found:
        """What the lines of a text hold, and what only its format's reader sees."""
        return with_structure(self.detector.detect(content), self.names, name, content, self.record)


def with_structure(
    found: Found, rules: Collection[str], name: str, content: bytes, record: Record | None = None
) -> Found:
    """What the lines of a text hold, and what only its format's reader sees (a value whose name stands above it), or
    its name tells (a file that is a key and nothing else)."""
    taken = [(match.start, match.end) for match in found.matches] + [(held.start, held.end) for held in found.held]
    alone = () if found.matches else key_file_matches(name, content)
    seen = (*alone, *structured_matches(name, content, taken, record))
    more = [match for match in seen if match.rule in rules]
    return msgspec.structs.replace(found, matches=(*found.matches, *more)) if more else found


class _Run:
    """One batch."""

    def __init__(self, worker: Worker) -> None:
        self.worker, self.settings = worker, worker.settings
        self.out = Looked(Collector(), {}, skipped=[])

    def read(self, name: str) -> None:
        try:
            place = Path(name)
            found = place.stat()
            if not stat.S_ISREG(found.st_mode):
                self.skip(name, "is no regular file", incomplete=False)
                return
            if found.st_size > self.settings.max_blob_size:
                reason = f"is {found.st_size} bytes, over the limit of {self.settings.max_blob_size}"
                self.skip(name, reason, incomplete=not self.settings.blob_size_chosen)
                return
            content = place.read_bytes()
        except OSError as problem:
            self.skip(name, f"cannot be read ({problem.strerror})")
            return
        self.take(name, content)

    def skip(self, name: str, reason: str, *, incomplete: bool = True) -> None:
        self.out.skipped.append(Skipped(printable(os.fsencode(name)), reason, incomplete=incomplete))

    def take(self, name: str, content: bytes) -> None:
        """One file's content, and the texts that it unfolds to."""
        self.out.files += 1
        self.out.bytes += len(content)
        self.keep(self.worker.detect(name, content), name, "", content)
        if may_decode(content):
            for inner in decode(content):
                if inner.problem:
                    self.skip(name + inner.label, inner.problem)
                    continue
                self.keep(self.worker.detector.detect(inner.data), name, inner.label or "decoded", inner.data)

    def keep(self, found: Found, name: str, label: str, text: bytes) -> None:
        """What a text holds, with the places of all that may be told one by one."""
        self.out.collector.idle.update((printable(os.fsencode(name)), line) for line in idle_comments(text, found))
        if not found:
            return
        self.out.collector.add(found, name, label)
        hide = not self.settings.show_secrets
        view = TextView.of(text, found)
        shown = _shown(name, label)
        for start, end in sorted(set(self.told(found))):
            place = view.place(shown, start, end, "file", "", mask=hide)
            self.out.places[Spot(name, label, start, end)] = place

    def told(self, found: Found) -> Iterator[tuple[int, int]]:
        """The spans of a text that a report may name: at most MAX_PLACES of one secret."""
        counted: Counter[bytes] = Counter()
        for match in found.matches:
            value = match.secret.reveal()
            counted[value] += 1
            if counted[value] <= MAX_PLACES:
                yield match.start, match.end
        for held in found.held:
            if is_listed(held, self.worker.rules):
                yield held.start, held.end
        sealed = next((held for held in found.held if held.reason == "encrypted"), None)
        if sealed is not None:
            yield sealed.start, sealed.end


def _shown(name: str, label: str) -> str:
    """A file's name, with the member of an archive that is meant, for people."""
    path = "standard input" if name == STANDARD_INPUT else Path(name).as_posix()
    return printable(os.fsencode(path + (label if label.startswith("!") else "")))
