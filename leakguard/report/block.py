"""What a hook says when it stands in the way: one screen. What, where, why it is believed, what to do, how to allow it.

A run that found nothing is told in one line. The full report is `--format text`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from leakguard.report.phrases import belief, count_secrets, held_back, size

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from leakguard.model import Finding, Place, Result

WIDTH = 100
SHOWN = 3
"""Secrets that are told in full; the others get a line each."""
LISTED = 6
UNREAD = 5

_BOLD, _RED, _GREEN, _DIM, _PLAIN = "\033[1m", "\033[31m", "\033[32m", "\033[2m", "\033[0m"
_STOPPED = {"staged": "the commit", "range": "the push"}


def render(results: Sequence[Result], *, show_secrets: bool, colour: bool) -> bytes:
    """The results one after the other."""
    lines = [line for result in results for line in _Screen(result, show_secrets, colour).lines()]
    return ("\n".join(lines) + "\n").encode("utf-8", "backslashreplace")


class _Screen:
    def __init__(self, result: Result, show_secrets: bool, colour: bool) -> None:
        self.result, self.show_secrets, self.colour = result, show_secrets, colour

    def style(self, text: str, how: str) -> str:
        return f"{how}{text}{_PLAIN}" if self.colour else text

    def lines(self) -> Iterable[str]:
        result = self.result
        unread = [item for item in result.coverage.skipped if item.incomplete]
        if result.findings or unread:
            verb = "stopped" if result.kind in _STOPPED else "found"
            what = count_secrets(result.findings) if result.findings else "what could not be read"
            head = f"leakguard {verb} {_STOPPED.get(result.kind, result.target)}: {what}"
            yield self.style(_cut(head), _BOLD + _RED)
        for finding in result.findings[:SHOWN]:
            yield ""
            yield from self.finding(finding)
        yield from self.others(result.findings[SHOWN:])
        for item in unread[:UNREAD]:
            yield _cut(f"not read: {item.what} {item.reason}")
        if len(unread) > UNREAD:
            yield f"not read: … and {len(unread) - UNREAD} more (--format text)"
        yield from self.ways_out(unread=bool(unread))
        yield self.looked()
        for note in result.coverage.notes:
            yield f"note: {note}"

    def finding(self, finding: Finding) -> Iterable[str]:
        place = finding.places[0] if finding.places else None
        yield _cut(f"{self.style(finding.rule_name, _BOLD)}  {self.secret(finding)}", 20)
        if place is not None:
            more = f"  (and {len(finding.places) - 1} more places)" if len(finding.places) > 1 else ""
            yield _cut(f"  where  {place.path}:{place.line}{more}")
            yield from self.excerpt(place)
        life = finding.provenance
        for event in life.introduced[:1] if life else ():
            yield _cut(f"  commit {event.commit.id[:10]}  {event.commit.author}: {event.commit.subject}")
        yield _cut(f"  why    {belief(finding)}")
        for at, step in enumerate(finding.advice.steps[:2] if finding.advice else ()):
            yield from _wrapped("  do     " if at == 0 else "  then   ", step)
        yield f"  guide  leakguard guide {finding.rule}"

    def secret(self, finding: Finding) -> str:
        if self.show_secrets:
            return finding.secret.reveal().decode("utf-8", "backslashreplace").encode("unicode_escape").decode()
        return f"{finding.secret} ({len(finding.secret)} bytes)"

    def excerpt(self, place: Place) -> Iterable[str]:
        for line in [line for line in place.excerpt if line.hit][:1]:
            yield _cut(f"         {line.text.strip()}")

    def others(self, findings: Sequence[Finding]) -> Iterable[str]:
        if findings:
            yield ""
        for finding in findings[:LISTED]:
            place = finding.places[0] if finding.places else None
            yield _cut(f"also {finding.rule}  {place.path}:{place.line}" if place else f"also {finding.rule}")
        if len(findings) > LISTED:
            yield f"also … {len(findings) - LISTED} more (--format text)"

    def ways_out(self, *, unread: bool) -> Iterable[str]:
        findings = self.result.findings
        if not findings and not unread:
            return
        yield ""
        if findings:
            yield f"No secret? Write beside it, in a comment:  leakguard:allow[{findings[0].rule}] and the reason"
        yield self.style(self.bypass(), _DIM)

    def bypass(self) -> str:
        if self.result.kind == "staged":
            return "To commit all the same: git commit --no-verify (what reviews and CI see is checked again)."
        return "To push all the same: git push --no-verify (a check on the server does not heed it)."

    def looked(self) -> str:
        coverage = self.result.coverage
        counts = [
            f"{number:,} {kind}{'' if number == 1 else 's'}" for kind, number in coverage.objects.items() if number
        ]
        clean = not self.result.findings and coverage.complete
        text = f"leakguard: {'no secrets; ' if clean else ''}looked at {', '.join(counts) or 'nothing'}"
        text += f", {size(coverage.bytes)}, with {self.result.rules:,} rules"
        text = "; ".join(filter(None, (text, held_back(coverage))))
        return self.style(text, _GREEN if clean else _DIM)


def _cut(text: str, extra: int = 0) -> str:
    return text if len(text) <= WIDTH + extra else text[: WIDTH + extra - 1] + "…"


def _wrapped(label: str, text: str) -> Iterable[str]:
    room, line = WIDTH - len(label), ""
    for word in text.split():
        if line and len(line) + 1 + len(word) > room:
            yield label + line
            label, line = " " * len(label), word
        else:
            line = f"{line} {word}" if line else word
    yield label + line
