"""`leakguard scan`: files, folders, standard input."""

from __future__ import annotations

from pathlib import Path

import click

from leakguard.cli.options import detection_options, emit, load_rules, report_options, settings_for
from leakguard.cli.progress import watch


@click.command("scan")
@click.argument("paths", metavar="[PATH|-]...", nargs=-1, type=click.Path(path_type=Path))
@detection_options
@report_options
def command(
    paths: tuple[Path, ...],
    config: Path | None,
    only: tuple[str, ...],
    exclude: tuple[str, ...],
    max_blob_size: str | None,
    form: str,
    output: Path | None,
    show_secrets: bool,
) -> int:
    """Find secrets in files and folders as they lie there, ignored files included; `-` reads standard input."""
    from leakguard.scan import scan

    chosen = paths or (Path(),)
    first = chosen[0] if chosen[0].exists() else Path()
    folder = first if first.is_dir() else first.parent
    settings = settings_for(folder, config, only, exclude, max_blob_size, show_secrets=show_secrets)
    rules = load_rules(settings)
    with watch("scan") as progress:
        result = scan(chosen, rules, settings, progress)
    return emit([result], form, output, show_secrets=show_secrets)
