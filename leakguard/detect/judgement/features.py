"""All features of one generic match, in the one order that fitting and judging share."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

from leakguard.detect.judgement.context import context_features, name_features, name_kind, relation_features
from leakguard.detect.judgement.tables import wordiness
from leakguard.detect.judgement.value import value_features

if TYPE_CHECKING:
    from leakguard.detect.checks.evidence import Evidence


def decoded_text(value: bytes) -> bytes:
    """What base64 `value` holds, where that is printable text of four bytes or more; else nothing."""
    if len(value) % 4 or len(value) < 8:
        return b""
    try:
        text = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return b""
    return text if len(text) >= 4 and text.isascii() and text.decode("ascii").isprintable() else b""


def features_of(evidence: Evidence) -> list[str]:
    """Every feature that is true of this match. It reads the neighbourhood only, never a path."""
    value, name = evidence.secret, evidence.groups.get("name", b"")
    kind = name_kind(name)
    inner = decoded_text(value)
    if kind == "basic" and b":" in inner:
        value = inner.partition(b":")[2] or inner
    found = value_features(value)
    form, classes, rare, worded = found[:4]
    around = context_features(evidence, name)
    quoted = around[0]
    found.extend(around)
    found.extend(name_features(name))
    found.extend(relation_features(value, name))
    found += (
        f"kind:{kind}",
        f"kind+{form}+{quoted}",
        f"kind:{kind}+{form}",
        f"kind:{kind}+{classes}",
        f"kind:{kind}+{worded}",
        f"kind:{kind}+{rare}",
        f"{classes}+{worded}",
        f"{quoted}+{worded}+{form}",
        f"{around[2]}+{worded}",
        f"{around[3]}+{quoted}+{worded}",
    )
    if inner:
        found.append(f"decodes:{int(wordiness(inner) * 3)}")
    return found
