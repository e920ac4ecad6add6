"""`leakguard staged`: what is about to be committed."""

from __future__ import annotations

from pathlib import Path

import click

from leakguard.cli.hooked import hook_options, surroundings
from leakguard.cli.options import detection_options, emit, load_rules, settings_for


@click.command("staged")
@click.argument("folder", metavar="[REPO]", default=".", type=click.Path(path_type=Path))
@detection_options
@hook_options
def command(
    folder: Path,
    config: Path | None,
    only: tuple[str, ...],
    exclude: tuple[str, ...],
    max_blob_size: str | None,
    form: str,
    output: Path | None,
    show_secrets: bool,
) -> int:
    """Find the secrets that the next commit would add; for pre-commit hooks.

    Reads the index, never the working tree. A secret that HEAD has at the same place already does not count.
    """
    from leakguard.changes.staged import look_at_staged

    settings = settings_for(folder, config, only, exclude, max_blob_size, show_secrets=show_secrets)
    result = look_at_staged(folder, surroundings(folder), load_rules(settings), settings)
    return emit([result], form, output, show_secrets=show_secrets)
