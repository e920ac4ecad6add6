"""Generic matches by structure: what a config file's reader says is assigned, judged like what rules found on lines.

The second step for files whose path is known: a value whose name stands above it, or that a format wraps in base64, is
seen here and nowhere else. What the lines of the file showed or held back already is left out.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from leakguard.detect.checks.evidence import Evidence
from leakguard.detect.judgement import judge
from leakguard.detect.judgement.context import name_kind
from leakguard.detect.placeholders import placeholder_reason
from leakguard.detect.spans import Spans
from leakguard.formats import find_reader
from leakguard.model import Match, Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from leakguard.formats.reader import Assignment

    Record = Callable[[str, Assignment, Evidence], None]

_RULES = {
    "password": "generic-password",
    "secret": "generic-secret",
    "credential": "generic-secret",
    "salt": "generic-secret",
    "token": "generic-token",
    "api-key": "generic-key",
    "secret-key": "generic-key",
}
"""The rule whose name and guidance a value under such a name gets; other names are not judged."""
_TELLING = re.compile(rb"(?i)pass|pwd|pswd|secret|token|key|cred|salt|pepper|jwt|htpasswd")
"""A file without any of these words assigns nothing to a name that counts."""
AROUND = 200


def structured_matches(
    path: str, data: bytes, taken: Iterable[tuple[int, int]] = (), record: Record | None = None
) -> list[Match]:
    """The secrets that the file's own structure shows, in order of place; scores are before `adjust_for_path`. Spans in
    `taken` are told or held back already. `record` is told of all that is judged."""
    reader = find_reader(path)
    if reader is None or not (_TELLING.search(data) or _TELLING.search(path.encode("utf-8", "surrogateescape"))):
        return []
    spans = Spans(taken)
    found = []
    for item in reader.read(data):
        rule = _rule_for(item.name)
        if rule and 4 <= len(item.value) <= 4096 and not spans.overlap(item.start, item.end):
            match = _judged(rule, item, data, record)
            if match is not None:
                found.append(match)
    return found


def _judged(rule: str, item: Assignment, data: bytes, record: Record | None) -> Match | None:
    value = item.decoded or item.value
    if len(value) < 4 or placeholder_reason(value):
        return None
    line = data.rfind(b"\n", max(0, item.start - AROUND), item.start) + 1 or max(0, item.start - AROUND)
    before, after = data[line : item.start], data[item.end : item.end + AROUND].split(b"\n")[0]
    quote = before[-1:] if before[-1:] in (b'"', b"'") and after[:1] == before[-1:] else b""
    window = before + value + after
    groups = {"name": _leaf(item.name), "q": quote, "sep": b":" if b":" in before else b"="}
    evidence = Evidence(value, window, len(before), len(before) + len(value), groups)
    judgement = judge(evidence)
    if record is not None:
        record(rule, item, evidence)
    if judgement.verdict == "not":
        return None
    reasons = ("is base64 in a Kubernetes Secret", *judgement.reasons) if item.decoded else judgement.reasons
    secret = Secret(data[item.start : item.end])
    span = (item.start, item.end)
    return Match(rule, secret, *span, judgement.confidence, reasons, item.name, score=judgement.score)


def _leaf(name: str) -> bytes:
    """The last two keys of a dotted name, which say what the value is."""
    return ".".join(name.split(".")[-2:]).encode("utf-8", "replace")[-80:]


@lru_cache(maxsize=1 << 14)
def _rule_for(name: str) -> str | None:
    return _RULES.get(name_kind(_leaf(name)))
