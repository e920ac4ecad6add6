"""JFrog Artifactory: what its API keys decode to."""

from __future__ import annotations

from leakguard.detect.checks.base58 import decode_base58
from leakguard.detect.checks.evidence import Evidence, Verdict


def check_api_key(evidence: Evidence, _argument: str) -> Verdict:
    """An API key is 54 bytes in base58. JFrog does not document that, so another length only casts doubt."""
    data = decode_base58(evidence.secret)
    if data is not None and len(data) == 54:
        return Verdict("supported", "decodes to 54 bytes of base58")
    return Verdict("doubtful", "does not decode to 54 bytes of base58")
