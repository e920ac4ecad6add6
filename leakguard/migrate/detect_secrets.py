"""`.secrets.baseline` of detect-secrets, both ways, with the package itself.

A baseline may name plugins and filters by file; detect-secrets would import them. It comes from the repository, so
nothing of it is ever configured here: only its list of secrets is read.
"""

from __future__ import annotations

import hashlib
import json
import os
from typing import TYPE_CHECKING, Any

from leakguard.errors import UsageError
from leakguard.migrate.decisions import Accepted, Decisions, line_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from leakguard.migrate.lookup import Lookup

_STANDARD = "detect_secrets."
_VERDICTS = {True: "audited as a real secret", False: "audited as no secret", None: "not audited"}


def looks_like(name: str, data: bytes) -> bool:
    """JSON with a list of plugins and results."""
    return data.lstrip()[:1] == b"{" and b'"results"' in data and (b'"plugins_used"' in data or "secrets" in name)


def read(path: Path, data: bytes, lookup: Lookup) -> Decisions:
    """Each secret becomes an entry of the baseline: the one in that file whose hash is the same, else what is found on
    that line. Nobody has to know the secret for that."""
    from detect_secrets.core.baseline import upgrade
    from detect_secrets.core.secrets_collection import SecretsCollection

    text = data.decode("utf-8", "replace")
    try:
        table: dict[str, Any] = json.loads(text)
        secrets = SecretsCollection.load_from_baseline(upgrade(table))
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise UsageError(f"{path.name} is no baseline of detect-secrets ({problem}); write it anew there.") from None
    out = Decisions()
    for filter_ in table.get("filters_used", []):
        name = str(filter_.get("path", ""))
        if not name.startswith(_STANDARD) or "pattern" in filter_:
            what = f"filter {name} {filter_.get('pattern', '')}".strip()
            out.note(path.name, line_of(text, name), what, "write `exclude` or an allowance for it", taken=False)
    for plugin in table.get("plugins_used", []):
        if str(plugin.get("path", "")).startswith("file://"):
            what = f"plugin {plugin.get('name', '')}"
            out.note(path.name, line_of(text, str(plugin["path"])), what, "write a rule for it", taken=False)
    for filename, secret in sorted(secrets, key=lambda item: (item[0], item[1].line_number, item[1].secret_hash)):
        _take(out, path.name, text, filename.replace(os.sep, "/"), secret, lookup)
    out.accepted.sort(key=lambda item: item.reason.startswith("audited"))  # of two for one secret the last stays
    return out


def _take(out: Decisions, source: str, text: str, filename: str, secret: Any, lookup: Lookup) -> None:
    number = line_of(text, secret.secret_hash)
    what = f"{filename}:{secret.line_number} {secret.type}"
    verdict = _VERDICTS[secret.is_secret]
    same = [match for _, match in lookup.matches(filename) if _hash(match.secret.reveal()) == secret.secret_hash]
    matches = same or lookup.at(filename, secret.line_number)
    if not matches:
        gone = not lookup.exists(filename)
        how = "there is no such file any more" if gone else "leakguard finds nothing there: nothing to allow"
        out.note(source, number, what, how, taken=not gone)
        return
    reason = f"{verdict} in {source}"
    out.accepted.extend(Accepted(match.rule, match.secret, filename, reason) for match in matches)
    out.note(source, number, what, f"baseline: {', '.join(match.rule for match in matches)} ({verdict})", taken=True)


def _hash(secret: bytes) -> str:
    """As detect-secrets identifies a secret: an unsalted SHA-1. It is compared, never kept."""
    return hashlib.sha1(secret, usedforsecurity=False).hexdigest()


def write_baseline(root: Path, spots: Iterable[tuple[str, int, bytes]]) -> tuple[bytes, list[tuple[str, int]]]:
    """A baseline for detect-secrets with the secrets at these (path, line, value), each under the plugin that sees it
    there, so that its own audit finds them again; and the spots that no plugin sees. To be run with `root` as the
    current folder: detect-secrets names files relative to it."""
    from detect_secrets.core import baseline
    from detect_secrets.core.scan import scan_file
    from detect_secrets.core.secrets_collection import SecretsCollection
    from detect_secrets.settings import default_settings

    wanted = sorted(set(spots))
    unseen: list[tuple[str, int]] = []
    collection = SecretsCollection(root=str(root))
    with default_settings():
        for path in sorted({path for path, _, _ in wanted}):
            seen = list(scan_file(str(root / path)))
            for _, line, value in (item for item in wanted if item[0] == path):
                text = value.decode("utf-8", "replace")
                fitting = [found for found in seen if found.secret_value and _same(found.secret_value, text)]
                for found in fitting:
                    found.filename = path
                    collection[path].add(found)
                unseen.extend([] if fitting else [(path, line)])
        made = baseline.format_for_output(collection)
    return json.dumps(made, indent=2).encode() + b"\n", unseen


def _same(theirs: str, ours: str) -> bool:
    """Whether the two tools mean the same secret: one may take in a prefix or an armour line that the other leaves."""
    return theirs == ours or (len(theirs) >= 8 and theirs in ours) or (len(ours) >= 8 and ours in theirs)
