"""`leakguard migrate`: take over what was decided in other tools."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from leakguard.cli.baseline import Terms, accept
from leakguard.cli.look import look
from leakguard.cli.options import load_rules
from leakguard.config import FILE_NAME, load_settings
from leakguard.errors import UsageError
from leakguard.excerpt import escape
from leakguard.migrate import KNOWN_NAMES, read_decisions
from leakguard.migrate.decisions import Decisions
from leakguard.migrate.write import RULES_FILE, render_allowances, render_head, render_rules

if TYPE_CHECKING:
    from leakguard.config import Settings
    from leakguard.detect.ruleset import RuleSet


@click.command("migrate")
@click.argument("files", metavar="[FILE]...", nargs=-1, type=click.Path(path_type=Path))
@click.option("--repo", default=".", type=click.Path(path_type=Path), help="The repository. Default: this one.")
@click.option("--dry-run", is_flag=True, help="Say what would be taken over; write nothing.")
@click.option("--to-detect-secrets", "target", type=click.Path(path_type=Path), metavar="FILE",
              help="The other way: write a baseline for detect-secrets with what is found in the files.")  # fmt: skip
def command(files: tuple[Path, ...], repo: Path, dry_run: bool, target: Path | None) -> int:
    """Take over configurations, ignore files and baselines of gitleaks, detect-secrets and kingfisher.

    Without FILE, what lies in the repository's root under its usual name. Says line by line what was taken over and
    what could not be. Their comments beside a secret are understood as they are.
    """
    if not repo.is_dir():
        raise UsageError(f"--repo: {repo} is no folder; check the path.")
    settings = load_settings(repo, baseline=False)
    if target:
        return _to_detect_secrets(repo, target, settings)
    rules = load_rules(settings)
    chosen = files or tuple(repo / name for name in KNOWN_NAMES if (repo / name).is_file())
    if not chosen:
        raise UsageError(f"no file of another tool lies in {repo}; name one.")
    decisions = _read(chosen, repo, rules)
    for line in decisions.lines:
        mark = "taken" if line.taken else "LEFT "
        click.echo(f"{mark}  {escape(line.source)}:{line.number}  {escape(line.what)}: {escape(line.how)}")
    left = sum(not line.taken for line in decisions.lines)
    click.echo(f"{len(decisions.lines) - left} taken over, {left} left to you.")
    if not dry_run:
        _write(decisions, repo, settings, rules)
    return 0


def _read(files: tuple[Path, ...], repo: Path, rules: RuleSet) -> Decisions:
    from leakguard.detect.detector import Detector
    from leakguard.migrate.lookup import Lookup

    lookup = Lookup(repo, Detector(rules), frozenset(rules.numbers))
    decisions = Decisions()
    for file in files:
        decisions.add(read_decisions(file, lookup))
    return decisions


def _write(decisions: Decisions, repo: Path, settings: Settings, rules: RuleSet) -> None:
    """Append to the configuration, make the rule file, add to the baseline; say what a person has to do."""
    place = repo / FILE_NAME
    head, tail = render_head(decisions), render_allowances(decisions)
    present = place.read_text("utf-8") if place.exists() else ""
    fresh = tail if tail and tail not in present else ""
    if decisions.rules:
        (repo / RULES_FILE).write_text(render_rules(decisions), "utf-8", newline="\n")
        click.echo(f"written: {repo / RULES_FILE}")
    if present and head and head not in present:
        click.echo(f"add to {place}, above its tables:\n{head}", nl=False)
    elif not present and (head or tail):
        fresh = "\n".join(filter(None, (head, tail)))
    if fresh:
        joint = "\n" if present.endswith("\n") or not present else "\n\n"
        place.write_text((present + joint if present else "") + fresh, "utf-8", newline="\n")
        click.echo(f"written: {place}")
    if decisions.accepted:
        entries = [(item.rule, item.secret, item.path, Terms(item.reason)) for item in decisions.accepted]
        count = accept(entries, repo, settings, rules)
        click.echo(f"written: {settings.baseline_path} ({count} new)")


def _to_detect_secrets(repo: Path, target: Path, settings: Settings) -> int:
    """Findings of the files as they lie there, as a baseline that detect-secrets can audit."""
    from leakguard.migrate.detect_secrets import write_baseline

    result, _ = look(repo, settings, files_only=True)
    base = repo.resolve()
    spots = [
        (os.path.relpath(Path(place.path).resolve(), base).replace(os.sep, "/"), place.line, finding.secret.reveal())
        for finding in result.findings
        for place in finding.places
        if "!" not in place.path
    ]
    data, unseen = write_baseline(base, spots)
    try:
        target.write_bytes(data)
    except OSError as problem:
        raise UsageError(f"--to-detect-secrets: {target} cannot be written ({problem.strerror}).") from None
    click.echo(f"{target}: {len(spots) - len(unseen)} secrets.")
    for path, line in unseen:
        click.echo(f"LEFT   {escape(path)}:{line}: no plugin of detect-secrets sees it")
    return 0
