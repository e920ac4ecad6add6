"""What the commands for hooks share: where git says that things are, and the report of a block."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from leakguard.report import FORMATS

if TYPE_CHECKING:
    from collections.abc import Callable

    from leakguard.git.surroundings import Surroundings

F = TypeVar("F", bound="Callable[..., Any]")


def hook_options(function: F) -> F:
    """How to report: --format (default: one screen), --output, --show-secrets."""
    for option in (
        click.option("--show-secrets", is_flag=True, help="Print secrets in full. Off: redacted everywhere."),
        click.option("--output", "-o", type=click.Path(path_type=Path, dir_okay=False), help="Write to a file."),
        click.option("--format", "-f", "form", type=click.Choice(list(FORMATS)), default="block", show_default=True),
    ):
        function = option(function)
    return function


def surroundings(folder: Path) -> Surroundings:
    """What git's variables say of this run; nothing where another repository was named on the command line."""
    from leakguard.git.surroundings import Surroundings, parse_surroundings

    return parse_surroundings(os.environ) if folder == Path() else Surroundings()
