"""All features of one generic match, in the one order that fitting and judging share."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

from leakguard.detect.judgement.context import (
    CONTEXT_NUMBERS,
    context_features,
    name_features,
    name_kind,
    relation_features,
)
from leakguard.detect.judgement.tables import wordiness
from leakguard.detect.judgement.value import VALUE_NUMBERS, judged_part, value_features

if TYPE_CHECKING:
    from leakguard.detect.checks.evidence import Evidence


def decoded_text(value: bytes) -> bytes:
    """What base64 `value` holds, where that is one printable line of four bytes or more; else nothing."""
    if len(value) % 4 or len(value) < 8:
        return b""
    try:
        text = base64.b64decode(value, validate=True).rstrip(b"\r\n")
    except (binascii.Error, ValueError):
        return b""
    return text if len(text) >= 4 and text.isascii() and text.decode("ascii").isprintable() else b""


NUMBERS = (*VALUE_NUMBERS, *CONTEXT_NUMBERS)
"""The numbers of every match in order, each between 0 and 255."""


def features_of(evidence: Evidence) -> tuple[list[str], bytes]:
    """Every flag that is true of this match, and its NUMBERS. It reads the neighbourhood only, never a path."""
    name = evidence.groups.get("name", b"")
    value = judged_part(evidence.secret)
    kind = name_kind(name)
    inner = decoded_text(value)
    flags = [f"kind:{kind}"]
    if kind == "basic":
        flags.append("basic:" + ("pair" if b":" in inner else "text" if inner else "opaque"))
        value = inner.partition(b":")[2] or value
    elif inner:
        flags.append("decodes:words" if wordiness(inner) > 0.6 else "decodes:text")
    said, numbers = value_features(value)
    named, sizes = name_features(name)
    around, places = context_features(evidence, name)
    flags += said
    flags += named
    flags += around
    flags += relation_features(value, name)
    return flags, numbers + sizes + places
