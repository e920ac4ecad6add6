"""Tokens that are base64 of something readable: of a JSON object, or of a text of a known form.

Both checks read the group `payload` where the match has one, else the secret; what stands before the given prefix (and
the prefix itself) is skipped, and so is what follows the base64. A third part of the argument, `doubtful`, says what to
answer when it does not decode, for formats that nobody documents: `base64-json:acme_|id,key|doubtful`.
"""

from __future__ import annotations

import base64
import binascii

import msgspec
import regex

from leakguard.detect.checks.evidence import NEUTRAL, Evidence, Verdict
from leakguard.detect.kept import rich

_BASE64 = rich(rb"[A-Za-z0-9+/_-]*")


def decode_base64(text: bytes) -> bytes | None:
    """`text` decoded from either base64 alphabet, padded or not; None where it is not base64."""
    text = text.rstrip(b"=").replace(b"-", b"+").replace(b"_", b"/")
    try:
        return base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None


def read_json(text: bytes) -> object | None:
    """The JSON value in `text`; None where it is not JSON, not UTF-8, or nested deeper than anything real is."""
    try:
        value: object = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return value


def decode_json(text: bytes) -> dict[str, object] | None:
    """The JSON object that base64 `text` holds, or None."""
    data = decode_base64(text)
    value = read_json(data) if data else None
    return value if isinstance(value, dict) else None


def check_json(evidence: Evidence, argument: str) -> Verdict:
    """`PREFIX|key,key`: the text after PREFIX is base64 (either alphabet) of a JSON object that has all these keys."""
    prefix, keys, otherwise = _arguments(argument)
    value = decode_json(_payload(evidence, prefix))
    if value is None:
        return _failed(otherwise, "what it holds is no JSON object")
    wanted = [key for key in keys.split(",") if key]
    missing = [key for key in wanted if key not in value]
    if missing:
        return _failed(otherwise, f"the JSON object that it holds has no {missing[0]!r}")
    return Verdict("proven", f"holds a JSON object{' with ' + ', '.join(wanted) if wanted else ''}")


def check_text(evidence: Evidence, argument: str) -> Verdict:
    """`PREFIX|REGEX`: the text after PREFIX is base64 (either alphabet) of text that matches REGEX from its start."""
    prefix, expression, otherwise = _arguments(argument)
    data = decode_base64(_payload(evidence, prefix))
    try:
        known = data is not None and regex.match(expression.encode(), data, timeout=0.2)
    except TimeoutError:
        return NEUTRAL
    if not known:
        return _failed(otherwise, "what it holds is not of the known form")
    return Verdict("proven", "what it holds is of the known form")


def _arguments(argument: str) -> tuple[str, str, str]:
    prefix, _, rest = argument.partition("|")
    body, found, otherwise = rest.rpartition("|doubtful")
    return (prefix, body, "doubtful") if found and not otherwise else (prefix, rest, "")


def _payload(evidence: Evidence, prefix: str) -> bytes:
    text = evidence.groups.get("payload")
    if text is None:
        text = evidence.secret.partition(prefix.encode())[2] if prefix else evidence.secret
    run = _BASE64.match(text)
    return run.group() if run else b""


def _failed(otherwise: str, reason: str) -> Verdict:
    return Verdict("doubtful" if otherwise else "refuted", reason)
