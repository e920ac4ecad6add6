"""JSON lines: one object a line, so that findings can be written, and read, as they come.

A target's lines are one `result`, then `finding`, `fixed` and `suppressed` lines, then one `coverage`. Whoever reads
up to a `coverage` line has read all of that target; a stream without one was cut off.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from leakguard.report import json

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from leakguard.model import Finding, Result, Suppressed


def render(results: Sequence[Result], *, show_secrets: bool, colour: bool) -> bytes:  # noqa: ARG001
    """All lines of all results."""
    return b"".join(stream(results, show_secrets=show_secrets))


def stream(results: Sequence[Result], *, show_secrets: bool) -> Iterator[bytes]:
    """The lines one after the other, each made when it is asked for."""
    for result in results:
        yield opening(result)
        for finding in result.findings:
            yield finding_line(finding, result.target, show_secrets=show_secrets)
        for finding in getattr(result, "fixed", ()):
            yield finding_line(finding, result.target, show_secrets=show_secrets, kind="fixed")
        for item in result.suppressed:
            yield suppressed_line(item, result.target, show_secrets=show_secrets)
        yield closing(result)


def opening(result: Result) -> bytes:
    """The line that begins a target; a sweep that is still running writes it with no findings known."""
    return _line("result", {"schema": json.SCHEMA, **json.about(result)})


def finding_line(finding: Finding, target: str, *, show_secrets: bool, kind: str = "finding") -> bytes:
    """One finding, as in the JSON report, with its target."""
    return _line(kind, {"target": target, **json.finding(finding, show_secrets)})


def suppressed_line(item: Suppressed, target: str, *, show_secrets: bool) -> bytes:
    """One match that is held back."""
    return _line("suppressed", {"target": target, **json.suppressed(item, show_secrets)})


def closing(result: Result) -> bytes:
    """The line that ends a target: coverage, and what was held back by reason."""
    return _line("coverage", {"target": result.target, "findings": len(result.findings), **json.coverage(result)})


def _line(kind: str, fields: dict[str, Any]) -> bytes:
    return msgspec.json.encode({"type": kind, **fields}) + b"\n"
