"""What is told of one line: every candidate on it, and every step that decided. Secrets are redacted already."""

from __future__ import annotations

from typing import Literal

import msgspec

from leakguard.detect.judgement.explain import Explanation
from leakguard.model import Excerpt

Outcome = Literal["told", "held back", "no match", "off"]
"""Told as a finding; held back for a reason; the anchor fired and no more; the rule would match, but is off."""


class Checked(msgspec.Struct, frozen=True):
    """One offline check and its answer."""

    check: str
    outcome: str
    reason: str = ""


class Candidate(msgspec.Struct, frozen=True):
    """One rule at one place, from what made it look there to its verdict.

    `seen_by` is what made it a candidate: the rule's anchor, the format's reader, or the file's name. Columns are bytes
    from 1; `reason` is one of `HeldReason`.
    """

    rule: str
    rule_name: str
    outcome: Outcome
    seen_by: str
    column: int
    end_column: int
    secret: str = ""
    length: int = 0
    name: str = ""
    checks: tuple[Checked, ...] = ()
    placeholder: str = ""
    entropy: float = 0.0
    entropy_needed: float = 0.0
    judgement: Explanation | None = None
    path_score: float = 0.0
    path_reasons: tuple[str, ...] = ()
    reason: str = ""
    detail: str = ""
    justification: str = ""
    confidence: str = ""
    fingerprint: str = ""


class Why(msgspec.Struct, frozen=True):
    """All that is to be said of one line. `version` is the commit or object that the text is of, '' for a file."""

    path: str
    line: int
    version: str
    rules: int
    excerpt: tuple[Excerpt, ...]
    candidates: tuple[Candidate, ...]
    notes: tuple[str, ...] = ()
