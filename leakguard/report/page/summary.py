"""The answers to the four questions that a person has: how bad, how old, still there, already public?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from leakguard.diff import Comparison, changes
from leakguard.model import SEVERITIES
from leakguard.report.phrases import date, days

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leakguard.model import Finding, Provenance, Result


class Card(msgspec.Struct, frozen=True):
    """One question and its answer. `shows` is the filter of the table that shows what the answer counts."""

    question: str
    answer: str
    detail: str
    tone: str = ""
    shows: str = ""


def facts(result: Result) -> list[tuple[str, str]]:
    """What was looked at, as labelled words."""
    kinds = {"sweep": "whole history", "scan": "files", "staged": "staged changes", "range": "a range of commits"}
    found = [
        ("Looked at", kinds.get(result.kind, result.kind)),
        ("HEAD", result.head[:10]),
        ("Origin", result.remote),
        ("Rules", f"{result.rules:,}"),
        ("Compared with", result.compared_with if isinstance(result, Comparison) else ""),
    ]
    return [(label, text) for label, text in found if text]


def verdict(findings: Sequence[Finding]) -> str:
    """The shortest true answer."""
    if not findings:
        return "No secrets found."
    lives = _lives(findings)
    one = len(findings) == 1
    parts = ["One secret was found." if one else f"{len(findings):,} secrets were found."]
    if lives:
        here = sum(life.in_head for life in lives)
        parts.append(_of_all(here, len(lives), "still in HEAD", "left in HEAD"))
        known = sum(life.pushed is True for life in lives)
        unknown = sum(life.pushed is None for life in lives)
        if known:
            parts.append(_of_all(known, len(lives), "already pushed", "pushed"))
        elif unknown:
            parts.append("This clone cannot tell what was pushed: treat all of it as public.")
        else:
            parts.append("None was pushed." if not one else "It was not pushed.")
    return " ".join(parts)


def changed(results: Sequence[Result]) -> str:
    """What a comparison has to say before all else, or ''."""
    if not any(isinstance(result, Comparison) for result in results):
        return ""
    count = changes(results)
    new = f"{count['new']:,} new {'secret' if count['new'] == 1 else 'secrets'}" if count["new"] else "Nothing new"
    return f"{new}; {count['fixed']:,} fixed, {count['moved']:,} moved, {count['same']:,} still there."


def cards(findings: Sequence[Finding], *, has_history: bool) -> list[Card]:
    """The four answers. Without a history the last three say so."""
    if not findings:
        return []
    if not has_history:
        unknown = "Files know no history; sweep the repository for that."
        here = Card("Still there?", f"{len(findings):,} in files", "As they lie there now, committed or not.", "bad")
        return [
            _bad(findings),
            Card("How old?", "unknown", unknown),
            here,
            Card("Already public?", "unknown", unknown),
        ]
    lives = _lives(findings)
    return [_bad(findings), _old(lives), _still(lives), _public(lives)]


def _bad(findings: Sequence[Finding]) -> Card:
    counts = {name: sum(item.severity == name for item in findings) for name in SEVERITIES}
    worst = next(name for name in SEVERITIES if counts[name])
    proven = sum(item.confidence == "proven" for item in findings)
    rest = ", ".join(f"{count:,} {name}" for name, count in counts.items() if count and name != worst)
    detail = (
        f"{f'and {rest}' if rest else 'nothing of another severity'}. {proven:,} of {len(findings):,} proven offline."
    )
    return Card("How bad?", f"{counts[worst]:,} {worst}", detail, worst, f"severity={worst}")


def _old(lives: Sequence[Provenance]) -> Card:
    times = sorted(life.introduced[0].commit.time for life in lives if life.introduced)
    exposed = sorted(life.exposed for life in lives if life.exposed is not None)
    if not times:
        return Card("How old?", "unknown", "No commit is known to have brought them in.")
    newest = f"The newest came in on {date(times[-1])}." if len(times) > 1 else ""
    middle = f"Half were exposed for {days(exposed[len(exposed) // 2])} or longer." if len(exposed) > 2 else ""
    if len(exposed) in (1, 2):
        middle = f"Exposed for {days(exposed[-1])}."
    return Card("How old?", f"since {date(times[0])}", " ".join(filter(None, (newest, middle))), "", "sort=since")


def _still(lives: Sequence[Provenance]) -> Card:
    here = sum(life.in_head for life in lives)
    other = sum(not life.in_head and life.ref_count > 0 for life in lives)
    lost = sum(life.unreachable for life in lives)
    past = len(lives) - here - other - lost
    words = [
        (other, "in another branch or tag"),
        (past, "only in the history"),
        (lost, "in objects that no ref reaches"),
    ]
    rest = ", ".join(f"{count:,} {what}" for count, what in words if count)
    detail = f"{rest[0].upper()}{rest[1:]}." if rest else "All of them."
    return Card("Still there?", f"{here:,} in HEAD", detail, "bad" if here else "good", "head=yes")


def _public(lives: Sequence[Provenance]) -> Card:
    counts = {state: sum(life.pushed is state for life in lives) for state in (True, False, None)}
    if counts[True]:
        rest = [f"{counts[False]:,} not pushed"] if counts[False] else []
        rest += [f"{counts[None]:,} unknown"] if counts[None] else []
        detail = f"{', '.join(rest) or 'All of them'}. What was pushed is compromised, whatever becomes of the history."
        return Card("Already public?", f"{counts[True]:,} pushed", detail, "bad", "pushed=yes")
    if counts[None]:
        detail = "There is no remote-tracking branch to tell by. Treat all of it as public."
        return Card("Already public?", "unknown", detail, "warn", "pushed=unknown")
    return Card("Already public?", "not pushed", "Rewrite the commits before you push them.", "good", "pushed=no")


def _of_all(count: int, total: int, what: str, nothing: str) -> str:
    if count == 0:
        return f"None is {nothing}." if total > 1 else f"It is not {nothing}."
    if count == total:
        return f"All are {what}." if total > 1 else f"It is {what}."
    return f"{count:,} {'is' if count == 1 else 'are'} {what}."


def _lives(findings: Sequence[Finding]) -> list[Provenance]:
    return [finding.provenance for finding in findings if finding.provenance]
