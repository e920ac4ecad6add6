"""Taking over what people decided in other tools: configurations, ignore files and baselines.

A new kind of file is one module with `looks_like` and `read`, and one line in `SOURCES`. The other tools' comments
beside a secret need no migration: `leakguard.detect.allowances` understands them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from leakguard.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from leakguard.migrate.decisions import Decisions
    from leakguard.migrate.lookup import Lookup

SOURCES = ("gitleaks_config", "gitleaks_ignore", "gitleaks_report", "detect_secrets", "kingfisher")
"""Asked in this order."""

KNOWN_NAMES = (
    ".gitleaks.toml", "gitleaks.toml", ".gitleaksignore", "gitleaks-baseline.json", ".gitleaks-baseline.json",
    ".secrets.baseline", "baseline-file.yml", "baseline-file.yaml", ".kingfisher-baseline.yml",
    ".kingfisher-baseline.yaml",
)  # fmt: skip
"""What is looked for in a repository's root where no file is named."""


def read_decisions(path: Path, lookup: Lookup) -> Decisions:
    """What a file of another tool decides. UsageError where it cannot be read, or belongs to no tool that is known."""
    try:
        data = path.read_bytes()
    except OSError as problem:
        raise UsageError(f"{path} cannot be read ({problem.strerror}); check the path.") from None
    for name in SOURCES:
        source = import_module(f"leakguard.migrate.{name}")
        if source.looks_like(path.name, data):
            found: Decisions = source.read(path, data, lookup)
            return found
    raise UsageError(f"{path} is no file of gitleaks, detect-secrets or kingfisher that leakguard knows.")
