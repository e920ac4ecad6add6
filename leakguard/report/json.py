"""The machine-readable report. Its schema has a version of its own: docs/json.md and result.schema.json."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from leakguard.report.saved import characters

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leakguard.model import Finding, Guidance, Result, Secret, Suppressed

SCHEMA = "leakguard-result/1"
_GUIDANCE = ("provider_name", "impact", "rotate", "link", "also")
"""What of a rule's guidance other reports need; its examples and requests stay with the rule."""


def render(results: Sequence[Result], *, show_secrets: bool, colour: bool) -> bytes:  # noqa: ARG001
    """One object with a list of results; two-space indents, a newline at the end."""
    document = {"schema": SCHEMA, "results": [_result(result, show_secrets) for result in results]}
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def _result(result: Result, show: bool) -> dict[str, Any]:
    plain = about(result)
    plain["findings"] = [finding(item, show) for item in result.findings]
    fixed = getattr(result, "fixed", None)
    if fixed is not None:
        plain["fixed"] = [finding(item, show) for item in fixed]
    plain["suppressed"] = [suppressed(item, show) for item in result.suppressed]
    plain["coverage"] = coverage(result)
    plain["guidance"] = {rule: guidance(item) for rule, item in sorted(result.guidance.items())}
    return plain


def about(result: Result) -> dict[str, Any]:
    """The fields of a result that are neither lists nor coverage."""
    names = ("target", "kind", "version", "rules", "head", "remote", "compared_with")
    return {name: getattr(result, name) for name in names if hasattr(result, name)}


def coverage(result: Result) -> dict[str, Any]:
    """The coverage, and whether it is complete."""
    plain: dict[str, Any] = msgspec.to_builtins(result.coverage)
    return {**plain, "complete": result.coverage.complete}


def guidance(item: Guidance) -> dict[str, Any]:
    """What a rule says about rotation."""
    return {name: msgspec.to_builtins(getattr(item, name)) for name in _GUIDANCE}


def finding(item: Finding, show: bool) -> dict[str, Any]:
    """A finding's own fields, the secret redacted unless `show`."""
    plain = {
        name: msgspec.to_builtins(getattr(item, name))
        for name in item.__struct_fields__
        if name not in ("secret", "parts")
    }
    plain["secret"] = _secret(item.secret, show)
    plain["parts"] = [{"rule": rule, "secret": _secret(secret, show)} for rule, secret in item.parts]
    return plain


def suppressed(item: Suppressed, show: bool) -> dict[str, Any]:
    """A held-back match's own fields, the secret redacted unless `show`."""
    plain = {name: msgspec.to_builtins(getattr(item, name)) for name in item.__struct_fields__ if name != "secret"}
    plain["secret"] = _secret(item.secret, show)
    return plain


def _secret(secret: Secret, show: bool) -> dict[str, Any]:
    """Redacted text, length in bytes and in characters; the value only where it was asked for."""
    found: dict[str, Any] = {
        "redacted": secret.redacted(),
        "length": len(secret),
        "characters": characters(secret),
    }
    if show and len(secret):
        found["value"] = secret.reveal().decode("utf-8", "backslashreplace")
    return found
