"""The detector with a record of how it came to its verdicts, for `why`. It is the same detection: it only looks on."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import msgspec

from leakguard.detect.checks.evidence import Evidence, Verdict
from leakguard.detect.detector import Detector
from leakguard.detect.matching import Confirmed, Matcher

if TYPE_CHECKING:
    from collections.abc import Iterable

    from leakguard.detect.ruleset import RuleSet


class Weighed(msgspec.Struct, frozen=True):
    """What a rule's expression matched, and what each of its checks said of it."""

    evidence: Evidence
    verdicts: tuple[Verdict, ...]


class Attempt(msgspec.Struct, frozen=True):
    """An anchor that fired, ending at `end`, and what came of it: None where the expression did not match."""

    rule: int
    end: int
    found: Confirmed | None
    weighed: Weighed | None


class Recorder(Detector):
    """A detector that remembers every attempt on each text that it was given."""

    def __init__(self, rules: RuleSet, active: frozenset[int] | None = None) -> None:
        super().__init__(rules, active)
        self.texts: dict[bytes, list[Attempt]] = {}
        self._weighed: dict[int, tuple[Confirmed, Weighed]] = {}

    @cached_property
    def matcher(self) -> Matcher:
        """What confirms candidates, and tells of it."""
        return Matcher(self.rules, self._look_on, self._set.expression)

    def confirm(self, data: bytes, hits: Iterable[tuple[int, int]]) -> list[tuple[int, int, Confirmed]]:
        """As the detector's own, on record."""
        attempts = self.texts.setdefault(data, [])
        for end, rule in hits:
            found = self.matcher.confirm(data, rule, end)
            known = self._weighed.get(id(found)) if found else None
            attempts.append(Attempt(rule, end, found, known[1] if known else None))
        return [(item.end, item.rule, item.found) for item in attempts if item.found is not None]

    def _look_on(self, evidence: Evidence, verdicts: list[Verdict], found: Confirmed) -> None:
        self._weighed[id(found)] = (found, Weighed(evidence, tuple(verdicts)))
