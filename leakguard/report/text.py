"""The report for a person: grouped by secret, a masked excerpt, where and when, and what to do first."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import click

from leakguard.diff import ComparedFinding, Comparison, change_of, changes
from leakguard.report.phrases import belief, coverage_lines, date, headline, life_facts
from leakguard.report.saved import is_known

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from leakguard.model import Event, Finding, Place, Result, Secret

WIDTH = 100
_COLOURS = {"critical": "bright_red", "high": "red", "medium": "yellow", "low": "cyan"}
_MANY = 3


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
        fixed = result.fixed if isinstance(result, Comparison) else ()
        for number, finding in enumerate((*result.findings, *fixed), 1):
            yield from self.finding(number, finding)
            yield ""
        yield from self.summary(result)

    def finding(self, number: int, finding: Finding) -> Iterable[str]:
        severity = self.style(finding.severity.upper(), fg=_COLOURS[finding.severity], bold=True)
        title = self.style(finding.rule_name, bold=True)
        change = f"{self.change(finding)}  " if isinstance(finding, ComparedFinding) else ""
        yield f"{number}. {change}{severity}  {title}  {self.secret(finding)}"
        yield self.style(f"   {finding.rule} · {belief(finding)} · {finding.fingerprint}", dim=True)
        if isinstance(finding, ComparedFinding) and finding.change_note:
            yield from _wrap("since then", finding.change_note)
        yield from self.places(finding.places)
        if change_of(finding) == "fixed":
            return
        for rule, secret in finding.parts:
            yield f"   with  {rule}  {self.shown(secret)}"
        yield from self.life(finding)
        yield from self.advice(finding)

    def secret(self, finding: Finding) -> str:
        shown = self.shown(finding.secret)
        return shown if self.show_secrets else f"{shown} ({len(finding.secret)} bytes)"

    def shown(self, secret: Secret) -> str:
        if not (self.show_secrets and is_known(secret)):
            return str(secret)
        return secret.reveal().decode("utf-8", "backslashreplace").encode("unicode_escape").decode()

    def change(self, finding: ComparedFinding) -> str:
        words = {"new": "NEW", "moved": "MOVED", "same": "STILL THERE", "fixed": "FIXED"}
        colours = {"new": "red", "moved": "yellow", "same": "white", "fixed": "green"}
        return self.style(words[finding.change], fg=colours[finding.change], bold=True)

    def places(self, places: Sequence[Place]) -> Iterable[str]:
        for at, place in enumerate(places[:_MANY]):
            yield f"   {self.style(f'{place.path}:{place.line}', fg='blue')}"
            if at == 0:
                yield from self.excerpt(place)
        if len(places) > _MANY:
            yield f"   … and {len(places) - _MANY} more places"

    def excerpt(self, place: Place) -> Iterable[str]:
        width = len(str(place.excerpt[-1].line)) if place.excerpt else 0
        for before, line in zip((None, *place.excerpt), place.excerpt, strict=False):
            if before is not None and before.hit and line.hit and line.text == "****":
                continue  # the further lines of a secret that has many show nothing
            mark = self.style(">", fg="red") if line.hit else " "
            yield f"     {mark} {line.line:>{width}} | {_shorten(line.text)}"

    def life(self, finding: Finding) -> Iterable[str]:
        life = finding.provenance
        if life is None:
            return
        yield from self.events("introduced", life.introduced)
        yield from self.events("removed", life.removed)
        yield from _wrap("life", "; ".join(life_facts(life)))

    def events(self, word: str, events: Sequence[Event]) -> Iterable[str]:
        for event in events[:_MANY]:
            commit = event.commit
            when = f"{date(commit.time)}  {commit.id[:10]}"
            yield f"   {word:<10} {when}  {commit.author}: {_shorten(commit.subject, 50)}"
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
        head = self.style(headline(result), bold=True, fg="green" if count == 0 else "red")
        if isinstance(result, Comparison):
            told = changes([result])
            yield f"compared with: {result.compared_with}"
            new = self.style(f"{told['new']:,} new", bold=True, fg="red" if told["new"] else "green")
            yield f"{new}, {told['moved']:,} moved, {told['same']:,} still there, {told['fixed']:,} fixed"
        yield f"{result.target}: {head}"
        yield from coverage_lines(result.coverage, result.rules)


def _wrap(label: str, text: str) -> list[str]:
    lines = textwrap.wrap(text, WIDTH - 14, break_long_words=False) or [""]
    return [f"   {label if at == 0 else '':<10} {line}" for at, line in enumerate(lines)]


def _shorten(text: str, width: int = WIDTH - 16) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"
