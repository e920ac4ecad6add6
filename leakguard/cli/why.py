"""`leakguard why`: why something is a finding, or why it is none."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from leakguard.cli.options import FILE, Looking, Reporting, coloured, detection_options, load_rules, settings_for
from leakguard.errors import UsageError

if TYPE_CHECKING:
    from leakguard.config import Settings
    from leakguard.model import Place, Result
    from leakguard.why.place import Text

LEAST = 4
"""Fewer digits than this name no finding."""


@click.command("why")
@click.argument("target", metavar="FINDING|FILE:LINE|REV:FILE:LINE")
@click.option("--result", type=FILE, help="Saved result (JSON) that FINDING is of. Default: look at this folder anew.")
@click.option("--format", "-f", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", help="As for other commands.")
@click.option("--show-secrets", is_flag=True, help="Print secrets in full. Off: redacted everywhere.")
@detection_options
def command(target: str, result: Path | None, form: str, color: str, show_secrets: bool, looking: Looking) -> int:
    """Say why something is a finding, or why it is none: every rule, check, feature and allowance that decided.

    FINDING is a fingerprint, or how one begins. FILE:LINE is looked at as `scan` does, REV:FILE:LINE as `sweep` does.
    The exit status is 0, whatever the answer is.
    """
    from leakguard.report.why import render_json, render_text
    from leakguard.why.trace import trace

    settings = settings_for(Path(), looking, show_secrets=show_secrets)
    why = trace(_find(target, result, settings), load_rules(settings), settings)
    colour = coloured(Reporting(color=color))
    data = render_json(why) if form == "json" else render_text(why, colour=colour)
    sys.stdout.flush()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
    return 0


def _find(target: str, saved: Path | None, settings: Settings) -> Text:
    from leakguard.why.place import find_text, split_line, text_of

    parts = split_line(target)
    if parts is not None:
        return find_text(*parts, Path())
    mark = target.lower()
    if len(mark) < LEAST or mark.strip("0123456789abcdef"):
        raise UsageError(f"{target} is neither FILE:LINE nor a finding's fingerprint ({LEAST} or more of its digits).")
    return text_of(_place(mark, _results(saved, settings)), Path())


def _results(saved: Path | None, settings: Settings) -> list[Result]:
    if saved is not None:
        from leakguard.cli.report import read_result

        return read_result(saved, show_secrets=False)
    from leakguard.cli.look import look

    return [look(Path(), settings)[0]]


def _place(mark: str, results: list[Result]) -> Place:
    """The first place of the one finding, or held-back match, whose fingerprint begins so."""
    places: dict[str, Place | None] = {}
    for result in results:
        for finding in result.findings:
            if finding.fingerprint.startswith(mark):
                places.setdefault(finding.fingerprint, next(iter(finding.places), None))
        for item in result.suppressed:
            if item.fingerprint.startswith(mark):
                places.setdefault(item.fingerprint, item.place)
    if len(places) != 1:
        what = "no finding's fingerprint begins" if not places else f"{len(places)} findings' fingerprints begin"
        raise UsageError(f"{what} with {mark}; `--format json` lists them all.")
    place = next(iter(places.values()))
    if place is None:
        raise UsageError(f"it is not known where {mark} stands; name the place as FILE:LINE.")
    return place
