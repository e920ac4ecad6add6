"""`leakguard guide RULE`: how to revoke and rotate one kind of credential."""

from __future__ import annotations

import difflib

import click

from leakguard.cli.options import load_rules
from leakguard.config import Settings
from leakguard.errors import UsageError


@click.command("guide")
@click.argument("rule")
def command(rule: str) -> None:
    """Show what RULE finds, what an attacker can do with it, and how to revoke and rotate it."""
    rules = load_rules(Settings())
    guidance = rules.guidance()
    if rule not in rules.numbers:
        near = difflib.get_close_matches(rule, list(rules.numbers), 3)
        hint = f" Did you mean {', '.join(near)}?" if near else ""
        raise UsageError(f"no rule is called {rule!r}; `leakguard rules list` shows them all.{hint}")
    spec, text = rules.rules[rules.numbers[rule]], guidance[rule]
    click.echo(f"{spec.name}  ({text.provider_name}, {spec.severity})\n")
    if text.impact:
        click.echo(f"{text.impact}\n")
    for number, step in enumerate(text.rotate, 1):
        click.echo(f"{number}. {step}")
    if text.link:
        click.echo(f"\n{text.link}")
