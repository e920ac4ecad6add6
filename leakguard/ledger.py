"""Which allowances fit which findings, and which of them ran out or fit nothing any more."""

from __future__ import annotations

import datetime
from collections import defaultdict
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import regex

from leakguard.detect.checks import clock
from leakguard.globs import path_matches

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from leakguard.config import Allowance, Settings
    from leakguard.model import Finding

_TIMEOUT = 0.5
"""Seconds that an allowance's expression may take on one value before it counts as not fitting."""
_NAMED = 5
"""How many stale baseline entries, or comments, a note names before it counts the rest."""


class Ledger:
    """The allowances of one run, and what became of each. Asking it about every finding once fills it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.today = datetime.datetime.fromtimestamp(clock.now(), datetime.timezone.utc).date()
        self.entries = [*settings.allow, *settings.baseline]
        self.used: set[int] = set()
        self.outdated: set[int] = set()
        self._marked: dict[str, list[int]] = defaultdict(list)
        self._general: list[int] = []
        for number, allowance in enumerate(self.entries):
            (self._marked[allowance.fingerprint] if allowance.fingerprint else self._general).append(number)

    def allowing(self, finding: Finding, paths: Sequence[str]) -> tuple[str, str] | None:
        """(where it is written, reason) of the first allowance that fits a finding, or None."""
        fitting = [
            number
            for number in sorted([*self._marked.get(finding.fingerprint, ()), *self._general])
            if fits(self.entries[number], finding, paths)
        ]
        valid = [number for number in fitting if not self._ran_out(self.entries[number])]
        self.used.update(fitting)
        self.outdated.update(set(fitting) - set(valid))
        if not valid:
            return None
        return self._source(valid[0]), self.entries[valid[0]].reason

    def notes(self, *, whole: bool) -> tuple[str, ...]:
        """A sentence for each allowance that ran out; after a run over all that there is, for each unused one too."""
        expired = [
            number
            for number, allowance in enumerate(self.entries)
            if self._ran_out(allowance) and (whole or number in self.outdated)
        ]
        unused = [number for number in range(len(self.entries)) if whole and number not in {*self.used, *expired}]
        return (*self._tell(expired, "ran out"), *self._tell(unused, "fits nothing"))

    def tell_idle(self, comments: Iterable[tuple[str, int]]) -> tuple[str, ...]:
        """A sentence for comments, by path and line, that allow nothing; none where not all rules were asked."""
        idle = [f"{path}:{line}" for path, line in sorted(comments)]
        if not idle or self.settings.only:
            return ()
        what = "1 comment allows" if len(idle) == 1 else f"{len(idle)} comments allow"
        more = f" and {len(idle) - _NAMED} more" if len(idle) > _NAMED else ""
        return (f"{what} nothing (unused or out of date), to be taken out: {', '.join(idle[:_NAMED])}{more}",)

    def _ran_out(self, allowance: Allowance) -> bool:
        return bool(allowance.expires and allowance.expires < self.today)

    def _source(self, number: int) -> str:
        if number < len(self.settings.allow):
            return self.settings.source or "configuration"
        return self.settings.baseline_source

    def _tell(self, numbers: list[int], what: str) -> list[str]:
        written = len(self.settings.allow)
        lines = [
            f"allowance {number + 1} of {self._source(number)} ({_terms(self.entries[number])}) {what}"
            f"{_since(self.entries[number]) if what == 'ran out' else ''}; "
            f"{'renew it or' if what == 'ran out' else ''} take it out".replace("  ", " ")
            for number in numbers
            if number < written
        ]
        stale = [self.entries[number] for number in numbers if number >= written]
        if stale:
            names = ", ".join(f"{entry.fingerprint[:12]} ({entry.rule})" for entry in stale[:_NAMED])
            more = f" and {len(stale) - _NAMED} more" if len(stale) > _NAMED else ""
            cure = "--renew" if what == "ran out" else "--prune"
            count = "1 entry" if len(stale) == 1 else f"{len(stale)} entries"
            verb = what if len(stale) == 1 else what.replace("fits", "fit")
            where = self.settings.baseline_source
            lines.append(f"{count} of {where} {verb}: {names}{more}; see `leakguard baseline update {cure}`")
        return lines


def fits(allowance: Allowance, finding: Finding, paths: Sequence[str]) -> bool:
    """Whether all that an allowance names fits a finding. When it runs out is not asked here."""
    if allowance.fingerprint and allowance.fingerprint != finding.fingerprint:
        return False
    if allowance.rule and not fnmatchcase(finding.rule, allowance.rule):
        return False
    if allowance.path and not (paths and all(path_matches(path, (allowance.path,)) for path in paths)):
        return False
    return not allowance.value or _value_fits(allowance.value, finding.secret.reveal())


def _value_fits(expression: str, value: bytes) -> bool:
    try:
        return regex.fullmatch(expression, value.decode("utf-8", "replace"), timeout=_TIMEOUT) is not None
    except TimeoutError:
        return False


def _terms(allowance: Allowance) -> str:
    """What an allowance names, without its value: that may be a secret."""
    terms = [f"{key} {text}" for key in ("fingerprint", "rule", "path") if (text := getattr(allowance, key))]
    return ", ".join([*terms, *(["a value"] if allowance.value else [])])


def _since(allowance: Allowance) -> str:
    owner = f" (owner: {allowance.owner})" if allowance.owner else ""
    return f" on {allowance.expires}{owner}"
