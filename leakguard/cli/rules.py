"""`leakguard rules`: list, show, test and check."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from leakguard.cli.options import load_rules
from leakguard.config import Settings
from leakguard.errors import UsageError

if TYPE_CHECKING:
    from leakguard.model import Guidance, Rule


@click.group("rules")
def command() -> None:
    """Show, test and check the rules."""


@command.command("list")
@click.option("--provider", help="Only this provider's.")
def list_rules(provider: str | None) -> None:
    """List every rule: id, severity, confidence and name."""
    rules = [rule for rule in load_rules(Settings()).rules if provider in (None, rule.provider)]
    if not rules:
        raise UsageError(f"no provider is called {provider!r}; `leakguard rules list` shows them all.")
    width = max(len(rule.id) for rule in rules)
    for rule in rules:
        off = "  (off by default)" if rule.disabled else ""
        click.echo(f"{rule.id:<{width}}  {rule.severity:<8}  {rule.confidence:<6}  {rule.name}{off}")
    click.echo(f"{len(rules)} rules", err=True)


@command.command("show")
@click.argument("rule")
def show_rule(rule: str) -> None:
    """Show one rule: its expressions, checks and guidance."""
    rules = load_rules(Settings())
    if rule not in rules.numbers:
        raise UsageError(f"no rule is called {rule!r}; `leakguard rules list` shows them all.")
    spec, guidance = rules.rules[rules.numbers[rule]], rules.guidance()[rule]
    rows = [
        ("id", spec.id),
        ("name", spec.name),
        ("provider", guidance.provider_name),
        ("severity", spec.severity),
        ("confidence", spec.confidence),
        *(("anchor", anchor) for anchor in spec.anchors),
        ("match", spec.match),
        *(("check", check) for check in spec.checks),
        *(("pair", f"{pair.rule}, within {pair.within} lines") for pair in spec.pairs),
        ("impact", guidance.impact),
        *(("rotate", step) for step in guidance.rotate),
        ("link", guidance.link),
        *(("example", example) for example in guidance.examples),
        *(("counterexample", example) for example in guidance.counterexamples),
    ]
    for label, value in rows:
        if value:
            click.echo(f"{label:<15} {value}")


@command.command("checks")
def list_checks() -> None:
    """List the offline checks that rules may name."""
    from leakguard.detect.checks import CHECKS, find_check

    for name in sorted(CHECKS):
        check, _ = find_check(name)
        click.echo(f"{name:<20} {(check.__doc__ or '').strip().splitlines()[0]}")


@command.command("test")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
def test_rules(files: tuple[Path, ...]) -> int:
    """Lint and self-test rule files of your own, beside the built-in rules."""
    from leakguard.detect.rules import patterns_folder, read_rules, rule_files

    own = [rule.id for rule, _ in read_rules(files)]
    built_in = [
        path for path in rule_files(patterns_folder()) if path.resolve() not in {file.resolve() for file in files}
    ]
    return _report(read_rules([*built_in, *files]), own)


@command.command("check")
def check_rules() -> int:
    """Lint and self-test every built-in rule."""
    from leakguard.detect.rules import patterns_folder, read_rules, rule_files

    rules = read_rules(rule_files(patterns_folder()))
    return _report(rules, [rule.id for rule, _ in rules])


@command.command("docs", hidden=True)
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
def write_docs(folder: Path) -> None:
    """Write the pages of docs/rules into FOLDER; pages of providers that are gone are removed."""
    from leakguard.detect.catalogue import render_pages
    from leakguard.detect.rules import patterns_folder, read_rules, rule_files

    pages = render_pages(read_rules(rule_files(patterns_folder())))
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.md"):
        if old.name not in pages:
            old.unlink()
    for name, text in pages.items():
        (folder / name).write_bytes(text.encode("utf-8"))
    click.echo(f"{len(pages)} pages in {folder}", err=True)


def _report(rules: list[tuple[Rule, Guidance]], chosen: list[str]) -> int:
    from leakguard.detect.selftest import check_rules as run

    complaints = run(rules, chosen)
    for complaint in complaints:
        click.echo(str(complaint))
    verdict = "all good" if not complaints else f"{len(complaints)} complaints"
    click.echo(f"{len(chosen)} rules: {verdict}", err=True)
    return 1 if complaints else 0
