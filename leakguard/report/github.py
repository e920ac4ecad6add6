"""GitHub's workflow commands: annotations at the lines of a pull request, and coverage as a notice.

Escapes as in GitHub's page "Workflow commands for GitHub Actions": a message escapes %, CR and LF; a property also
colons and commas. Never a secret in it: logs of public repositories are public.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from leakguard.diff import ComparedFinding, Comparison
from leakguard.report.phrases import belief, coverage_lines, date, headline, held_reason, life_facts
from leakguard.report.seal import seal
from leakguard.report.sites import columns, is_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from leakguard.model import Finding, Place, Result

_LEVELS = {"critical": "error", "high": "error", "medium": "warning", "low": "notice"}
_MANY = 10


def render(results: Sequence[Result], *, show_secrets: bool, colour: bool) -> bytes:  # noqa: ARG001
    """One command a line, worst findings first: GitHub shows ten of a kind a step. `show_secrets` shows none."""
    lines = [line for result in (seal(results) if show_secrets else results) for line in _lines(result)]
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "backslashreplace")


def command(name: str, properties: dict[str, str], message: str) -> str:
    """One workflow command, with all that could end or extend it escaped."""
    told = ",".join(f"{key}={_property(value)}" for key, value in properties.items() if value)
    return f"::{name}{' ' if told else ''}{told}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _lines(result: Result) -> Iterator[str]:
    for finding in result.findings:
        yield _annotation(finding)
    for finding in result.fixed if isinstance(result, Comparison) else ():
        place = finding.places[0] if finding.places else None
        yield command("notice", {"title": f"Fixed: {finding.rule_name}"}, f"{finding.secret} {_where(place)}".strip())
    for item in result.suppressed[:_MANY]:
        yield command("debug", {}, f"held back: {item.rule} {_where(item.place)}: {held_reason(item)}")
    for skipped in result.coverage.skipped[:_MANY]:
        level = "warning" if skipped.incomplete else "notice"
        yield command(level, {"title": "leakguard: not scanned"}, f"{skipped.what} {skipped.reason}")
    lines = coverage_lines(result.coverage, result.rules, most=0)
    yield command("notice", {"title": f"leakguard: {headline(result)}"}, "\n".join((result.target, *lines)))


def _annotation(finding: Finding) -> str:
    """At the finding's line where HEAD has it there; a secret that is only in the history belongs to no line."""
    place = finding.places[0] if finding.places else None
    life = finding.provenance
    properties: dict[str, str] = {}
    if place is not None and is_file(place) and (life is None or life.in_head):
        properties = {"file": place.path, "line": str(place.line), "endLine": str(place.end_line)}
        found = columns(place, finding.secret)
        if found and place.line == place.end_line:
            properties |= {"col": str(found[0]), "endColumn": str(found[1])}
    change = f" ({finding.change})" if isinstance(finding, ComparedFinding) else ""
    properties["title"] = f"{finding.severity}: {finding.rule_name}{change}"
    return command(_LEVELS[finding.severity], properties, "\n".join(_message(finding, place)))


def _message(finding: Finding, place: Place | None) -> Iterator[str]:
    yield f"{finding.secret} {_where(place)}, {belief(finding)}"
    life = finding.provenance
    if life is not None:
        for event in life.introduced[:1]:
            yield f"introduced {date(event.commit.time)} by {event.commit.id[:10]} ({event.commit.author})"
        yield "; ".join(life_facts(life))
    yield from finding.advice.steps[:2] if finding.advice else ()
    yield f"leakguard guide {finding.rule}"


def _where(place: Place | None) -> str:
    return f"at {place.path}:{place.line}" if place else ""
