"""Options that several commands share, and what they amount to."""

from __future__ import annotations

import datetime
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
import msgspec

from leakguard.config import Settings, check_glob, load_settings, parse_size
from leakguard.errors import UsageError
from leakguard.report import FORMATS

if TYPE_CHECKING:
    from collections.abc import Callable

    from leakguard.detect.ruleset import RuleSet
    from leakguard.model import Result

F = TypeVar("F", bound="Callable[..., Any]")


def report_options(function: F) -> F:
    """How to report: --format, --output, --show-secrets."""
    for option in (
        click.option("--show-secrets", is_flag=True, help="Print secrets in full. Off: redacted everywhere."),
        click.option("--output", "-o", type=click.Path(path_type=Path, dir_okay=False), help="Write to a file."),
        click.option("--format", "-f", "form", type=click.Choice(list(FORMATS)), default="text", show_default=True),
    ):
        function = option(function)
    return function


def detection_options(function: F) -> F:
    """What to look for and where: --rule, --exclude, --config, --max-blob-size."""
    for option in (
        click.option("--max-blob-size", metavar="SIZE", help="Skip larger blobs and files (50M). Default: 256M."),
        click.option("--config", type=click.Path(path_type=Path, dir_okay=False), help="Configuration file."),
        click.option("--exclude", multiple=True, metavar="GLOB", help="Leave out paths. Repeatable."),
        click.option("--rule", "only", multiple=True, metavar="ID", help="Only these rules (globs too)."),
    ):
        function = option(function)
    return function


def settings_for(
    folder: Path,
    config: Path | None,
    only: tuple[str, ...],
    exclude: tuple[str, ...],
    max_blob_size: str | None,
    *,
    show_secrets: bool,
) -> Settings:
    """The configuration that holds for `folder`, with the command line's wishes on top."""
    settings = load_settings(folder, config)
    for glob in exclude:
        check_glob(glob, "command line", "--exclude")
    size = parse_size(max_blob_size, "command line", "--max-blob-size") if max_blob_size else 0
    return msgspec.structs.replace(
        settings,
        only=only,
        exclude=(*settings.exclude, *exclude),
        show_secrets=show_secrets,
        max_blob_size=size or settings.max_blob_size,
        blob_size_chosen=bool(size) or settings.blob_size_chosen,
    )


def parse_since(text: str) -> int:
    """Seconds since 1970 of 2024-05-31, 2024-05-31T12:00, or of 30d, 12w, 6m, 1y ago."""
    units = {"d": 1, "w": 7, "m": 30, "y": 365}
    now = datetime.datetime.now(datetime.timezone.utc)
    if text[:-1].isdigit() and text[-1:] in units:
        return int((now - datetime.timedelta(days=int(text[:-1]) * units[text[-1]])).timestamp())
    try:
        moment = datetime.datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--since: {text!r} is no date; write 2024-05-31, or 30d for the last thirty days.") from None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=datetime.timezone.utc)).timestamp())


def load_rules(settings: Settings) -> RuleSet:
    """The rules, from the user's cache folder where they were compiled before."""
    from leakguard.detect.ruleset import load_ruleset

    return load_ruleset(cache_folder(), settings.rule_files)


def cache_folder() -> Path:
    """Where compiled rules are kept: LEAKGUARD_CACHE, or the platform's place for caches."""
    import os

    chosen = os.environ.get("LEAKGUARD_CACHE")
    if chosen:
        return Path(chosen)
    from platformdirs import user_cache_path

    return user_cache_path("leakguard", appauthor=False)


def emit(results: list[Result], form: str, output: Path | None, *, show_secrets: bool) -> int:
    """Write the report and give the exit status that the results amount to."""
    from leakguard.cli.main import CLEAN, FOUND, INCOMPLETE
    from leakguard.report import find_report

    colour = output is None and sys.stdout.isatty() and form in ("text", "block")
    data = find_report(form)(results, show_secrets=show_secrets, colour=colour)
    if output is None:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    else:
        try:
            output.write_bytes(data)
        except OSError as problem:
            raise UsageError(
                f"--output: {output} cannot be written ({problem.strerror}); choose another place."
            ) from None
    if any(result.findings or result.coverage.stale for result in results):
        return FOUND
    return CLEAN if all(result.coverage.complete for result in results) else INCOMPLETE
