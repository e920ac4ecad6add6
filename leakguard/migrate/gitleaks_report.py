"""A gitleaks report in JSON, as it is given to its `--baseline-path`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from leakguard.errors import UsageError
from leakguard.migrate.decisions import Decisions
from leakguard.migrate.gitleaks_ignore import take

if TYPE_CHECKING:
    from pathlib import Path

    from leakguard.migrate.lookup import Lookup


def looks_like(name: str, data: bytes) -> bool:
    """A JSON list whose items have gitleaks' keys."""
    return data.lstrip()[:1] == b"[" and (b'"RuleID"' in data or "gitleaks" in name)


def read(path: Path, data: bytes, lookup: Lookup) -> Decisions:
    """Each finding becomes an entry of the baseline, by the secret that lies there: reports are often redacted."""
    out = Decisions()
    try:
        items = json.loads(data)
    except ValueError as problem:
        raise UsageError(f"{path.name} is not valid JSON ({problem}); write it anew with gitleaks.") from None
    for number, item in enumerate(items, 1):
        if not isinstance(item, dict) or not item.get("File"):
            out.note(path.name, number, f"item {number}", "is no finding of gitleaks", taken=False)
            continue
        parts = (item.get("Commit"), item["File"], item.get("RuleID") or "-", item.get("StartLine") or 0)
        take(
            out, path.name, number, ":".join(str(part) for part in parts if part != ""), "in gitleaks' baseline", lookup
        )
    return out
