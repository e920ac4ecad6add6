"""What to do about a secret that is staged and in no commit yet: nothing has leaked, so nothing has to be revoked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leakguard.model import Advice

if TYPE_CHECKING:
    from leakguard.model import Finding


def advise_uncommitted(finding: Finding) -> Advice:
    """Take it out, put it where it belongs, stage again."""
    place = finding.places[0] if finding.places else None
    where = f"{place.path}:{place.line}" if place else "the file"
    name = finding.name if finding.name.isidentifier() and finding.name.isascii() else ""
    variable = f"the environment variable {name.upper()}" if name else "an environment variable"
    return Advice(
        "staged",
        (
            f"It was never committed: take it out of {where} and read it from {variable}, an ignored .env file or a "
            "secret manager.",
            "`git add` the file and commit again.",
            "If it was sent, shown or pasted anywhere else, rotate it: `leakguard guide " + finding.rule + "`.",
        ),
        finding.advice.link if finding.advice else "",
    )
