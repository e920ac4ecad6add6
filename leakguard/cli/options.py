"""Options that several commands share, and what they amount to."""

from __future__ import annotations

import datetime
import os
import sys
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click
import msgspec

from leakguard.config import Settings, check_glob, load_settings, parse_size, with_baseline
from leakguard.errors import UsageError
from leakguard.report import FORMATS

if TYPE_CHECKING:
    from collections.abc import Callable

    from leakguard.cli.lines import Lines
    from leakguard.detect.ruleset import RuleSet
    from leakguard.model import Result

F = TypeVar("F", bound="Callable[..., Any]")


FILE = click.Path(path_type=Path, dir_okay=False)
CONFIG = click.option("--config", type=FILE, help="Configuration file.")
BASELINE = click.option("--baseline", type=FILE, help="Baseline file. Default: .leakguard-baseline.json in the root.")


class Looking(msgspec.Struct, frozen=True):
    """What the command line says of what to look for and where."""

    config: Path | None = None
    baseline: Path | None = None
    only: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    max_blob_size: str | None = None


class Reporting(msgspec.Struct, frozen=True):
    """What the command line says of how to report."""

    form: str = "text"
    output: Path | None = None
    show_secrets: bool = False
    color: str = "auto"


def detection_options(function: F) -> F:
    """--rule, --exclude, --config, --baseline, --max-blob-size: handed to the command as `looking`."""
    return gathered(
        function,
        "looking",
        Looking,
        click.option("--max-blob-size", metavar="SIZE", help="Skip larger blobs and files (50M). Default: 256M."),
        BASELINE,
        CONFIG,
        click.option("--exclude", multiple=True, metavar="GLOB", help="Leave out paths. Repeatable."),
        click.option("--rule", "only", multiple=True, metavar="ID", help="Only these rules (globs too)."),
    )


def report_options(function: F) -> F:
    """--format, --output, --show-secrets, --color: handed to the command as `reporting`."""
    return _report_options(function, "text")


def hook_options(function: F) -> F:
    """As `report_options`; what a hook says by default fits one screen."""
    return _report_options(function, "block")


def _report_options(function: F, default: str) -> F:
    return gathered(
        function,
        "reporting",
        Reporting,
        click.option(
            "--color",
            type=click.Choice(["auto", "always", "never"]),
            default="auto",
            help="Default: on a terminal, unless NO_COLOR is set.",
        ),
        click.option("--show-secrets", is_flag=True, help="Print secrets in full. Off: redacted everywhere."),
        click.option("--output", "-o", type=FILE, help="Write to a file."),
        click.option("--format", "-f", "form", type=click.Choice(list(FORMATS)), default=default, show_default=True),
    )


def gathered(function: F, name: str, kind: type[msgspec.Struct], *options: Callable[[F], F]) -> F:
    """`function` with these options, which it gets as one value."""

    @wraps(function)
    def calling(**given: Any) -> Any:
        own = {field: given.pop(field) for field in kind.__struct_fields__ if field in given}
        return function(**given, **{name: kind(**own)})

    decorated = cast("F", calling)
    for option in options:
        decorated = option(decorated)
    return decorated


def settings_for(folder: Path, looking: Looking, *, show_secrets: bool = False) -> Settings:
    """The configuration that holds for `folder`, with the command line's wishes on top."""
    settings = load_settings(folder, looking.config, baseline=False)
    if looking.baseline:
        settings = msgspec.structs.replace(settings, baseline_path=looking.baseline)
    for glob in looking.exclude:
        check_glob(glob, "command line", "--exclude")
    size = parse_size(looking.max_blob_size, "command line", "--max-blob-size") if looking.max_blob_size else 0
    return msgspec.structs.replace(
        with_baseline(settings, named=looking.baseline is not None),
        only=looking.only,
        exclude=(*settings.exclude, *looking.exclude),
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

    return load_ruleset(cache_folder(), settings.rule_files, before_compiling=_announce_compiling)


def _announce_compiling() -> None:
    """Somebody who waits for a commit wants to know for what."""
    if sys.stderr is not None and sys.stderr.isatty():
        click.echo("leakguard: compiling its rules; this takes some seconds, once.", err=True)


def cache_folder() -> Path:
    """Where compiled rules are kept: LEAKGUARD_CACHE, or the platform's place for caches."""
    chosen = os.environ.get("LEAKGUARD_CACHE")
    if chosen:
        return Path(chosen)
    from platformdirs import user_cache_path

    return user_cache_path("leakguard", appauthor=False)


def emit(results: list[Result], reporting: Reporting) -> int:
    """Write the report and give the exit status that the results amount to."""
    from leakguard.report import find_report

    if reporting.form == "jsonl":
        return emit_lines(lambda lines: lines.tell(results), reporting)
    output = reporting.output
    data = find_report(reporting.form)(results, show_secrets=reporting.show_secrets, colour=coloured(reporting))
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
    return _status(
        found=any(result.findings or result.coverage.stale for result in results),
        complete=all(result.coverage.complete for result in results),
    )


def emit_lines(tell: Callable[[Lines], None], reporting: Reporting) -> int:
    """Let `tell` write JSON lines, each as soon as it is known; the exit status that they amount to."""
    from leakguard.cli.lines import open_lines

    with open_lines(reporting.output, show_secrets=reporting.show_secrets) as lines:
        tell(lines)
    return _status(found=lines.found, complete=lines.complete)


def _status(*, found: bool, complete: bool) -> int:
    from leakguard.cli.main import CLEAN, FOUND, INCOMPLETE

    return FOUND if found else CLEAN if complete else INCOMPLETE


def coloured(reporting: Reporting) -> bool:
    """Whether to colour what a person reads: as --color says, else on a terminal that can, unless NO_COLOR is set."""
    if reporting.form not in ("text", "block") or reporting.color == "never":
        return False
    if reporting.color == "always":
        return True
    able = os.environ.get("TERM", "") != "dumb" and (os.name != "nt" or {"WT_SESSION", "TERM"} & os.environ.keys())
    return bool(able and reporting.output is None and sys.stdout.isatty() and not os.environ.get("NO_COLOR"))
