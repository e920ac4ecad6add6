"""`leakguard diff`: two saved results held against each other."""

from __future__ import annotations

from pathlib import Path

import click

from leakguard.cli.options import Reporting, emit, report_options
from leakguard.cli.report import STANDARD_INPUT, read_result
from leakguard.errors import UsageError


@click.command("diff")
@click.argument("old", metavar="OLD.json", type=click.Path(path_type=Path))
@click.argument("new", metavar="NEW.json", type=click.Path(path_type=Path))
@report_options
def command(old: Path, new: Path, reporting: Reporting) -> int:
    """Compare two results that were saved with --format json: what is new, moved, still there and fixed.

    Secrets are matched by fingerprint, so moved lines and renamed files change nothing. The exit status is 1 where
    something is new, else 3 where the newer result is incomplete, else 0.
    """
    from leakguard.cli.main import CLEAN, FOUND, INCOMPLETE
    from leakguard.diff import changes, compare

    if old == new == STANDARD_INPUT:
        raise UsageError("only one of the two results can come from standard input; save the other one to a file.")
    before = read_result(old, show_secrets=False)
    compared = compare(before, read_result(new, show_secrets=reporting.show_secrets))
    emit([*compared], reporting)
    if changes(compared)["new"]:
        return FOUND
    return CLEAN if all(result.coverage.complete for result in compared) else INCOMPLETE
