"""Digests and commit ids beside a provider's name: lock files, image references, lists of installed files."""

from __future__ import annotations

import regex

from leakguard.detect.checks.evidence import NEUTRAL, Evidence, Verdict

_LABEL = regex.compile(
    rb"(?i)(?<![a-z])(md5(?:sum)?|sha[_-]?(?:1|224|256|384|512)?(?:sum)?|blake2[bs]?|integrity|digest|checksum|commit|"
    rb"rev(?:ision)?|etag|h1)[\"'`]?[ \t]{0,4}(?:=>|[-:=@(]|[ \t]){1,2}[ \t]{0,4}[\"'`]?\Z"
)


def check_not_digest(evidence: Evidence, _argument: str) -> Verdict:
    """Refutes a value that is labelled as a digest right before it (`…@sha256:`, `,sha256=`, `commit: `). For rules
    made from a context whose value has a digest's length."""
    label = _LABEL.search(evidence.window, max(0, evidence.start - 40), evidence.start)
    return Verdict("refuted", f"is labelled {label.group(1).decode()}") if label else NEUTRAL
