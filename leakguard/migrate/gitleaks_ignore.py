"""`.gitleaksignore`: one fingerprint a line, `commit:path:rule:line` or `path:rule:line`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from leakguard.migrate.decisions import Accepted, Decisions

if TYPE_CHECKING:
    from pathlib import Path

    from leakguard.migrate.lookup import Lookup

_LINE = re.compile(r"(?:(?P<commit>[0-9a-f]{7,64}):)?(?P<path>.+):(?P<rule>[^:]+):(?P<line>\d+)\Z")


def looks_like(name: str, _data: bytes) -> bool:
    """By its name alone: the format is too plain to be told by what it holds."""
    return name == ".gitleaksignore"


def read(path: Path, data: bytes, lookup: Lookup) -> Decisions:
    """Each fingerprint becomes an entry of the baseline, by the secret that lies there."""
    out = Decisions()
    for number, raw in enumerate(data.decode("utf-8", "replace").splitlines(), 1):
        text = raw.split("#", 1)[0].strip() if raw.lstrip().startswith("#") else raw.strip()
        if text:
            take(out, path.name, number, text, f"ignored in {path.name}", lookup)
    return out


def take(out: Decisions, source: str, number: int, mark: str, reason: str, lookup: Lookup) -> None:
    """Take over what a gitleaks fingerprint points at."""
    found = _LINE.match(mark)
    if not found:
        out.note(source, number, mark, "is no gitleaks fingerprint", taken=False)
        return
    commit, path, line = found["commit"] or "", found["path"], int(found["line"])
    matches = lookup.at(path, line, commit)
    if not matches:
        gone = not lookup.exists(path, commit)
        how = "there is no such file or commit any more" if gone else "leakguard finds nothing there: nothing to allow"
        out.note(source, number, mark, how, taken=not gone)
        return
    for match in matches:
        out.accepted.append(Accepted(match.rule, match.secret, path, reason))
    out.note(source, number, mark, f"baseline: {', '.join(match.rule for match in matches)}", taken=True)
