"""SARIF 2.1.0 (OASIS), for code scanning. Held-back results are there too, as suppressed ones with their reason.

What consumers ask for beyond the schema comes from GitHub's page "SARIF support for code scanning": relative URIs,
`partialFingerprints`, `security-severity` and `precision` on rules, one category (`automationDetails`) a run, at most
25,000 results a run and 100 places a result, no `originalUriBaseIds`. No secret is ever in it: it is made to be shown
to many.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec

from leakguard.diff import ComparedFinding, Comparison, change_note
from leakguard.model import CONFIDENCES, SEVERITIES
from leakguard.report.phrases import coverage_lines, date, held_reason
from leakguard.report.seal import seal
from leakguard.report.sites import columns, is_file, site

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leakguard.model import Event, Excerpt, Finding, Guidance, Place, Result, Secret, Suppressed

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
HOME = "https://github.com/leakguard/leakguard"
_LEVELS = {"critical": "error", "high": "error", "medium": "warning", "low": "note"}
_SCORES = {"critical": "9.5", "high": "8.0", "medium": "5.5", "low": "3.0"}
_PRECISION = {"proven": "very-high", "high": "high", "medium": "medium", "low": "low"}
_RANKS = {"proven": 100.0, "high": 80.0, "medium": 50.0, "low": 20.0}
_BASELINE = {"new": "new", "moved": "updated", "same": "unchanged", "fixed": "absent"}
_ROOT = "%SRCROOT%"
_MAX_RESULTS = 25_000
_MAX_PLACES = 100
_MAX_EVENTS = 10
_SSH = re.compile(r"(?:[^@/\s]+@)?([A-Za-z0-9.-]+):(?!/)(.+)")


def render(results: Sequence[Result], *, show_secrets: bool, colour: bool) -> bytes:  # noqa: ARG001
    """One log with one run a result. `show_secrets` shows none."""
    sealed = seal(results) if show_secrets else results
    categories = _categories(sealed)
    runs = [_run(result, category) for result, category in zip(sealed, categories, strict=True)]
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": runs}
    return msgspec.json.format(msgspec.json.encode(log), indent=2) + b"\n"


def _categories(results: Sequence[Result]) -> list[str]:
    """What tells the runs of one log apart for code scanning: one each, the same in every run of the program."""
    found: list[str] = []
    for result in results:
        name = quote(re.split(r"[/\\]", result.target.rstrip("/\\"))[-1], safe="") if len(results) > 1 else ""
        base = "/".join(filter(None, ("leakguard", result.kind, name)))
        same = sum(category == base or category.startswith(f"{base}~") for category in found)
        found.append(f"{base}~{same + 1}" if same else base)
    return [f"{category}/" for category in found]


def _run(result: Result, category: str) -> dict[str, Any]:
    fixed = result.fixed if isinstance(result, Comparison) else ()
    findings = (*result.findings, *fixed)[:_MAX_RESULTS]
    held = result.suppressed[: _MAX_RESULTS - len(findings)]
    left_out = len(result.findings) + len(fixed) + len(result.suppressed) - len(findings) - len(held)
    used = sorted({finding.rule for finding in findings} | {item.rule for item in held})
    index = {rule: number for number, rule in enumerate(used)}
    by_rule: dict[str, list[Finding]] = {rule: [] for rule in used}
    for finding in findings:
        by_rule[finding.rule].append(finding)
    run: dict[str, Any] = {
        "tool": {
            "driver": {
                "name": "leakguard",
                "semanticVersion": result.version,
                "informationUri": HOME,
                "rules": [_rule(rule, by_rule[rule], result.guidance.get(rule)) for rule in used],
            }
        },
        "automationDetails": {"id": category},
        "invocations": [
            {
                "executionSuccessful": True,
                "toolExecutionNotifications": _notifications(result, left_out),
            }
        ],
        "results": [
            *(_finding(finding, index) for finding in findings),
            *(_suppressed(item, index) for item in held),
        ],
        "columnKind": "unicodeCodePoints",
        "properties": {"coverage": {**msgspec.to_builtins(result.coverage), "complete": result.coverage.complete}},
    }
    if isinstance(result, Comparison):
        run["properties"]["comparedWith"] = result.compared_with
    control = _version_control(result)
    if control:
        run["versionControlProvenance"] = [control]
    return run


def _notifications(result: Result, left_out: int) -> list[dict[str, Any]]:
    """Coverage in words: what was not scanned as warnings, the rest as notes."""
    faults = {f"not scanned: {item.what} {item.reason}" for item in result.coverage.skipped if item.incomplete}
    lines = coverage_lines(result.coverage, result.rules, most=1000)
    if left_out:
        lines.append(f"{left_out:,} more results are left out here: code scanning takes {_MAX_RESULTS:,} a run")
    return [
        {
            "level": "warning" if line in faults or line.startswith("incomplete: ") else "note",
            "message": {"text": line[0].upper() + line[1:] + "."},
        }
        for line in lines
    ]


def _version_control(result: Result) -> dict[str, Any]:
    """Where the repository comes from and which commit was HEAD, where origin has an address that is a URI."""
    remote = result.remote
    short = _SSH.fullmatch(remote)
    if short and "://" not in remote:
        remote = f"ssh://{short[1]}/{short[2]}"
    if not remote.startswith(("http://", "https://", "ssh://", "git://")):
        return {}
    control: dict[str, Any] = {
        "repositoryUri": quote(remote, safe=":/?#[]@!$&'()*+,;=%~-._"),
        "mappedTo": {"uriBaseId": _ROOT},
    }
    return {**control, "revisionId": result.head} if result.head else control


def _rule(rule: str, findings: Sequence[Finding], guidance: Guidance | None) -> dict[str, Any]:
    """A rule with its help. Its score is that of its worst finding, its precision that of its least sure one."""
    name = findings[0].rule_name if findings else ""
    severity = min((item.severity for item in findings), key=SEVERITIES.index, default="low")
    confidence = max((item.confidence for item in findings), key=CONFIDENCES.index, default="low")
    impact = guidance.impact if guidance else ""
    provider = guidance.provider_name if guidance else ""
    found: dict[str, Any] = {
        "id": rule,
        "shortDescription": {"text": _sentence(name or rule)},
        "fullDescription": {"text": _sentence(impact or name or rule)},
        "help": _help(name or rule, guidance),
        "defaultConfiguration": {"level": _LEVELS[severity]},
        "properties": {
            "security-severity": _SCORES[severity],
            "precision": _PRECISION[confidence],
            "tags": ["security", "secret", "external/cwe/cwe-798", *([f"provider/{provider}"] if provider else [])],
        },
    }
    if name and name != rule:
        found["name"] = name
    if guidance and guidance.link:
        found["helpUri"] = guidance.link
    return found


def _help(name: str, guidance: Guidance | None) -> dict[str, str]:
    impact = guidance.impact if guidance else ""
    steps = guidance.rotate if guidance else ()
    link = guidance.link if guidance else ""
    plain = " ".join(filter(None, (impact, *steps, link))) or name
    numbered = "\n".join(f"{number}. {step}" for number, step in enumerate(steps, 1))
    where = f"[The provider's page]({link})" if link.startswith("https://") else ""
    blocks = (f"**{name}**", impact, "### Rotate it" if steps else "", numbered, where)
    return {"text": plain, "markdown": "\n\n".join(filter(None, blocks))}


def _finding(finding: Finding, index: dict[str, int]) -> dict[str, Any]:
    first = finding.advice.steps[0] if finding.advice else ""
    reasons = "; ".join(finding.reasons)
    since = change_note(finding)
    note = f"Since the older result: {since}. " if since else ""
    text = f"{finding.rule_name} ({finding.secret}){f': {reasons}' if reasons else ''}. {note}{first}".strip()
    found: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": index[finding.rule],
        "level": _LEVELS[finding.severity],
        "rank": _RANKS[finding.confidence],
        "message": {"text": text},
        "locations": [_location(place, finding.secret) for place in finding.places[:_MAX_PLACES]]
        or [_location(None, finding.secret)],
        "partialFingerprints": _fingerprints(finding.fingerprint),
        "properties": {
            "security-severity": _SCORES[finding.severity],
            "precision": _PRECISION[finding.confidence],
            "occurrences": finding.occurrences,
        },
    }
    if isinstance(finding, ComparedFinding):
        found["baselineState"] = _BASELINE[finding.change]
    if finding.provenance is not None:
        life = finding.provenance
        related = [
            *_related("Introduced", life.introduced, finding.secret),
            *_related("Removed", life.removed, finding.secret),
        ]
        if related:
            found["relatedLocations"] = [{"id": number, **place} for number, place in enumerate(related, 1)]
        found["properties"] |= {"inHead": life.in_head, "pushed": life.pushed, "refs": list(life.refs)}
        if life.exposed is not None:
            found["properties"]["exposedSeconds"] = life.exposed
    return found


def _fingerprints(fingerprint: str) -> dict[str, str]:
    """Our own, and the one key that GitHub's code scanning matches alerts by, so that moved lines make no new alert."""
    return {"leakguard/v1": fingerprint, "primaryLocationLineHash": f"{fingerprint[:16]}:1"}


def _related(word: str, events: Sequence[Event], secret: Secret) -> list[dict[str, Any]]:
    found = []
    for event in events[:_MAX_EVENTS]:
        commit = event.commit
        text = f"{word} by commit {commit.id} of {date(commit.time)} ({commit.author}): {commit.subject}"
        place = event.places[0] if event.places else None
        located = _location(place, secret) if place else _at(f".git/commit/{commit.id}")
        found.append({**located, "message": {"text": text}})
    return found


def _suppressed(item: Suppressed, index: dict[str, int]) -> dict[str, Any]:
    justification = held_reason(item)
    in_source = item.detail == "a comment beside it"
    return {
        "ruleId": item.rule,
        "ruleIndex": index[item.rule],
        "level": "note",
        "message": {"text": f"Held back ({item.secret}): {justification}."},
        "locations": [_location(item.place, item.secret)],
        "partialFingerprints": _fingerprints(item.fingerprint),
        "suppressions": [
            {
                "kind": "inSource" if in_source else "external",
                "status": "accepted",
                "justification": justification,
            }
        ],
    }


def _location(place: Place | None, secret: Secret) -> dict[str, Any]:
    """A place. What is no file of the repository is named as an object, too; its line is one of that object's text."""
    if place is None:
        return _at(".git")
    located = _at(site(place))
    if not is_file(place):
        located["logicalLocations"] = [{"fullyQualifiedName": place.path, "kind": "object"}]
    if place.source == "file name":
        return located
    region: dict[str, Any] = {"startLine": max(place.line, 1), "endLine": max(place.line, place.end_line, 1)}
    found = columns(place, secret)
    if found:
        region["startColumn"], region["endColumn"] = found
    hits = [line.text for line in place.excerpt if line.hit]
    if hits:
        region["snippet"] = {"text": "\n".join(hits)}
        if len(hits) < len(place.excerpt) and _covers(place.excerpt, region["startLine"], region["endLine"]):
            located["physicalLocation"]["contextRegion"] = {
                "startLine": place.excerpt[0].line,
                "endLine": place.excerpt[-1].line,
                "snippet": {"text": "\n".join(line.text for line in place.excerpt)},
            }
    located["physicalLocation"]["region"] = region
    return located


def _covers(excerpt: Sequence[Excerpt], first: int, last: int) -> bool:
    """Whether an excerpt shows all lines of a region: that of a long key is cut short."""
    return 0 < excerpt[0].line <= first and last <= excerpt[-1].line


def _at(path: str) -> dict[str, Any]:
    """A location of which no more is known; consumers want a line all the same."""
    uri = _uri(path)
    base = {} if uri.startswith("file:") else {"uriBaseId": _ROOT}
    return {"physicalLocation": {"artifactLocation": {"uri": uri, **base}, "region": {"startLine": 1}}}


def _uri(path: str) -> str:
    """A path as a URI: relative where it is, `file:` where it is absolute."""
    drive = re.match(r"([A-Za-z]:)/", path)
    if drive:
        return f"file:///{drive[1]}{quote(path[2:], safe='/!')}"
    return f"file://{quote(path, safe='/!')}" if path.startswith("/") else quote(path, safe="/!") or "."


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."
