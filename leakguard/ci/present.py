"""A result as CI has to tell it: of commits that all came from a server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from leakguard.advice.steps import advise

if TYPE_CHECKING:
    from leakguard.model import Finding, Result


def as_published(result: Result) -> Result:
    """The result with every secret told as pushed, which no ref of a CI checkout may show, and with advice to fit."""
    return msgspec.structs.replace(result, findings=tuple(_published(finding, result) for finding in result.findings))


def _published(finding: Finding, result: Result) -> Finding:
    life = finding.provenance
    if life is None or life.unreachable:
        return finding
    told = msgspec.structs.replace(finding, provenance=msgspec.structs.replace(life, pushed=True))
    return msgspec.structs.replace(told, advice=advise(told, result.guidance.get(finding.rule)))
