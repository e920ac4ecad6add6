"""Markdown for GitHub's job summaries and comments: a table, then a folded section a secret, then coverage.

GitHub takes 1 MiB of job summary a step and 65,535 characters of comment or check text. Worst findings come first; what
does not fit is counted. Nothing that a repository wrote is Markdown or HTML here: it stands in code spans, fenced
blocks or escaped, where it can neither link, nor mention anyone, nor close what it stands in. Never a secret in it.
"""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

from leakguard.diff import Comparison, change_note, change_of, changes
from leakguard.report.phrases import belief, count_secrets, coverage_lines, date, headline, held_reason, life_facts
from leakguard.report.seal import seal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from leakguard.model import Event, Finding, Place, Result

SUMMARY = 1 << 20
"""Bytes that a step may write to its job summary."""

COMMENT = 65_535
"""Characters of a comment, or of a check's text."""

_ROWS = 100
_ROOM = 400
"""What the lines that count the rest may need."""
_PLACES, _EVENTS, _HELD = 5, 3, 50
_SPECIAL = re.compile(r"([\\`*_\[\]<>#!|~&$]|^[-+=])")
_LINKING = re.compile(r"(@)|(:)(?=//)|(www)(?=\.)", re.IGNORECASE)


def render(results: Sequence[Result], *, show_secrets: bool, colour: bool) -> bytes:  # noqa: ARG001
    """All results within what a job summary holds. `show_secrets` shows none."""
    return within(results, SUMMARY, len_utf8, show_secrets=show_secrets).encode("utf-8", "backslashreplace")


def within(
    results: Sequence[Result], limit: int, measure: Callable[[str], int] = len, *, show_secrets: bool = False
) -> str:
    """All results in at most `limit` units of `measure`, with a count of what did not fit."""
    sealed = seal(results) if show_secrets else list(results)
    share = limit // max(len(sealed), 1)
    pages: list[str] = []
    for at, result in enumerate(sealed):
        # What one target leaves over, the next one may use.
        room = share * (at + 1) - sum(map(measure, pages))
        page = _page(result, room, measure)
        if sum(map(measure, pages)) + measure(page) > limit - _ROOM // 2 and len(sealed) > 1:
            pages.append(f"\n{len(sealed) - at:,} more targets are left out here.\n")
            break
        pages.append(page)
    return "".join(pages)


def len_utf8(text: str) -> int:
    """Bytes of a text."""
    return len(text.encode("utf-8", "backslashreplace"))


def code(text: str, *, cell: bool = False) -> str:
    """A code span that holds any text. In a table's cell a pipe becomes a broken bar: no escape of it is safe there."""
    text = (text.replace("|", "\u00a6") if cell else text).replace("\n", " ") or " "
    fence = "`" * (max(map(len, re.findall("`+", text)), default=0) + 1)
    pad = " " if text[0] in "` " or text[-1] in "` " else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def words(text: str) -> str:
    """Running text that holds what a repository wrote: escaped, and nothing in it links or mentions."""
    escaped = _SPECIAL.sub(r"\\\1", text.replace("\n", " "))
    return _LINKING.sub(lambda found: f"{found[0]}<!-- -->", escaped)


def sentence(text: str) -> str:
    """A sentence of guidance: what stands between two backticks is a command."""
    parts = enumerate(re.split("`([^`]+)`", text))
    return "".join(code(part) if at % 2 else words(part) for at, part in parts)


def block(lines: Sequence[str]) -> str:
    """A fenced block that holds any lines."""
    longest = max((len(run) for line in lines for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join((f"{fence}text", *lines, fence))


def _page(result: Result, room: int, measure: Callable[[str], int]) -> str:
    """One target. Coverage is kept whatever is left out; findings fill what room there is."""
    head = f"## leakguard: {_title(result)}\n\n{code(result.target)}\n{_warning(result)}"
    tail = _coverage(result)
    left = room - measure(head) - measure(tail) - _ROOM
    if left < 0:
        tail, left = f"\n{words(coverage_lines(result.coverage, result.rules, most=0)[0])}\n", 0
    table, shown = _table(result, left // 3, measure)
    left -= measure(table)
    parts = [head, table]
    findings = [*result.findings, *_fixed(result)]
    if shown < len(findings):
        parts.append(f"\n… and {len(findings) - shown:,} more, by severity: {count_secrets(findings[shown:])}\n")
    told = 0
    for finding in findings:
        section = _section(finding)
        left -= measure(section)
        if left < 0:
            break
        parts.append(section)
        told += 1
    if told < len(findings):
        rest = f"{len(findings) - told:,} more secrets are told in the table or only counted: there is no room here."
        parts.append(f"\n_{rest} All of them are in `--format json`._\n")
    return "".join((*parts, tail))


def _warning(result: Result) -> str:
    """What nobody should have to unfold."""
    missing = sum(item.incomplete for item in result.coverage.skipped)
    return f"\n> **Incomplete:** {missing:,} could not be scanned and may hold more.\n" if missing else ""


def _fixed(result: Result) -> Sequence[Finding]:
    return result.fixed if isinstance(result, Comparison) else ()


def _title(result: Result) -> str:
    if not isinstance(result, Comparison):
        return headline(result)
    counts = changes([result])
    words_for = {"new": "new", "moved": "moved", "same": "still there", "fixed": "fixed"}
    return ", ".join(f"{number:,} {words_for[name]}" for name, number in counts.items())


def _table(result: Result, room: int, measure: Callable[[str], int]) -> tuple[str, int]:
    """The table and how many findings it has."""
    findings = [*result.findings, *_fixed(result)]
    if not findings:
        return "", 0
    compared = isinstance(result, Comparison)
    names = (*(["change"] if compared else []), "severity", "kind", "secret", "where", "since", "in HEAD", "pushed")
    lines = [f"| {' | '.join(names)} |", f"|{'---|' * len(names)}"]
    left = room - sum(map(measure, lines)) - 4
    shown = 0
    for finding in findings[:_ROWS]:
        row = f"| {' | '.join(_row(finding))} |"
        left -= measure(row) + 1
        if left < 0:
            break
        lines.append(row)
        shown += 1
    return ("\n" + "\n".join(lines) + "\n", shown) if shown else ("", 0)


def _row(finding: Finding) -> Iterator[str]:
    change = change_of(finding)
    if change:
        yield f"**{change}**" if change == "new" else change
    place = finding.places[0] if finding.places else None
    more = f" +{len(finding.places) - 1}" if len(finding.places) > 1 else ""
    life = None if change == "fixed" else finding.provenance
    yield finding.severity
    yield words(finding.rule_name).replace("\\|", "\u00a6")
    yield code(str(finding.secret), cell=True)
    yield (code(_at(place), cell=True) if place else "") + more
    yield date(life.introduced[0].commit.time) if life and life.introduced else ""
    yield ("yes" if life.in_head else "no") if life else ""
    yield {True: "**yes**", False: "no", None: "unknown"}[life.pushed] if life else ""


def _section(finding: Finding) -> str:
    """One folded secret. The summary line is HTML, all the rest Markdown."""
    place = finding.places[0] if finding.places else None
    change = change_of(finding)
    title = f"<b>{finding.severity.upper()}</b> {html.escape(finding.rule_name)}"
    where = f" <code>{html.escape(_at(place))}</code>" if place else ""
    lines = [f"\n<details><summary>{f'{change}: ' if change else ''}{title}{where}</summary>\n"]
    lines += [f"{code(str(finding.secret))} ({len(finding.secret):,} bytes), {words(belief(finding))}\n"]
    note = change_note(finding)
    lines += [f"Since the older result: {words(note)}\n"] if note else []
    if place and place.excerpt:
        lines += [block([f"{line.line} | {line.text}" for line in place.excerpt]), ""]
    if len(finding.places) > 1:
        lines += _places(finding.places)
    lines += [] if change == "fixed" else _life(finding)
    if finding.advice and change != "fixed":
        lines += ["**What to do**\n"]
        lines += [f"- [ ] {sentence(step)}" for step in finding.advice.steps]
        link = finding.advice.link
        if re.fullmatch(r"https://[^\s<>()\[\]`|\\]+", link):
            lines += ["", f"<{link}>"]
    return "\n".join([*lines, "", f"{code(finding.rule)} · {code(finding.fingerprint)}\n", "</details>\n"])


def _places(places: Sequence[Place]) -> list[str]:
    lines = [f"- {code(_at(place))}" for place in places[:_PLACES]]
    if len(places) > _PLACES:
        lines.append(f"- … and {len(places) - _PLACES:,} more places")
    return ["**Where**\n", *lines, ""]


def _life(finding: Finding) -> list[str]:
    life = finding.provenance
    if life is None:
        return []
    lines = [*_events("introduced", life.introduced), *_events("removed", life.removed)]
    lines.append(f"- {words('; '.join(life_facts(life)))}")
    return ["**Life**\n", *lines, ""]


def _events(word: str, events: Sequence[Event]) -> list[str]:
    lines = [
        f"- {word} {date(event.commit.time)} by {code(event.commit.id[:10])} "
        f"{code(event.commit.author)} {code(event.commit.subject)}"
        for event in events[:_EVENTS]
    ]
    if len(events) > _EVENTS:
        lines.append(f"- {word} by {len(events) - _EVENTS:,} more commits")
    return lines


def _coverage(result: Result) -> str:
    lines = [f"- {words(line)}" for line in coverage_lines(result.coverage, result.rules)]
    held = [f"- {code(item.rule)} {code(_at(item.place) if item.place else 'nowhere')}: {words(held_reason(item))}"
            for item in result.suppressed[:_HELD]]  # fmt: skip
    if len(result.suppressed) > _HELD:
        held.append(f"- … and {len(result.suppressed) - _HELD:,} more")
    if isinstance(result, Comparison):
        lines.insert(0, f"- compared with: {words(result.compared_with)}")
    mark = "" if result.coverage.complete else " (incomplete)"
    folded = ["", "<details><summary>Held back, one by one</summary>\n", *held, "\n</details>"] if held else []
    opened = [f"\n<details><summary>Coverage{mark}</summary>\n", *lines, "\n</details>", *folded]
    return "\n".join(opened) + "\n"


def _at(place: Place) -> str:
    return f"{place.path}:{place.line}"
