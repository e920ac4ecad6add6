"""`leakguard staged`: what is about to be committed."""

from __future__ import annotations

from pathlib import Path

import click

from leakguard.cli.hooked import remark, surroundings
from leakguard.cli.options import Looking, Reporting, detection_options, emit, hook_options, load_rules, settings_for


@click.command("staged")
@click.argument("folder", metavar="[REPO]", default=".", type=click.Path(path_type=Path))
@detection_options
@hook_options
def command(folder: Path, looking: Looking, reporting: Reporting) -> int:
    """Find the secrets that the next commit would add; for pre-commit hooks.

    Reads the index, never the working tree. A secret that HEAD has at the same place already does not count.
    """
    from leakguard.changes.staged import look_at_staged

    settings = settings_for(folder, looking, show_secrets=reporting.show_secrets)
    result = look_at_staged(folder, surroundings(folder), load_rules(settings), settings, remark)
    return emit([result], reporting)
