"""What to do about a secret that is staged and in no commit yet: nothing has leaked, so nothing has to be revoked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from leakguard.advice.homes import read_line
from leakguard.model import Advice

if TYPE_CHECKING:
    from leakguard.model import Finding


def advise_uncommitted(finding: Finding) -> Finding:
    """The finding with advice for its case: take it out, put it where it belongs, stage again. What is expired, public,
    encrypted or hashed keeps the advice that it has."""
    if finding.advice is None or finding.advice.situation != "file":
        return finding
    place = finding.places[0] if finding.places else None
    where = f"{place.path}:{place.line}" if place else "the file"
    line = read_line(place.path if place else "", finding.name)
    steps = (
        f"It was never committed: take it out of {where}, keep it in an ignored .env file or a secret manager, and "
        f"read it: {line}",
        "`git add` the file and commit again.",
        f"If it was sent, shown or pasted anywhere, rotate it: `leakguard guide {finding.rule}`.",
    )
    return msgspec.structs.replace(finding, advice=Advice("staged", steps, finding.advice.link))
