"""Is the value that stands near a provider's word assigned to something that sounds like a credential?"""

from __future__ import annotations

import regex

from leakguard.detect.checks.digest import check_not_digest
from leakguard.detect.checks.evidence import NEUTRAL, Evidence, Verdict
from leakguard.detect.kept import rich

_CREDENTIAL = rich(
    rb"(?i)key|token|secret|passw|pwd|auth|cred|api|bearer|access|licen[sc]e|sid\b|[_-]id\b|webhook|hook|sign|private"
)
_ASSIGNMENT = rich(rb"[\"'`\])]?[ \t]*(?::=|=>|==?|:|,|\()[ \t]*[\"'`]?(?:[A-Za-z]+[ \t]+)?[\"'`]?\Z")
_QUOTED = rich(rb"[\"'`\])}]?[ \t]{1,4}[\"'`]\Z")
"""`acme 'value'`: a call without brackets, a shell's argument, an alias."""

_NAMED = rich(
    rb"(?i)(?:secret|token|passw(?:or)?d|api[_-]?key|authorization|credential)s?[\"'`]?[ \t]*[:=>][ \t]*[\"'`{]{0,2}"
    rb"(?:[A-Za-z]+[ \t]+){0,2}\Z"
)
"""`"token": "acme value"`: the provider's word itself stands in what a credential's name is given."""

_REFERENCE = rich(rb"(?i)credentials\([\"']\Z|credentials_?id[\"']?[ \t]*[:=(][ \t]*[\"']?\Z")
"""Jenkins' `credentials('ID')` and `credentialsId: 'ID'`: what follows is where the secret is kept."""

_NAME = rich(rb"[A-Z]?[a-z]{3,}")


def _is_identifier(value: bytes) -> bool:
    """`TestAccServiceBasic`: most of it is words in camel case. Of random letters in both cases, a fifth is."""
    humps = sum(0x41 <= byte <= 0x5A for byte in value)
    return len(value) >= 20 and humps >= 3 and 100 * sum(map(len, _NAME.findall(value))) >= 65 * len(value)


def check_gap(evidence: Evidence, _argument: str) -> Verdict:
    """Reads the groups `word` and `gap` that rules made from a context have: an assignment, a quotation right after the
    word, or a word that names a credential, must stand between the provider's word and the value, or all of it must be
    what a credential's name is given; a digest's label right before the value, or a value that is a name in a program,
    says that it is none."""
    digest = check_not_digest(evidence, "")
    if digest.outcome != "neutral":
        return digest
    if _is_identifier(evidence.secret):
        return Verdict("refuted", "reads like a name in a program")
    word, gap = evidence.groups.get("word", b""), evidence.groups.get("gap", b"")
    before = evidence.start - len(gap) - len(word)
    if _REFERENCE.search(gap):
        return Verdict("refuted", "names a credential that is kept elsewhere")
    again = gap.lower().rfind(word.lower()) if word else -1
    near = gap[again + len(word) :] if again >= 0 else gap
    if _ASSIGNMENT.search(gap) or _QUOTED.match(near):
        return NEUTRAL
    if _CREDENTIAL.search(gap) or _CREDENTIAL.search(word):
        return NEUTRAL
    if _NAMED.search(evidence.window, max(0, before - 40), before):
        return NEUTRAL
    return Verdict("refuted", "nothing near it says that it is a credential")


def check_not_named(evidence: Evidence, argument: str) -> Verdict:
    """REGEX: refutes a value whose name says that it is public (`search` for Algolia's search-only keys)."""
    named = b" ".join((evidence.groups.get("word", b""), evidence.groups.get("gap", b"")))
    if regex.search(argument.encode(), named, regex.IGNORECASE):
        return Verdict("refuted", "its name says that it is made to be public")
    return NEUTRAL
