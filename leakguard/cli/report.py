"""`leakguard report`: a saved result in another format."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from leakguard.cli.options import Reporting, emit, report_options
from leakguard.errors import UsageError

if TYPE_CHECKING:
    from leakguard.model import Result

STANDARD_INPUT = Path("-")


@click.command("report")
@click.argument("saved", metavar="RESULT.json", type=click.Path(path_type=Path))
@click.option("--findings-only", is_flag=True, help="Count what was held back, but do not list it.")
@report_options
def command(saved: Path, findings_only: bool, reporting: Reporting) -> int:
    """Show a result that was saved with --format json in another format; `-` reads standard input.

    The exit status is 0 when the report was written, whatever is in it.
    """
    from leakguard.cli.main import CLEAN

    results = read_result(saved, show_secrets=reporting.show_secrets)
    if findings_only:
        results = [msgspec.structs.replace(result, suppressed=()) for result in results]
    emit(results, reporting)
    return CLEAN


def read_result(path: Path, *, show_secrets: bool) -> list[Result]:
    """The results of a saved file, without the secrets that it may hold unless they are asked for."""
    from leakguard.report.load import load
    from leakguard.report.seal import holds_secrets, seal

    results = load(_read(path), "standard input" if path == STANDARD_INPUT else str(path))
    if show_secrets:
        if not holds_secrets(results) and any(result.findings for result in results):
            raise UsageError(
                f"--show-secrets: {path} holds no secrets; make it anew with --format json --show-secrets."
            )
        return results
    return seal(results) if holds_secrets(results) else results


def _read(path: Path) -> bytes:
    if path == STANDARD_INPUT:
        return sys.stdin.buffer.read()
    try:
        return path.read_bytes()
    except OSError as problem:
        raise UsageError(f"{path} cannot be read ({problem.strerror}); check the path.") from None
