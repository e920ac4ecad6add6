"""`leakguard hygiene`: is what should never be committed kept out?"""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import click

from leakguard.cli.options import load_rules
from leakguard.config import Settings
from leakguard.hygiene.fix import write_missing
from leakguard.hygiene.ignores import FILE_NAME
from leakguard.hygiene.inspect import inspect
from leakguard.hygiene.render import FORMATS, untrack_commands

if TYPE_CHECKING:
    from leakguard.detect.detector import Detector


@click.command("hygiene")
@click.argument("repository", metavar="[REPO]", default=".", type=click.Path(path_type=Path))
@click.option("--fix", is_flag=True, help="Write the lines that .gitignore lacks; nothing else is touched.")
@click.option("--format", "-f", "form", type=click.Choice(list(FORMATS)), default="text", show_default=True)
def command(repository: Path, fix: bool, form: str) -> int:
    """Say whether .gitignore and its relatives keep out what should never be committed.

    Looks at tracked files, at what lies in the work tree, at the history, and at what images and packages would ship.
    """
    from leakguard.cli.main import CLEAN, FOUND

    report = inspect(repository, _count_secrets)
    if fix:
        from leakguard.git.repository import open_repository

        place = Path(open_repository(repository).git.workdir) / FILE_NAME
        added = write_missing(place, report)
        report = inspect(repository, _count_secrets) if added else report
        told = added.decode("utf-8", "backslashreplace").strip("\r\n") or "nothing was missing"
        click.echo(f"{place}: {told}" if not added else f"added to {place}:\n{told}\n", err=True)
    sys.stdout.flush()
    sys.stdout.buffer.write(FORMATS[form](report))
    if fix and form != "text":
        for line in untrack_commands(report):
            click.echo(line, err=True)
    return FOUND if report.failed else CLEAN


def _count_secrets(data: bytes) -> int:
    return len(_detector().detect(data).matches)


@cache
def _detector() -> Detector:
    """Made when the first example file asks for it."""
    from leakguard.detect.detector import Detector

    return Detector(load_rules(Settings()))
