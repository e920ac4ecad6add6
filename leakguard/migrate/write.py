"""Decisions as the text of leakguard's own files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from leakguard.migrate.decisions import Decisions

RULES_FILE = ".leakguard-rules.toml"


def render_allowances(decisions: Decisions) -> str:
    """`[[allow]]` tables, to be put at the end of a configuration."""
    unique = list(dict.fromkeys(tuple(entry.items()) for entry in decisions.allow))
    return "\n".join(f"[[allow]]\n{_fields(entry)}" for entry in unique)


def render_head(decisions: Decisions) -> str:
    """The keys that stand at the beginning of a configuration."""
    lines = [f"disable = {_value(sorted(set(decisions.disable)))}\n"] if decisions.disable else []
    lines += [f"rules = {_value([RULES_FILE])}\n"] if decisions.rules else []
    return "".join(lines)


def render_rules(decisions: Decisions) -> str:
    """A rule file with the rules that were taken over."""
    head = '[provider]\nid = "own"\nname = "Own rules"\n'
    return head + "".join(f"\n[[rules]]\n{_fields(rule.items())}" for rule in decisions.rules)


def _fields(items: Iterable[tuple[str, Any]]) -> str:
    return "".join(f"{key} = {_value(value)}\n" for key, value in items)


def _value(value: Any) -> str:
    """A TOML value. JSON's strings are TOML's basic strings, once DEL is escaped too."""
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    if isinstance(value, float):
        return repr(value)
    return json.dumps(str(value).encode("utf-8", "replace").decode(), ensure_ascii=False).replace("\x7f", "\\u007f")
