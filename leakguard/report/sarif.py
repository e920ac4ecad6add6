"""SARIF 2.1.0 (OASIS), for code scanning. Held-back results are there too, as suppressed ones with their reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leakguard.model import Event, Finding, Guidance, Place, Result, Suppressed

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
HOME = "https://github.com/leakguard/leakguard"
_LEVELS = {"critical": "error", "high": "error", "medium": "warning", "low": "note"}
_SCORES = {"critical": "9.5", "high": "8.0", "medium": "5.5", "low": "3.0"}
_PRECISION = {"proven": "very-high", "high": "high", "medium": "medium", "low": "low"}
_RANKS = {"proven": 100.0, "high": 80.0, "medium": 50.0, "low": 20.0}
_MAX_PLACES = 100


def render(results: Sequence[Result], *, show_secrets: bool, colour: bool) -> bytes:  # noqa: ARG001
    """One log with one run a result. Secrets are never in it: what it is made for shows it to many."""
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [_run(result) for result in results]}
    return msgspec.json.format(msgspec.json.encode(log), indent=2) + b"\n"


def _run(result: Result) -> dict[str, Any]:
    used = sorted({finding.rule for finding in result.findings} | {item.rule for item in result.suppressed})
    index = {rule: number for number, rule in enumerate(used)}
    severities = {finding.rule: finding.severity for finding in result.findings}
    names = {finding.rule: finding.rule_name for finding in result.findings}
    rules = [
        _rule(rule, names.get(rule, rule), severities.get(rule, "medium"), result.guidance.get(rule)) for rule in used
    ]
    driver = {
        "name": "leakguard",
        "semanticVersion": result.version,
        "informationUri": HOME,
        "rules": rules,
    }
    notifications = [
        {
            "level": "warning" if item.incomplete else "note",
            "message": {"text": f"Not scanned: {item.what} {item.reason}"},
        }
        for item in result.coverage.skipped
    ] + [{"level": "note", "message": {"text": note}} for note in result.coverage.notes]
    run: dict[str, Any] = {
        "tool": {"driver": driver},
        "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": notifications}],
        "results": [
            *(_finding(finding, index) for finding in result.findings),
            *(_suppressed(item, index) for item in result.suppressed),
        ],
        "columnKind": "utf16CodeUnits",
        "properties": {"coverage": msgspec.to_builtins(result.coverage)},
    }
    if result.remote.startswith(("http://", "https://", "ssh://", "git://")):
        control = {"repositoryUri": result.remote}
        if result.head:
            control["revisionId"] = result.head
        run["versionControlProvenance"] = [control]
    return run


def _rule(rule: str, name: str, severity: str, guidance: Guidance | None) -> dict[str, Any]:
    impact = guidance.impact if guidance else ""
    steps = list(guidance.rotate) if guidance else []
    markdown = "\n".join([impact, "", *(f"{number}. {step}" for number, step in enumerate(steps, 1))]).strip()
    plain = " ".join([impact, *steps]).strip() or name
    found: dict[str, Any] = {
        "id": rule,
        "name": name,
        "shortDescription": {"text": name},
        "fullDescription": {"text": impact or name},
        "help": {"text": plain, "markdown": markdown or name},
        "defaultConfiguration": {"level": _LEVELS[severity]},
        "properties": {"security-severity": _SCORES[severity], "tags": ["security", "secret"]},
    }
    if guidance and guidance.link:
        found["helpUri"] = guidance.link
    return found


def _finding(finding: Finding, index: dict[str, int]) -> dict[str, Any]:
    first = finding.advice.steps[0] if finding.advice else ""
    reasons = "; ".join(finding.reasons)
    text = f"{finding.rule_name} ({finding.secret}){f': {reasons}' if reasons else ''}. {first}".strip()
    life = finding.provenance
    found: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": index[finding.rule],
        "level": _LEVELS[finding.severity],
        "rank": _RANKS[finding.confidence],
        "message": {"text": text},
        "locations": [_location(place) for place in finding.places[:_MAX_PLACES]],
        "partialFingerprints": {"leakguard/v1": finding.fingerprint},
        "properties": {
            "security-severity": _SCORES[finding.severity],
            "precision": _PRECISION[finding.confidence],
            "occurrences": finding.occurrences,
        },
    }
    if life is not None:
        related = [*_related("Introduced", life.introduced), *_related("Removed", life.removed)]
        if related:
            found["relatedLocations"] = [{**place, "id": number} for number, place in enumerate(related, 1)]
        found["properties"]["inHead"] = life.in_head
        found["properties"]["pushed"] = life.pushed
        found["properties"]["refs"] = list(life.refs)
    return found


def _related(word: str, events: Sequence[Event]) -> list[dict[str, Any]]:
    return [
        {**_location(event.places[0]), "message": {"text": f"{word} by {event.commit.id} ({event.commit.author})"}}
        for event in events[:10]
        if event.places
    ]


def _suppressed(item: Suppressed, index: dict[str, int]) -> dict[str, Any]:
    justification = ": ".join(filter(None, (item.reason, item.detail, item.justification)))
    return {
        "ruleId": item.rule,
        "ruleIndex": index[item.rule],
        "level": "note",
        "message": {"text": f"Held back ({item.secret}): {justification}."},
        "locations": [_location(item.place)] if item.place else [],
        "partialFingerprints": {"leakguard/v1": item.fingerprint},
        "suppressions": [
            {"kind": "inSource" if item.detail == "a comment beside it" else "external", "justification": justification}
        ],
    }


def _location(place: Place) -> dict[str, Any]:
    region: dict[str, Any] = {
        "startLine": place.line,
        "startColumn": place.column,
        "endLine": place.end_line,
        "endColumn": max(place.end_column, place.column if place.line == place.end_line else 1),
    }
    masked = "\n".join(line.text for line in place.excerpt if line.hit)
    if masked:
        region["snippet"] = {"text": masked}
    return {"physicalLocation": {"artifactLocation": {"uri": quote(place.path, safe="/!")}, "region": region}}
