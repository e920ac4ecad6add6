"""`leakguard guide RULE`: how to revoke and rotate one kind of credential, and where the new one belongs."""

from __future__ import annotations

import difflib

import click

from leakguard.advice.homes import READ, STORES, instructions
from leakguard.cli.options import load_rules
from leakguard.config import Settings
from leakguard.errors import UsageError


@click.command("guide")
@click.argument("rule", required=False)
@click.option("--store", type=click.Choice(list(STORES)), help="How to keep a secret there. Default: dotenv.")
@click.option("--language", type=click.Choice(list(READ)), default="node", show_default=True)
def command(rule: str | None, store: str | None, language: str) -> None:
    """Show what RULE finds, what an attacker can do with it, how to revoke and rotate it, and where to put it instead.

    Without RULE: only the place that --store names.
    """
    if rule is None:
        if store is None:
            raise UsageError("say which rule (`leakguard rules list` shows them), or which --store.")
        click.echo("\n".join(instructions(store, language)))
        return
    _show(rule)
    click.echo("\nWhere the new one belongs (NAME stands for its variable):\n")
    click.echo("\n".join(instructions(store or "dotenv", language)))
    if store is None:
        click.echo(f"\nOther places: --store {', '.join(name for name in STORES if name != 'dotenv')}")


def _show(rule: str) -> None:
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
