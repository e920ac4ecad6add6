"""The words that a GitHub runner understands: masks on standard output, blocks in its environment files.

From GitHub's page "Workflow commands for GitHub Actions" and the runner's own source (ActionCommandManager: a mask is
one value, is not echoed, and is a command only where the line begins with two colons).
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from leakguard.report.github import command

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from leakguard.model import Result

_SHORTEST, _SHORTEST_LINE = 4, 8
"""Characters. A shorter mask would blot out half of the log and hide nothing that could be guessed from it."""


def masks(results: Iterable[Result]) -> list[str]:
    """Commands that make the runner hide every secret of the results from here on, longest value first.

    A value of several lines is masked line by line, for the runner compares lines; the armour of a key is no secret.
    """
    values = {text for result in results for value in _values(result) for text in _lines(value)}
    return [command("add-mask", {}, text) for text in sorted(values, key=lambda text: (-len(text), text))]


def _values(result: Result) -> Iterator[bytes]:
    for finding in result.findings:
        yield finding.secret.reveal()
        for _, part in finding.parts:
            yield part.reveal()
    for item in result.suppressed:
        if item.reason in ("allowed", "excluded"):
            yield item.secret.reveal()


def _lines(value: bytes) -> Iterator[str]:
    text = value.decode("utf-8", "replace")
    lines = text.replace("\r", "\n").split("\n")
    shortest = _SHORTEST if len(lines) == 1 else _SHORTEST_LINE
    for line in lines:
        if len(line.strip()) >= shortest and not (len(lines) > 1 and line.strip().startswith("-----")):
            yield line.strip()


def output(name: str, value: str) -> str:
    """One output as GITHUB_OUTPUT takes it, whatever lines the value has: its end mark is a fresh random word."""
    mark = f"leakguard_{secrets.token_hex(16)}"
    return f"{name}<<{mark}\n{value}\n{mark}\n"
