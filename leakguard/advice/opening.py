"""What a key opens of that which lies encrypted beside it: such a key is worth all of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leakguard.model import Finding

NAMED = 3
"""How many encrypted files a step names before it counts the rest."""


class Opened(msgspec.Struct, frozen=True):
    """Encrypted texts of one kind: how many, and the first paths, where any is known."""

    kind: str
    count: int
    paths: tuple[str, ...] = ()


def with_what_it_opens(finding: Finding, opened: Sequence[Opened]) -> Finding:
    """The finding with a reason, and a step before all others, that say what lies here and is opened by it."""
    total = sum(item.count for item in opened)
    if not total:
        return finding
    counted = "1 text" if total == 1 else f"{total:,} texts"
    kinds = " and ".join(item.kind for item in opened)
    reasons = (*finding.reasons, f"opens what lies beside it: {counted} encrypted with {kinds}")
    if finding.advice is None:
        return msgspec.structs.replace(finding, reasons=reasons)
    paths = [path for item in opened for path in item.paths][:NAMED]
    more = f" and {total - len(paths):,} more" if total > len(paths) else ""
    step = (
        f"It opens {', '.join(paths) + more if paths else counted} (encrypted with {kinds}): whoever has both can read "
        "what is inside, so change every secret in there, too."
    )
    advice = msgspec.structs.replace(finding.advice, steps=(step, *finding.advice.steps))
    return msgspec.structs.replace(finding, reasons=reasons, advice=advice)
