"""Is the value that stands near a provider's word assigned to something that sounds like a credential?"""

from __future__ import annotations

import regex

from leakguard.detect.checks.digest import check_not_digest
from leakguard.detect.checks.evidence import NEUTRAL, Evidence, Verdict

_CREDENTIAL = regex.compile(
    rb"(?i)key|token|secret|passw|pwd|auth|cred|api|bearer|access|licen[sc]e|sid\b|[_-]id\b|webhook|hook|sign|private"
)
_ASSIGNMENT = regex.compile(rb"[\"'`\])]?[ \t]*(?::=|=>|==?|:|,|\()[ \t]*[\"'`]?(?:[A-Za-z]+[ \t]+)?[\"'`]?\Z")
_QUOTED = regex.compile(rb"[\"'`\])}]?[ \t]{1,4}[\"'`]\Z")
"""`acme 'value'`: a call without brackets, a shell's argument, an alias."""


def check_gap(evidence: Evidence, _argument: str) -> Verdict:
    """Reads the groups `word` and `gap` that rules made from a context have: an assignment, a quotation right after the
    word, or a word that names a credential, must stand between the provider's word and the value; a digest's label
    right before the value says that it is none."""
    digest = check_not_digest(evidence, "")
    if digest.outcome != "neutral":
        return digest
    gap = evidence.groups.get("gap", b"")
    if _ASSIGNMENT.search(gap) or _QUOTED.match(gap):
        return NEUTRAL
    if _CREDENTIAL.search(gap) or _CREDENTIAL.search(evidence.groups.get("word", b"")):
        return NEUTRAL
    return Verdict("refuted", "nothing near it says that it is a credential")
