"""What takes long at the end of a sweep, as tasks for all processes: quotes, and slow fingerprints."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import msgspec

from leakguard.fingerprint import learn, make, slow_texts
from leakguard.sweep.quotes import Quotes, batches

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import TypeAlias

    from leakguard.collect import Spot
    from leakguard.model import Place, Rule

    Task: TypeAlias = "Sequence[Spot] | Slow"
    Quoted: TypeAlias = Mapping[Spot, Place | None]

SHARE = 4
"""Slow fingerprints of one task: none takes long, as the last ones of a list should."""


class Slow(msgspec.Struct, frozen=True):
    """What slow fingerprints are made of."""

    texts: list[bytes]


class Made(msgspec.Struct, frozen=True):
    """Slow fingerprints, by what they are made of."""

    marks: dict[bytes, str]


def tasks(spots: Iterable[Spot], secrets: Iterable[tuple[Rule, bytes]], key: str) -> list[Task]:
    """Quotes of spots, and fingerprints of secrets so far as they are slow under this key."""
    texts = slow_texts(secrets, key)
    return [*batches(spots), *(Slow(texts[at : at + SHARE]) for at in range(0, len(texts), SHARE))]


def do(task: Task, quotes: Quotes) -> Quoted | Made:
    """One of them."""
    return Made(make(task.texts)) if isinstance(task, Slow) else quotes.places(task)


def quoted(results: Iterable[object]) -> Iterator[Quoted]:
    """What was quoted, of all that came of the tasks; the fingerprints are known from now on."""
    for result in results:
        if isinstance(result, Made):
            learn(result.marks)
        else:
            yield cast("Quoted", result)
