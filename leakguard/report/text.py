"""The report for a person: grouped by secret, a masked excerpt, where and when, and what to do first."""

from __future__ import annotations

import datetime
import textwrap
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from leakguard.model import Coverage, Event, Finding, Place, Result

WIDTH = 100
_COLOURS = {"critical": "bright_red", "high": "red", "medium": "yellow", "low": "cyan"}
_MANY = 3

_HELD = {
    "refuted": "refuted by a checksum or structure",
    "placeholder": "placeholders",
    "unlikely": "unlikely to be secrets",
    "known-example": "known example values",
    "allowed": "allowed",
    "excluded": "excluded",
    "overlapped": "told under another rule",
    "timeout": "timed out",
}


def render(results: Sequence[Result], *, show_secrets: bool, colour: bool) -> bytes:
    """The results one after the other, each with its summary and coverage."""
    lines: list[str] = []
    for result in results:
        lines.extend(_Page(show_secrets, colour).result(result))
    return ("\n".join(lines) + "\n").encode("utf-8", "backslashreplace")


class _Page:
    def __init__(self, show_secrets: bool, colour: bool) -> None:
        self.show_secrets = show_secrets
        self.colour = colour

    def style(self, text: str, **how: object) -> str:
        return click.style(text, **how) if self.colour else text  # type: ignore[arg-type]

    def result(self, result: Result) -> Iterable[str]:
        for number, finding in enumerate(result.findings, 1):
            yield from self.finding(number, finding)
            yield ""
        yield from self.summary(result)

    def finding(self, number: int, finding: Finding) -> Iterable[str]:
        severity = self.style(finding.severity.upper(), fg=_COLOURS[finding.severity], bold=True)
        title = self.style(finding.rule_name, bold=True)
        yield f"{number}. {severity}  {title}  {self.secret(finding)}"
        yield self.style(f"   {finding.rule} · {_confidence(finding)} · {finding.fingerprint}", dim=True)
        yield from self.places(finding.places)
        for rule, secret in finding.parts:
            shown = secret.reveal().decode("utf-8", "backslashreplace") if self.show_secrets else str(secret)
            yield f"   with  {rule}  {shown}"
        yield from self.life(finding)
        yield from self.advice(finding)

    def secret(self, finding: Finding) -> str:
        if not self.show_secrets:
            return f"{finding.secret} ({len(finding.secret)} bytes)"
        return finding.secret.reveal().decode("utf-8", "backslashreplace").encode("unicode_escape").decode()

    def places(self, places: Sequence[Place]) -> Iterable[str]:
        for at, place in enumerate(places[:_MANY]):
            yield f"   {self.style(f'{place.path}:{place.line}', fg='blue')}"
            if at == 0:
                yield from self.excerpt(place)
        if len(places) > _MANY:
            yield f"   … and {len(places) - _MANY} more places"

    def excerpt(self, place: Place) -> Iterable[str]:
        width = len(str(place.excerpt[-1].line)) if place.excerpt else 0
        for line in place.excerpt:
            mark = self.style(">", fg="red") if line.hit else " "
            yield f"     {mark} {line.line:>{width}} | {_shorten(line.text)}"

    def life(self, finding: Finding) -> Iterable[str]:
        life = finding.provenance
        if life is None:
            return
        yield from self.events("introduced", life.introduced)
        yield from self.events("removed", life.removed)
        facts = []
        if life.in_head:
            facts.append("still in HEAD")
        if life.ref_count:
            names = ", ".join(life.refs[:_MANY])
            more = f" and {life.ref_count - _MANY} more" if life.ref_count > _MANY else ""
            facts.append(f"in {names}{more}")
        elif life.unreachable:
            facts.append("reached by no ref (dropped stash, amended or dangling)")
        elif not life.in_head:
            facts.append("in no branch's or tag's newest state, only in history")
        facts.append({True: "pushed", False: "not pushed", None: "unknown whether pushed"}[life.pushed])
        if life.exposed is not None:
            facts.append(f"exposed for {_days(life.exposed)}")
        yield from _wrap("life", "; ".join(facts))

    def events(self, word: str, events: Sequence[Event]) -> Iterable[str]:
        for event in events[:_MANY]:
            commit = event.commit
            yield f"   {word:<10} {_date(commit.time)}  {commit.id[:10]}  {commit.author}: {_shorten(commit.subject, 50)}"
        if len(events) > _MANY:
            yield f"   {word:<10} … by {len(events) - _MANY} more commits"

    def advice(self, finding: Finding) -> Iterable[str]:
        if finding.advice is None:
            return
        for at, step in enumerate(finding.advice.steps[:2]):
            yield from _wrap("do first" if at == 0 else "then", step)
        yield from _wrap("guide", f"leakguard guide {finding.rule}")

    def summary(self, result: Result) -> Iterable[str]:
        count = len(result.findings)
        by_severity = [
            f"{number} {name}"
            for name in _COLOURS
            if (number := sum(finding.severity == name for finding in result.findings))
        ]
        tail = f" ({', '.join(by_severity)})" if by_severity else ""
        what = "no secrets" if count == 0 else "1 secret" if count == 1 else f"{count} secrets"
        head = self.style(f"{what}{tail}", bold=True, fg="green" if count == 0 else "red")
        yield f"{result.target}: {head}"
        yield from _coverage(result.coverage, result.rules)


def _coverage(coverage: Coverage, rules: int) -> Iterable[str]:
    objects = ", ".join(f"{number:,} {_plural(kind, number)}" for kind, number in coverage.objects.items() if number)
    yield f"scanned: {objects or 'nothing'}; {_bytes(coverage.bytes)} of content with {rules:,} rules"
    held = ", ".join(f"{number:,} {_HELD.get(reason, reason)}" for reason, number in coverage.held.items() if number)
    if held:
        yield f"held back: {held}"
    for item in coverage.skipped[:10]:
        yield f"not scanned: {item.what} {item.reason}"
    if len(coverage.skipped) > 10:
        yield f"not scanned: … and {len(coverage.skipped) - 10:,} more (all of them are in --format json)"
    for note in coverage.notes:
        yield f"note: {note}"
    if not coverage.complete:
        yield "incomplete: what was not scanned may hold more"


def _plural(kind: str, number: int) -> str:
    return kind if number == 1 or " " in kind else f"{kind}s"


def _confidence(finding: Finding) -> str:
    reasons = "; ".join(finding.reasons)
    text = {"proven": "proven", "high": "high confidence", "medium": "medium confidence", "low": "low confidence"}[
        finding.confidence
    ]
    expired = f"expired on {finding.expired}" if finding.expired else ""
    return ": ".join(filter(None, (text, "; ".join(filter(None, (expired, reasons))))))


def _wrap(label: str, text: str) -> list[str]:
    lines = textwrap.wrap(text, WIDTH - 14, break_long_words=False) or [""]
    return [f"   {label if at == 0 else '':<10} {line}" for at, line in enumerate(lines)]


def _shorten(text: str, width: int = WIDTH - 16) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def _date(seconds: int) -> str:
    try:
        return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%d")
    except (OverflowError, ValueError, OSError):
        return "????-??-??"


def _days(seconds: int) -> str:
    days = seconds // 86400
    return "less than a day" if days == 0 else "1 day" if days == 1 else f"{days:,} days"


def _bytes(count: int) -> str:
    size, unit = float(count), "bytes"
    for unit in ("bytes", "kB", "MB", "GB", "TB"):
        if size < 1000 or unit == "TB":
            break
        size /= 1000
    return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
