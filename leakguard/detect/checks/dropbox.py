"""Dropbox: long-lived tokens have a run of zeros in a fixed place."""

from __future__ import annotations

from leakguard.detect.checks.evidence import NEUTRAL, Evidence, Verdict
from leakguard.detect.entropy import shannon


def check_long_lived(evidence: Evidence, _argument: str) -> Verdict:
    """Eleven characters, ten times A (zero bytes in base64), 43 characters. The run would else pass for a stand-in."""
    head, run, tail = evidence.secret[:11], evidence.secret[11:21], evidence.secret[21:]
    if run == b"A" * 10 and shannon(head) > 2 and shannon(tail) > 4:
        return Verdict("proven", "its zero bytes stand where Dropbox puts them")
    return NEUTRAL
