"""What the commands that work on findings begin with: one result for one place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leakguard.cli.options import load_rules
from leakguard.cli.progress import watch
from leakguard.store.key import key_file

if TYPE_CHECKING:
    from pathlib import Path

    from leakguard.config import Settings
    from leakguard.detect.ruleset import RuleSet
    from leakguard.model import Result


def look(folder: Path, settings: Settings, *, files_only: bool = False) -> tuple[Result, RuleSet]:
    """The sweep of the repository that `folder` is in, or a scan of what lies there (always with `files_only`), and the
    rules that were asked."""
    rules = load_rules(settings)
    with watch(str(folder)) as progress:
        if key_file(folder) is not None and not files_only:
            from leakguard.sweep.run import sweep

            return sweep(folder, rules, settings, progress), rules
        from leakguard.scan.run import scan

        return scan([folder], rules, settings, progress), rules
