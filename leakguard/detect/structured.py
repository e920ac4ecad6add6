"""Generic matches by structure: what a config file's reader says is assigned, judged like what rules found on lines.

The second step for files whose path is known: a value whose name stands above it, or that a format wraps in base64, is
seen here and nowhere else. What a line-based rule found already is the caller's to leave out (the spans overlap).
"""

from __future__ import annotations

from leakguard.detect.checks.evidence import Evidence
from leakguard.detect.judgement import judge
from leakguard.detect.judgement.context import name_kind
from leakguard.detect.placeholders import placeholder_reason
from leakguard.formats import read_assignments
from leakguard.model import Match, Secret

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
AROUND = 200


def structured_matches(path: str, data: bytes) -> list[Match]:
    """The secrets that the file's own structure shows, in order of place; scores are before `adjust_for_path`."""
    found = []
    for item in read_assignments(path, data):
        name = ".".join(item.name.split(".")[-2:]).encode()[-80:]
        rule = _RULES.get(name_kind(name))
        value = item.decoded or item.value
        if rule is None or not 4 <= len(value) <= 4096 or placeholder_reason(value):
            continue
        line = data.rfind(b"\n", max(0, item.start - AROUND), item.start) + 1 or max(0, item.start - AROUND)
        before, after = data[line : item.start], data[item.end : item.end + AROUND].split(b"\n")[0]
        quote = before[-1:] if before[-1:] in (b'"', b"'") and after[:1] == before[-1:] else b""
        window = before + value + after
        groups = {"name": name, "q": quote, "sep": b":" if b":" in before else b"="}
        judgement = judge(Evidence(value, window, len(before), len(before) + len(value), groups))
        if judgement.verdict != "not":
            reasons = ("is base64 in a Kubernetes Secret", *judgement.reasons) if item.decoded else judgement.reasons
            secret = Secret(data[item.start : item.end])
            span = (item.start, item.end)
            found.append(Match(rule, secret, *span, judgement.confidence, reasons, item.name, score=judgement.score))
    return found
