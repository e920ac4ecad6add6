"""kingfisher's baseline, in its first form (`ExactFindings`) and its second (`repositories`).

Its fingerprints hash the secret with its offsets; here the line that it names is looked at instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from leakguard.errors import UsageError
from leakguard.migrate.decisions import Accepted, Decisions, line_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from leakguard.migrate.lookup import Lookup


def looks_like(_name: str, data: bytes) -> bool:
    """YAML with either form's first key."""
    return b"ExactFindings:" in data or b"fingerprint_algorithm:" in data


def read(path: Path, data: bytes, lookup: Lookup) -> Decisions:
    """Each finding becomes an entry of the baseline, by the secret on its line."""
    import yaml

    text = data.decode("utf-8", "replace")
    try:
        table = yaml.safe_load(text)
    except yaml.YAMLError:
        raise UsageError(f"{path.name} is not valid YAML; write it anew with kingfisher.") from None
    out = Decisions()
    for item in _items(table):
        filename, line = (
            str(item.get("path") or item.get("filepath") or ""),
            item.get("line") or item.get("linenum") or 0,
        )
        mark = str(item.get("fingerprint", ""))
        what = f"{filename}:{line} {item.get('rule_id', '')}".strip()
        found = _found(lookup, filename, int(line) if str(line).isdigit() else 0)
        number = line_of(text, mark) if mark else 0
        if not found:
            out.note(
                path.name, number, what, "no secret is found there now; sweep, and accept what is left", taken=False
            )
            continue
        name, matches = found
        out.accepted.extend(Accepted(match.rule, match.secret, name, f"in {path.name}") for match in matches)
        out.note(path.name, number, what, f"baseline: {', '.join(match.rule for match in matches)}", taken=True)
    return out


def _items(table: Any) -> Iterator[dict[str, Any]]:
    if not isinstance(table, dict):
        return
    groups = [table.get("ExactFindings") or {}, *(table.get("repositories") or [])]
    for group in groups:
        if isinstance(group, dict):
            listed = group.get("matches") or group.get("findings") or []
            yield from (item for item in listed if isinstance(item, dict))


def _found(lookup: Lookup, path: str, line: int) -> tuple[str, list[Any]] | None:
    """The matches on a line. Paths of the first form begin with the scanned folder's name: they are tried without
    it, too."""
    for name in dict.fromkeys((path, path.split("/", 1)[-1])):
        matches = lookup.at(name, line)
        if matches:
            return name, matches
    return None
