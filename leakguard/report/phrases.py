"""The words that every report uses for the same fact: coverage, what was held back, a life, dates and sizes."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

from leakguard.model import SEVERITIES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from leakguard.model import Coverage, Finding, Provenance, Result, Suppressed

MANY = 3
"""How many refs a sentence names before it counts the rest."""

HELD = {
    "refuted": "refuted by a checksum or structure",
    "placeholder": "placeholders",
    "unlikely": "unlikely to be secrets",
    "known-example": "known example values",
    "allowed": "allowed",
    "excluded": "excluded",
    "overlapped": "told under another rule",
    "timeout": "timed out",
}
"""What the reasons for holding a match back are called in a sentence that counts them."""


def headline(result: Result) -> str:
    """How many secrets there are, by severity."""
    return count_secrets(result.findings)


def count_secrets(findings: Iterable[Finding]) -> str:
    """`no secrets`, `1 secret (1 high)`, `3 secrets (1 critical, 2 low)`."""
    severities = [finding.severity for finding in findings]
    by_severity = [f"{severities.count(name):,} {name}" for name in SEVERITIES if name in severities]
    what = "no secrets" if not severities else "1 secret" if len(severities) == 1 else f"{len(severities):,} secrets"
    return f"{what} ({', '.join(by_severity)})" if by_severity else what


def scanned(coverage: Coverage, rules: int) -> str:
    """What was looked at."""
    objects = ", ".join(f"{number:,} {_plural(kind, number)}" for kind, number in coverage.objects.items() if number)
    return f"scanned: {objects or 'nothing'}; {size(coverage.bytes)} of content with {rules:,} rules"


def held_back(coverage: Coverage) -> str:
    """How many matches were held back for which reason, or ''."""
    held = ", ".join(f"{number:,} {HELD.get(reason, reason)}" for reason, number in coverage.held.items() if number)
    return f"held back: {held}" if held else ""


def encrypted(coverage: Coverage) -> str:
    """How many texts are encrypted, and how, or ''."""
    kinds = sorted(coverage.encrypted.items(), key=lambda item: (-item[1], item[0]))
    total = sum(number for _, number in kinds)
    if not total:
        return ""
    # a history's blobs are versions of files
    noun = "file version" if "blob" in coverage.objects else "file"
    named = ", ".join(f"{number:,} {kind}" for kind, number in kinds)
    return f"encrypted, as it should be: {total:,} {_plural(noun, total)} ({named})"


def coverage_lines(coverage: Coverage, rules: int, most: int = 10) -> list[str]:
    """All that a report has to say of its coverage, a line each; at most `most` things that were not scanned."""
    lines = [scanned(coverage, rules), *filter(None, [held_back(coverage), encrypted(coverage)])]
    lines += [f"not scanned: {item.what} {item.reason}" for item in coverage.skipped[:most]]
    if len(coverage.skipped) > most:
        lines.append(f"not scanned: … and {len(coverage.skipped) - most:,} more (all of them are in --format json)")
    lines += [f"note: {note}" for note in coverage.notes]
    if not coverage.complete:
        lines.append("incomplete: what was not scanned may hold more")
    return lines


def held_reason(item: Suppressed) -> str:
    """Why one match is held back, with what whoever allowed it wrote."""
    return ": ".join(filter(None, (item.reason, item.detail, item.justification)))


def life_facts(life: Provenance) -> list[str]:
    """Where a secret still is, whether it was pushed, how long it was exposed."""
    facts = ["still in HEAD"] if life.in_head else []
    if life.ref_count:
        names = ", ".join(life.refs[:MANY])
        more = f" and {life.ref_count - MANY} more" if life.ref_count > MANY else ""
        facts.append(f"in {names}{more}")
    elif life.unreachable:
        facts.append("reached by no ref (dropped stash, amended or dangling)")
    elif not life.in_head:
        facts.append("in no branch's or tag's newest state, only in history")
    facts.append(pushed(life))
    if life.exposed is not None:
        facts.append(f"exposed for {days(life.exposed)}")
    return facts


def pushed(life: Provenance) -> str:
    """Whether the secret left this clone."""
    return {True: "pushed", False: "not pushed", None: "unknown whether pushed"}[life.pushed]


def belief(finding: Finding) -> str:
    """How sure leakguard is, and why."""
    level = "proven" if finding.confidence == "proven" else f"{finding.confidence} confidence"
    expired = (f"expired on {finding.expired}",) if finding.expired else ()
    reasons = "; ".join((*expired, *finding.reasons))
    return f"{level}: {reasons}" if reasons else level


def date(seconds: int) -> str:
    """The day (UTC) of a moment in seconds since 1970; commits may claim impossible ones."""
    try:
        return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%d")
    except (OverflowError, ValueError, OSError):
        return "????-??-??"


def days(seconds: int) -> str:
    """A duration in whole days."""
    count = seconds // 86400
    return "less than a day" if count <= 0 else "1 day" if count == 1 else f"{count:,} days"


def size(count: int) -> str:
    """A number of bytes for a person."""
    amount, unit = float(count), "bytes"
    for unit in ("bytes", "kB", "MB", "GB", "TB"):
        if amount < 1000 or unit == "TB":
            break
        amount /= 1000
    return f"{amount:.0f} {unit}" if unit == "bytes" else f"{amount:.1f} {unit}"


def _plural(kind: str, number: int) -> str:
    return kind if number == 1 else f"{kind}s"
