"""Reports: pure functions from results to bytes. They never scan, print or exit.

A new format is one file with a `render` and one line in the table.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leakguard.model import Result


class Report(Protocol):
    """What every format is."""

    def __call__(self, results: Sequence[Result], *, show_secrets: bool, colour: bool) -> bytes:
        """The results as one document. `colour` only where a terminal will show it."""
        ...


FORMATS = {
    "text": "leakguard.report.text",
    "block": "leakguard.report.block",
    "json": "leakguard.report.json",
    "sarif": "leakguard.report.sarif",
    "jsonl": "leakguard.report.jsonl",
    "gitlab": "leakguard.report.gitlab",
    "junit": "leakguard.report.junit",
    "csv": "leakguard.report.csv",
    "markdown": "leakguard.report.markdown",
    "comment": "leakguard.report.comment",
    "github": "leakguard.report.github",
    "html": "leakguard.report.html",
}
"""Modules are imported when their format is asked for, so that a hook does not pay for all of them."""


def find_report(name: str) -> Report:
    """The `render` function of a format in the table."""
    render: Report = import_module(FORMATS[name]).render
    return render
