"""GitLab's secret detection report, for `artifacts: reports: secret_detection`.

Fields as in GitLab's published schema secret-detection-report-format.json, 15.1.4. The schema wants the times of the
scan; a result holds no clock, so that the same input gives the same bytes: both are the newest moment it knows of.
"""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from leakguard.diff import ComparedFinding, Comparison
from leakguard.report.phrases import belief, coverage_lines, life_facts
from leakguard.report.saved import is_known
from leakguard.report.seal import seal
from leakguard.report.sites import site

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leakguard.model import CommitInfo, Event, Finding, Guidance, Place, Result

SCHEMA_VERSION = "15.1.4"
HOME = "https://github.com/leakguard/leakguard"
NO_COMMIT = "0000000"
"""What GitLab's own analyzer gives as commit where none is known; the schema wants one."""

_NAME, _SOLUTION, _DESCRIPTION = 255, 7000, 100_000
_MANY = 50


def render(results: Sequence[Result], *, show_secrets: bool, colour: bool) -> bytes:  # noqa: ARG001
    """One report of all results. With `show_secrets` the secret itself is the source extract, which GitLab's token
    revocation reads; all else is masked."""
    sealed = seal(results) if show_secrets else results
    rules = sorted({finding.rule for result in sealed for finding in result.findings})
    moment = _moment(sealed)
    program = {
        "id": "leakguard",
        "name": "leakguard",
        "url": HOME,
        "vendor": {"name": "leakguard"},
        "version": sealed[0].version if sealed else "0",
    }
    report = {
        "version": SCHEMA_VERSION,
        "scan": {
            "analyzer": program,
            "scanner": program,
            "type": "secret_detection",
            "start_time": moment,
            "end_time": moment,
            "status": "success",
            "messages": [message for result in sealed for message in _messages(result)],
            "primary_identifiers": [_identifier(rule) for rule in rules],
        },
        "vulnerabilities": [
            _vulnerability(finding, result.guidance.get(finding.rule), bare if show_secrets else None)
            for result, raw in zip(sealed, results, strict=True)
            for finding, bare in zip(result.findings, raw.findings, strict=True)
        ],
    }
    return msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n"


def _moment(results: Sequence[Result]) -> str:
    times = [
        event.commit.time
        for result in results
        for finding in result.findings
        if finding.provenance
        for event in (*finding.provenance.introduced, *finding.provenance.removed)
    ]
    return (_iso(max(times)) if times else "") or "1970-01-01T00:00:00"


def _iso(seconds: int) -> str:
    try:
        return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")
    except (OverflowError, ValueError, OSError):
        return ""


def _messages(result: Result) -> list[dict[str, str]]:
    lines = coverage_lines(result.coverage, result.rules, most=_MANY)
    if isinstance(result, Comparison):
        lines = [f"compared with: {result.compared_with}; {len(result.fixed):,} fixed", *lines]
    return [
        {"level": "warn" if line.startswith(("not scanned", "incomplete")) else "info", "value": line}
        for line in (f"{result.target}: {len(result.findings):,} findings", *lines)
    ]


def _identifier(rule: str) -> dict[str, str]:
    return {"type": "leakguard_rule", "name": f"leakguard rule {rule}", "value": rule}


def _vulnerability(finding: Finding, guidance: Guidance | None, bare: Finding | None) -> dict[str, Any]:
    steps = finding.advice.steps if finding.advice else ()
    found: dict[str, Any] = {
        "id": _uuid(finding.fingerprint),
        "name": finding.rule_name[:_NAME],
        "description": _description(finding, guidance)[:_DESCRIPTION],
        "severity": finding.severity.capitalize(),
        "solution": "\n".join(f"{number}. {step}" for number, step in enumerate(steps, 1))[:_SOLUTION],
        "identifiers": [
            _identifier(finding.rule),
            {
                "type": "cwe",
                "name": "CWE-798",
                "value": "798",
                "url": "https://cwe.mitre.org/data/definitions/798.html",
            },
        ],
        "location": _location(finding),
        "details": _details(finding),
    }
    link = finding.advice.link if finding.advice else ""
    if link.startswith(("https://", "http://")):
        found["links"] = [{"name": "How to rotate it", "url": link}]
    if bare is not None and is_known(bare.secret):
        found["raw_source_code_extract"] = bare.secret.reveal().decode("utf-8", "backslashreplace")
    return found


def _uuid(fingerprint: str) -> str:
    text = fingerprint.ljust(32, "0")[:32]
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def _description(finding: Finding, guidance: Guidance | None) -> str:
    """Plain sentences. GitLab renders Markdown here, so nothing that a repository wrote is in them."""
    parts = [f"{finding.rule_name}, {len(finding.secret)} bytes.", guidance.impact if guidance else ""]
    if finding.provenance:
        facts = [fact for fact in life_facts(finding.provenance) if not fact.startswith("in refs/")]
        parts.append("; ".join(facts).capitalize() + ".")
    if isinstance(finding, ComparedFinding):
        parts.append(f"Since the older result: {finding.change}.")
    return " ".join(filter(None, parts))


def _location(finding: Finding) -> dict[str, Any]:
    place = finding.places[0] if finding.places else None
    event = finding.provenance.introduced[0] if finding.provenance and finding.provenance.introduced else None
    found: dict[str, Any] = {"commit": _commit(event.commit) if event else {"sha": NO_COMMIT}}
    if place is not None:
        found |= {"file": site(place), "start_line": place.line, "end_line": place.end_line}
    return found


def _commit(commit: CommitInfo) -> dict[str, str]:
    return {
        "sha": commit.id,
        "author": f"{commit.author} <{commit.email}>",
        "date": _iso(commit.time) + "Z",
        "message": commit.subject,
    }


def _details(finding: Finding) -> dict[str, Any]:
    """Named fields that GitLab shows one under the other; of fixed types, so that none of them is Markdown."""
    found: dict[str, Any] = {
        "secret": {"name": "Secret", "type": "text", "value": str(finding.secret)},
        "belief": {"name": "Confidence", "type": "text", "value": belief(finding)},
        "fingerprint": {"name": "Fingerprint", "type": "text", "value": finding.fingerprint},
        "places": {
            "name": f"Places ({finding.occurrences:,} occurrences)",
            "type": "list",
            "items": [_file(place) for place in finding.places[:_MANY]],
        },
    }
    life = finding.provenance
    if life is not None:
        found["introduced"] = {"name": "Introduced by", "type": "list", "items": _commits(life.introduced)}
        found["removed"] = {"name": "Removed by", "type": "list", "items": _commits(life.removed)}
        found["refs"] = {"name": "Refs", "type": "text", "value": ", ".join(life.refs) or "none"}
    if finding.places and finding.places[0].excerpt:
        code = "\n".join(line.text for line in finding.places[0].excerpt)
        found["excerpt"] = {"name": "Excerpt, masked", "type": "code", "value": code}
    return {name: field for name, field in found.items() if field.get("items", True)}


def _file(place: Place) -> dict[str, Any]:
    return {
        "type": "file-location",
        "file_name": site(place),
        "line_start": place.line,
        "line_end": place.end_line,
    }


def _commits(events: Sequence[Event]) -> list[dict[str, str]]:
    return [{"type": "commit", "value": event.commit.id} for event in events[:_MANY]]
