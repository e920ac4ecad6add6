"""Hygiene reports: pure functions from a report to bytes."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec

from leakguard import __version__
from leakguard.excerpt import escape
from leakguard.hygiene.problems import LEVELS, TITLES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from leakguard.hygiene.problems import Kind, Problem, Report

SCHEMA = "leakguard-hygiene/1"
_SARIF = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def text(report: Report) -> bytes:
    """For a person: what is wrong, by kind; then what to do."""
    lines: list[str] = []
    for kind, title in TITLES.items():
        found = [problem for problem in report.problems if problem.kind == kind]
        if found:
            lines.append(f"{LEVELS[kind].upper()}  {title}")
            lines.extend(_shipped(found) if kind == "shipped" else map(_line, found))
            lines.append("")
    if report.missing:
        lines.append("Missing in .gitignore (`leakguard hygiene --fix` writes them):")
        lines.extend(f"  {escape(line)}" for _, wanted in report.missing for line in wanted)
        lines.append("")
    if report.untrack:
        lines.append("Stop tracking, keep the file (rotate what is in it: every clone has it):")
        lines.extend(f"  {command}" for command in untrack_commands(report))
        lines.append("")
    serious = sum(problem.level != "note" for problem in report.problems)
    count = "no problems" if not serious else "1 problem" if serious == 1 else f"{serious} problems"
    lines.append(f"{report.target}: {count}; {report.files:,} files looked at, {report.tracked:,} of them tracked")
    lines.extend(f"note: {note}" for note in report.notes)
    return ("\n".join(lines) + "\n").encode("utf-8", "backslashreplace")


def untrack_commands(report: Report) -> list[str]:
    """The `git rm --cached` lines. A name that cannot be shown as it is has to be typed by whoever knows it."""
    return [
        f"git rm --cached -- {shlex.quote(path)}" if escape(path) == path else f"# git rm --cached -- {escape(path)}"
        for path in report.untrack
    ]


def json(report: Report) -> bytes:
    """One object; fields may be added under the same schema name."""
    document = {
        "schema": SCHEMA,
        "target": report.target,
        "problems": [_plain(problem) for problem in report.problems],
        "missing": [{"group": group, "lines": [escape(line) for line in lines]} for group, lines in report.missing],
        "untrack": [escape(path) for path in report.untrack],
        "files": report.files,
        "tracked": report.tracked,
        "notes": list(report.notes),
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def sarif(report: Report) -> bytes:
    """SARIF 2.1.0 with one rule a kind of problem."""
    used: list[Kind] = [kind for kind in TITLES if any(problem.kind == kind for problem in report.problems)]
    rules = [
        {
            "id": f"hygiene/{kind}",
            "name": kind,
            "shortDescription": {"text": TITLES[kind]},
            "defaultConfiguration": {"level": LEVELS[kind]},
            "properties": {"tags": ["security", "hygiene"]},
        }
        for kind in used
    ]
    results = [
        {
            "ruleId": f"hygiene/{problem.kind}",
            "ruleIndex": used.index(problem.kind),
            "level": problem.level,
            "message": {"text": f"{escape(problem.path)} ({problem.group}): {escape(problem.detail)}."},
            "locations": [{"physicalLocation": {
                "artifactLocation": {"uri": quote(problem.path.encode("utf-8", "surrogateescape"), safe="/")},
                "region": {"startLine": max(problem.line, 1)},
            }}],
        }
        for problem in report.problems
    ]  # fmt: skip
    driver = {"name": "leakguard", "semanticVersion": __version__, "rules": rules}
    log = {"$schema": _SARIF, "version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": results}]}
    return msgspec.json.format(msgspec.json.encode(log), indent=2) + b"\n"


FORMATS: dict[str, Callable[[Report], bytes]] = {"text": text, "json": json, "sarif": sarif}


def _line(problem: Problem) -> str:
    where = f" (.gitignore:{problem.line})" if problem.line else ""
    return f"  {escape(problem.path)}{where}  ({problem.group}): {escape(problem.detail)}"


def _shipped(problems: Sequence[Problem]) -> Iterator[str]:
    """One line a door, with all that it lets through."""
    for where in dict.fromkeys(problem.where for problem in problems):
        through = [problem for problem in problems if problem.where == where]
        names = ", ".join(escape(problem.path) for problem in through)
        yield f"  {escape(where)} lets into {through[0].group}: {names}"


def _plain(problem: Problem) -> dict[str, Any]:
    plain = msgspec.to_builtins(
        msgspec.structs.replace(problem, path=escape(problem.path), detail=escape(problem.detail))
    )
    return {**plain, "level": problem.level}
