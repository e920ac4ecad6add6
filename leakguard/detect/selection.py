"""Which rules a run uses."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from leakguard.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from leakguard.config import Settings
    from leakguard.detect.ruleset import RuleSet
    from leakguard.model import Rule


def active_rules(rules: RuleSet, settings: Settings) -> frozenset[int]:
    """The numbers of the rules that are on. UsageError or ConfigError where one is named that does not exist."""
    if not (settings.only or settings.enable or settings.disable):
        return rules.standard
    for key, names in (("--rule", settings.only), ("enable", settings.enable), ("disable", settings.disable)):
        for name in names:
            if not any(fnmatchcase(rule.id, name) for rule in rules.rules):
                hint = f"no rule is called {name!r}; `leakguard rules list` shows them all"
                raise UsageError(f"--rule: {hint}.") if key == "--rule" else ConfigError(settings.source, key, hint)

    def on(rule: Rule) -> bool:
        if settings.only:
            return any(fnmatchcase(rule.id, name) for name in settings.only)
        if any(fnmatchcase(rule.id, name) for name in settings.disable):
            return False
        return not rule.disabled or any(fnmatchcase(rule.id, name) for name in settings.enable)

    return frozenset(number for number, rule in enumerate(rules.rules) if on(rule))
