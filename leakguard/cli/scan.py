"""`leakguard scan`: files, folders, standard input."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from leakguard.cli.options import Looking, Reporting, detection_options, emit, load_rules, report_options, settings_for
from leakguard.cli.progress import watch


@click.command("scan")
@click.argument("paths", metavar="[PATH|-]...", nargs=-1, type=click.Path(path_type=Path))
@detection_options
@click.option("--jobs", "-j", type=click.IntRange(min=0), default=None, help="Workers. Default: one a core.")
@report_options
def command(paths: tuple[Path, ...], looking: Looking, jobs: int | None, reporting: Reporting) -> int:
    """Find secrets in files and folders as they lie there, ignored files included; `-` reads standard input."""
    from leakguard.scan.run import scan

    chosen = paths or (Path(),)
    first = chosen[0] if chosen[0].exists() else Path()
    folder = first if first.is_dir() else first.parent
    settings = settings_for(folder, looking, show_secrets=reporting.show_secrets)
    settings = msgspec.structs.replace(settings, jobs=settings.jobs if jobs is None else jobs)
    rules = load_rules(settings)
    with watch("scan") as progress:
        result = scan(chosen, rules, settings, progress)
    return emit([result], reporting)
