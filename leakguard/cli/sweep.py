"""`leakguard sweep`: the whole history of repositories."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from leakguard.cli.options import (
    cache_folder,
    detection_options,
    emit,
    load_rules,
    parse_since,
    report_options,
    settings_for,
)
from leakguard.cli.progress import watch

if TYPE_CHECKING:
    from leakguard.model import Result


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
    config: Path | None,
    only: tuple[str, ...],
    exclude: tuple[str, ...],
    max_blob_size: str | None,
    since: str | None,
    jobs: int | None,
    no_cache: bool,
    engine: str,
    form: str,
    output: Path | None,
    show_secrets: bool,
) -> int:
    """Find secrets in the whole history of repositories.

    Every object is looked at: all branches, tags, stashes, notes, commit messages, file names, the repository's own
    configuration, and what no ref reaches any more. REPO is a working tree or a bare repository; default: this one.
    """
    from leakguard.sweep.run import sweep

    results = []
    for repository in repositories or (Path(),):
        settings = settings_for(repository, config, only, exclude, max_blob_size, show_secrets=show_secrets)
        settings = msgspec.structs.replace(
            settings,
            since=parse_since(since) if since else 0,
            jobs=settings.jobs if jobs is None else jobs,
            engine=engine,
            memory=None if no_cache else cache_folder(),
        )
        rules = load_rules(settings)
        with watch(str(repository)) as progress:
            results.append(_with_hygiene(repository, sweep(repository, rules, settings, progress)))
    return emit(results, form, output, show_secrets=show_secrets)


def _with_hygiene(repository: Path, result: Result) -> Result:
    """The result with one line on tracked files that should not be, where there are any."""
    from leakguard.hygiene.inspect import summary

    line = summary(repository)
    if not line:
        return result
    coverage = msgspec.structs.replace(result.coverage, notes=(*result.coverage.notes, line))
    return msgspec.structs.replace(result, coverage=coverage)
