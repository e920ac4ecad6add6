"""The machine-readable report. Its schema has a version of its own and is written down in docs/json.md."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leakguard.model import Finding, Result, Secret, Suppressed

SCHEMA = "leakguard-result/1"


def render(results: Sequence[Result], *, show_secrets: bool, colour: bool) -> bytes:  # noqa: ARG001
    """One object with a list of results; two-space indents, a newline at the end."""
    document = {"schema": SCHEMA, "results": [_result(result, show_secrets) for result in results]}
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def _result(result: Result, show: bool) -> dict[str, Any]:
    return {
        "target": result.target,
        "kind": result.kind,
        "version": result.version,
        "rules": result.rules,
        "head": result.head,
        "remote": result.remote,
        "findings": [_finding(finding, show) for finding in result.findings],
        "suppressed": [_suppressed(item, show) for item in result.suppressed],
        "coverage": {**msgspec.to_builtins(result.coverage), "complete": result.coverage.complete},
    }


def _finding(finding: Finding, show: bool) -> dict[str, Any]:
    plain = {
        name: msgspec.to_builtins(getattr(finding, name))
        for name in finding.__struct_fields__
        if name not in ("secret", "parts")
    }
    plain["secret"] = _secret(finding.secret, show)
    plain["parts"] = [{"rule": rule, "secret": _secret(secret, show)} for rule, secret in finding.parts]
    return plain


def _suppressed(item: Suppressed, show: bool) -> dict[str, Any]:
    plain = {
        name: msgspec.to_builtins(getattr(item, name)) for name in item.__struct_fields__ if name != "secret"
    }
    plain["secret"] = _secret(item.secret, show)
    return plain


def _secret(secret: Secret, show: bool) -> dict[str, Any]:
    """Redacted text and length; the value only where it was asked for."""
    found: dict[str, Any] = {"redacted": secret.redacted(), "length": len(secret)}
    if show:
        found["value"] = secret.reveal().decode("utf-8", "backslashreplace")
    return found
