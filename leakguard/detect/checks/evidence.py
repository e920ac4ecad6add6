"""What an offline check is given, and what it answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import msgspec


class Evidence(msgspec.Struct, frozen=True):
    """A match before its checks: the secret, and the bytes around it that the rule may read.

    `start` and `end` are the secret's span in `window`; `groups` holds the other named groups of the match.
    """

    secret: bytes
    window: bytes
    start: int
    end: int
    groups: dict[str, bytes] = {}


Outcome = Literal["proven", "refuted", "doubtful", "supported", "expired", "harmless", "neutral"]


class Verdict(msgspec.Struct, frozen=True):
    """A check's answer.

    `proven` and `refuted` decide; `doubtful` lowers confidence (a checksum that nobody documents fails); `supported`
    says something in its favour without proof; `expired` proves, with the date in `reason`; `harmless` drops it as a
    known example or a thing that is no secret (a public key); `neutral` says nothing.
    """

    outcome: Outcome
    reason: str = ""


NEUTRAL = Verdict("neutral")

Check = Callable[[Evidence, str], Verdict]
"""A check takes the evidence and its argument: the text after the colon in a rule's `checks`, or ''."""
