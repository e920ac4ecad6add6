"""What a hook says when it stands in the way: one screen. What, where, why it is believed, what to do, how to allow it.

A run that found nothing is told in one line. The full report is `--format text`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from leakguard.report.phrases import belief, count_secrets, encrypted, held_back, size

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from leakguard.model import Finding, Place, Result

WIDTH = 100
SHOWN = 2
"""Secrets that are told in full; the others get a line each."""
LISTED = 2
UNREAD = 3

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
            yield from self.finding(finding)
        yield from self.others(result.findings[SHOWN:])
        for item in unread[:UNREAD]:
            yield from _wrapped("  not read  ", f"{_tail(item.what, WIDTH * 2 // 3)} {item.reason}")
        if len(unread) > UNREAD:
            yield f"  not read  … and {len(unread) - UNREAD} more (--format text tells them all)"
        yield from self.ways_out(unread=bool(unread))
        yield self.looked()
        for note in result.coverage.notes:
            yield from _wrapped("note: ", note)

    def finding(self, finding: Finding) -> Iterable[str]:
        place = finding.places[0] if finding.places else None
        yield ""
        yield f"  {self.style(finding.rule_name, _BOLD)}  {self.secret(finding)}"
        if place is not None:
            more = f"  (and {len(finding.places) - 1} more places)" if len(finding.places) > 1 else ""
            yield _cut(f"  where   {_tail(place.path, WIDTH * 2 // 3)}:{place.line}{more}")
            yield from self.excerpt(place)
        life = finding.provenance
        for event in life.introduced[:1] if life else ():
            yield _cut(f"  commit  {event.commit.id[:10]}  {event.commit.author}: {event.commit.subject}")
        yield _cut(f"  why     {belief(finding)}")

    def secret(self, finding: Finding) -> str:
        if self.show_secrets:
            return finding.secret.reveal().decode("utf-8", "backslashreplace").encode("unicode_escape").decode()
        return f"{finding.secret} ({len(finding.secret)} bytes)"

    def excerpt(self, place: Place) -> Iterable[str]:
        for line in [line for line in place.excerpt if line.hit][:1]:
            yield _cut(f"          {line.text.strip()}")

    def others(self, findings: Sequence[Finding]) -> Iterable[str]:
        for finding in findings[:LISTED]:
            place = finding.places[0] if finding.places else None
            where = f"  {_tail(place.path, WIDTH // 2)}:{place.line}" if place else ""
            yield _cut(f"  also    {finding.rule}{where}")
        if len(findings) > LISTED:
            yield f"  also    … {len(findings) - LISTED} more (--format text tells them all)"

    def ways_out(self, *, unread: bool) -> Iterable[str]:
        findings = self.result.findings
        if not findings and not unread:
            return
        yield ""
        for at, step in enumerate(findings[0].advice.steps[:2] if findings and findings[0].advice else ()):
            yield from _wrapped("Do now:  " if at == 0 else "Then:    ", step)
        for rule in list(dict.fromkeys(finding.rule for finding in findings))[:1]:
            yield f"More:    leakguard guide {rule}"
            allowing = f"if it is no secret, write beside it: leakguard:allow[{rule}] and why"
            yield from _wrapped("Allow:   ", allowing)
        yield self.style(self.bypass(), _DIM)

    def bypass(self) -> str:
        if self.result.kind == "staged":
            return "Bypass:  git commit --no-verify, once; what CI checks is checked all the same."
        return "Bypass:  git push --no-verify, once, past a hook of your own; a server's check does not heed it."

    def looked(self) -> str:
        coverage = self.result.coverage
        counts = [
            f"{number:,} {kind}{'' if number == 1 else 's'}" for kind, number in coverage.objects.items() if number
        ]
        clean = not self.result.findings and coverage.complete
        text = f"leakguard: {'no secrets; ' if clean else ''}looked at {', '.join(counts) or 'nothing'}"
        text += f", {size(coverage.bytes)}, with {self.result.rules:,} rules"
        if clean and held_back(coverage):
            text = f"{text}; {held_back(coverage)}"
        if encrypted(coverage):
            text = f"{text}; {encrypted(coverage)}"
        return self.style(text, _GREEN if clean else _DIM)


def _cut(text: str) -> str:
    return text if len(text) <= WIDTH else text[: WIDTH - 1] + "…"


def _tail(path: str, room: int) -> str:
    """A path's last part says more than its first one."""
    return path if len(path) <= room else "…" + path[1 - room :]


def _wrapped(label: str, text: str) -> Iterable[str]:
    room, line = WIDTH - len(label), ""
    for word in (_tail(word, room) for word in text.split()):
        if line and len(line) + 1 + len(word) > room:
            yield label + line
            label, line = " " * len(label), word
        else:
            line = f"{line} {word}" if line else word
    yield label + line
