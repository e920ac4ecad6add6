"""The catalogue as pages: one a provider, and a table of all rules; a test holds them against the rule files."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leakguard.model import Guidance, Rule

    Item = tuple[Rule, Guidance]

_NOTE = "<!-- Made by `leakguard rules docs docs/rules` from patterns/. Edit the rule, then make it again. -->"


def render_pages(items: Sequence[Item]) -> dict[str, str]:
    """Markdown by file name: README.md with the table, and PROVIDER.md for each provider."""
    ordered = sorted(items, key=lambda item: item[0].provider)
    groups = {provider: list(group) for provider, group in groupby(ordered, key=lambda item: item[0].provider)}
    return {"README.md": _table(groups), **{f"{name}.md": _page(group) for name, group in groups.items()}}


def _table(groups: dict[str, list[Item]]) -> str:
    total = sum(map(len, groups.values()))
    rows = [_row(provider, *item) for provider, group in groups.items() for item in group]
    head = f"# Rules\n\n{_NOTE}\n\n{total:,} rules in {len(groups)} files.\n\n"
    return (
        head + "| provider | rule | finds | severity | confidence |\n|---|---|---|---|---|\n" + "\n".join(rows) + "\n"
    )


def _row(provider: str, rule: Rule, known: Guidance) -> str:
    page = f"[{_cell(known.provider_name)}]({provider}.md)"
    return f"| {page} | `{rule.id}` | {_cell(rule.name)} | {rule.severity} | {_state(rule)} |"


def _state(rule: Rule) -> str:
    if rule.encrypted:
        return "good news, only counted"
    return "off by default" if rule.disabled else rule.confidence


def _page(group: list[Item]) -> str:
    parts = [f"# {group[0][1].provider_name}\n\n{_NOTE}\n"]
    parts += [_section(rule, known) for rule, known in group]
    return "\n".join(parts)


def _section(rule: Rule, known: Guidance) -> str:
    facts = [f"`{rule.id}`", rule.severity, _state(rule)]
    checks = [check.partition(":")[0] for check in rule.checks if check != "context"]
    if checks:
        facts.append("checked offline: " + ", ".join(dict.fromkeys(checks)))
    if known.verify:
        facts.append("can be verified")
    lines = [f"## {rule.name}", "", " · ".join(facts), ""]
    if known.impact:
        lines += [known.impact, ""]
    lines += [f"{number}. {step}" for number, step in enumerate(known.rotate, 1)]
    if known.link:
        lines += ["", f"<{known.link}>"]
    return "\n".join(lines).rstrip() + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
