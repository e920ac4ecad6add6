"""`leakguard sweep`: the whole history of repositories."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from leakguard.cli.options import (
    Looking,
    Reporting,
    cache_folder,
    detection_options,
    emit,
    emit_lines,
    load_rules,
    parse_since,
    report_options,
    settings_for,
)
from leakguard.cli.progress import watch

if TYPE_CHECKING:
    from leakguard.cli.lines import Lines
    from leakguard.config import Settings
    from leakguard.model import Result
    from leakguard.sweep.opening import Opening
    from leakguard.sweep.run import Listener


@click.command("sweep")
@click.argument("repositories", metavar="[REPO]...", nargs=-1, type=click.Path(path_type=Path))
@detection_options
@click.option("--since", metavar="WHEN", help="Only secrets introduced since then (2024-05-31, 30d, 6m, 1y).")
@click.option("--jobs", "-j", type=click.IntRange(min=0), default=None, help="Workers. Default: one a core.")
@click.option("--no-cache", is_flag=True, help="Read everything anew, and remember nothing.")
@click.option("--engine", type=click.Choice(["pack", "plain"]), default="pack", hidden=True)
@report_options
def command(
    repositories: tuple[Path, ...],
    looking: Looking,
    since: str | None,
    jobs: int | None,
    no_cache: bool,
    engine: str,
    reporting: Reporting,
) -> int:
    """Find secrets in the whole history of repositories.

    Every object is looked at: all branches, tags, stashes, notes, commit messages, file names, and what no ref reaches
    any more; and the git folder's own texts: configuration, logs, hooks. REPO is a working tree or a bare repository;
    default: this one.
    """
    chosen = repositories or (Path(),)

    def run(repository: Path, listener: Listener | None = None) -> Result:
        settings = settings_for(repository, looking, show_secrets=reporting.show_secrets)
        settings = msgspec.structs.replace(
            settings,
            since=parse_since(since) if since else 0,
            jobs=settings.jobs if jobs is None else jobs,
            engine=engine,
            memory=None if no_cache else cache_folder(),
        )
        return _sweep(repository, settings, listener)

    def stream(lines: Lines) -> None:
        for repository in chosen:
            lines.end(run(repository, lines))

    if reporting.form == "jsonl":
        return emit_lines(stream, reporting)
    return emit([run(repository) for repository in chosen], reporting)


def _sweep(repository: Path, settings: Settings, listener: Listener | None) -> Result:
    from leakguard.sweep.opening import Opening

    # Begun before the rest is imported, which takes as long.
    opening = Opening(repository, settings.engine)
    from leakguard.sweep.run import sweep

    rules = load_rules(settings)
    # Lines that come while a bar is drawn on the same terminal would tear each other apart.
    quiet = listener is not None and sys.stdout.isatty()
    with watch(str(repository), quiet=quiet) as progress:
        return _with_hygiene(opening, sweep(repository, rules, settings, progress, listener, opening))


def _with_hygiene(opening: Opening, result: Result) -> Result:
    """The result with one line on tracked files that should not be, where there are any."""
    if not opening.repository().tracks_files:
        return result
    from leakguard.hygiene.tracked import summary

    line = summary(opening.repository())
    if not line:
        return result
    coverage = msgspec.structs.replace(result.coverage, notes=(*result.coverage.notes, line))
    return msgspec.structs.replace(result, coverage=coverage)
