"""CSV (RFC 4180) for spreadsheets: a row a finding, then what was held back, then what was scanned and what was not.

A spreadsheet runs what looks like a formula. A cell that would be one begins with an apostrophe, which shows it as text
(OWASP, "CSV Injection").
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from leakguard.diff import Comparison, change_note, change_of
from leakguard.report.phrases import coverage_lines, date, held_reason
from leakguard.report.saved import is_known

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from leakguard.model import Event, Finding, Place, Result, Secret

COLUMNS = (
    "record",
    "target",
    "severity",
    "confidence",
    "rule",
    "kind",
    "provider",
    "secret",
    "length",
    "path",
    "line",
    "column",
    "places",
    "occurrences",
    "introduced",
    "introduced_by",
    "introduced_email",
    "introduced_on",
    "removed",
    "removed_on",
    "in_head",
    "pushed",
    "refs",
    "exposed_days",
    "situation",
    "do_first",
    "link",
    "reasons",
    "note",
    "fingerprint",
)
"""The header. `record` is finding (or new, moved, same, fixed after a comparison), held back, not scanned, coverage."""

_FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20", "|", "%")


def render(results: Sequence[Result], *, show_secrets: bool, colour: bool) -> bytes:  # noqa: ARG001
    """UTF-8, every cell quoted, lines ended by CR LF."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for result in results:
        for row in _rows(result, show_secrets):
            row["target"] = result.target
            writer.writerow([inert(row.get(column, "")) for column in COLUMNS])
    return out.getvalue().encode("utf-8", "backslashreplace")


def inert(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    bare = cell.lstrip(" \t\r\n\u00a0'\"")
    return f"'{cell}" if bare.startswith(_FORMULA) or cell[:1] in ("\t", "\r", "\n") else cell


def _rows(result: Result, show: bool) -> Iterator[dict[str, str]]:
    for finding in (*result.findings, *(result.fixed if isinstance(result, Comparison) else ())):
        yield _finding(finding, show)
    for item in result.suppressed:
        row = {"record": "held back", "rule": item.rule, "note": held_reason(item), "fingerprint": item.fingerprint}
        yield row | _secret(item.secret, show) | _place(item.place)
    for skipped in result.coverage.skipped:
        yield {"record": "not scanned", "path": skipped.what, "note": skipped.reason}
    for line in coverage_lines(result.coverage, result.rules, most=0):
        if not line.startswith("not scanned"):
            yield {"record": "coverage", "note": line}


def _finding(finding: Finding, show: bool) -> dict[str, str]:
    row = {
        "record": change_of(finding) or "finding",
        "severity": finding.severity,
        "confidence": finding.confidence,
        "rule": finding.rule,
        "kind": finding.rule_name,
        "provider": finding.provider,
        "places": str(len(finding.places)),
        "occurrences": str(finding.occurrences),
        "situation": finding.advice.situation if finding.advice else "",
        "do_first": finding.advice.steps[0] if finding.advice and finding.advice.steps else "",
        "link": finding.advice.link if finding.advice else "",
        "reasons": "; ".join(finding.reasons),
        "note": change_note(finding),
        "fingerprint": finding.fingerprint,
    }
    return row | _secret(finding.secret, show) | _place(finding.places[0] if finding.places else None) | _life(finding)


def _life(finding: Finding) -> dict[str, str]:
    life = finding.provenance
    if life is None or change_of(finding) == "fixed":
        return {}
    row = {
        "in_head": "yes" if life.in_head else "no",
        "pushed": {True: "yes", False: "no", None: "unknown"}[life.pushed],
        "refs": " ".join(life.refs),
        "exposed_days": "" if life.exposed is None else str(life.exposed // 86400),
    }
    return row | _event("introduced", life.introduced, first=True) | _event("removed", life.removed, first=False)


def _event(word: str, events: Sequence[Event], *, first: bool) -> dict[str, str]:
    """The first commit that introduced a secret; the last that removed it."""
    if not events:
        return {}
    commit = events[0 if first else -1].commit
    return {
        word: commit.id,
        f"{word}_by": commit.author,
        f"{word}_email": commit.email,
        f"{word}_on": date(commit.time),
    }


def _secret(secret: Secret, show: bool) -> dict[str, str]:
    shown = secret.reveal().decode("utf-8", "backslashreplace") if show and is_known(secret) else str(secret)
    return {"secret": shown, "length": str(len(secret))}


def _place(place: Place | None) -> dict[str, str]:
    return {"path": place.path, "line": str(place.line), "column": str(place.column)} if place else {}
