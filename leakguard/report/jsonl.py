"""JSON lines: one object a line, so that findings can be written, and read, as they come.

A target's lines are one `result`, then `finding`, `fixed`, `suppressed` and `guidance` lines, then one `coverage`.
Whoever reads up to a `coverage` line has read all of that target; a stream without one was cut off.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from leakguard.report import json

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from leakguard.model import Finding, Result

LISTS = {"finding": "findings", "fixed": "fixed", "suppressed": "suppressed"}
"""Which list of the JSON report a type of line is a member of."""


def render(results: Sequence[Result], *, show_secrets: bool, colour: bool) -> bytes:  # noqa: ARG001
    """All lines of all results."""
    return b"".join(stream(results, show_secrets=show_secrets))


def stream(results: Sequence[Result], *, show_secrets: bool) -> Iterator[bytes]:
    """The lines one after the other, each made when it is asked for."""
    for result in results:
        yield opening(result)
        for finding in result.findings:
            yield finding_line(finding, result.target, show_secrets=show_secrets)
        yield from closing(result, len(result.findings), show_secrets=show_secrets)


def opening(result: Result) -> bytes:
    """The line that begins a target; a sweep that is still running writes it with no findings known."""
    return _line("result", {"schema": json.SCHEMA, **json.about(result)})


def finding_line(finding: Finding, target: str, *, show_secrets: bool, kind: str = "finding") -> bytes:
    """One finding, as in the JSON report, with its target."""
    return _line(kind, {"target": target, **json.finding(finding, show_secrets)})


def closing(result: Result, findings: int, *, show_secrets: bool) -> Iterator[bytes]:
    """The lines that end a target: what was held back, what the rules say, and the coverage with the number of
    findings that were told."""
    for finding in getattr(result, "fixed", ()):
        yield finding_line(finding, result.target, show_secrets=show_secrets, kind="fixed")
    for item in result.suppressed:
        yield _line("suppressed", {"target": result.target, **json.suppressed(item, show_secrets)})
    for rule, guidance in sorted(result.guidance.items()):
        yield _line("guidance", {"target": result.target, "rule": rule, **json.guidance(guidance)})
    yield _line("coverage", {"target": result.target, "findings": findings, **json.coverage(result)})


def gather(lines: Sequence[Any]) -> dict[str, Any]:
    """The JSON report that the objects of a stream amount to; ValueError, saying why, where not all of it is there."""
    results: list[dict[str, Any]] = []
    whole = True
    for line in lines:
        kind = line.pop("type", None) if isinstance(line, dict) else None
        if kind == "result" and whole:
            results.append({**line, "guidance": {}, **{name: [] for name in LISTS.values()}})
            whole = False
        elif whole:
            raise ValueError("has a line that belongs to no target")
        elif kind in LISTS:
            results[-1][LISTS[kind]].append(line)
        elif kind == "guidance":
            results[-1]["guidance"][str(line.pop("rule", ""))] = line
        elif kind == "coverage":
            results[-1]["coverage"] = line
            whole = True
    if not whole or not results:
        raise ValueError("was cut off before its last line")
    return {"schema": results[0].get("schema"), "results": results}


def _line(kind: str, fields: dict[str, Any]) -> bytes:
    return msgspec.json.encode({"type": kind, **fields}) + b"\n"
