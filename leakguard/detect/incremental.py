"""Detection in a text that is given as an edit of another: only what the edit touched is scanned.

    candidates(child) = shifted(candidates(base)) + scan(dirty windows of child)

Every possible end of an anchor lies in exactly one clean interval (the child inherits what is known of the base) or in
exactly one window (its scan decides); `leakguard.git.kernel` documents why. A confirmation is inherited as well where
all that it read was copied in one piece; otherwise it is asked again.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable

    from leakguard.detect.detector import Detector
    from leakguard.detect.matching import Confirmed


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One candidate of a text: where its anchor ends, its rule, the span that its confirmation read, and the answer."""

    end: int
    rule: int
    low: int
    high: int
    found: Confirmed | None


State = list[Entry]
"""The candidates of one text, ascending by end; what its children inherit from."""


def scan_whole(detector: Detector, data: bytes) -> State:
    """The candidates of a text that nothing is known of."""
    return [_ask(detector, data, rule, end) for end, rule in detector.scanner.hits(data)]


def ends_of(state: State) -> bytes:
    """Where the candidates' anchors end, as int64: what `kernel.inherited` has to know of a base."""
    return array("q", [entry.end for entry in state]).tobytes()


def scan_edit(
    detector: Detector,
    base: State,
    read: Callable[[], bytes],
    inherited: bytes,
    windows: bytes,
    hits: list[tuple[int, int]],
) -> State:
    """The candidates of a text, given those of its base, which of them it inherits, its windows, and what the anchors
    hit in the gathered windows. `read` gives the text, and is called where a candidate has to be confirmed. A text that
    is no edit has no base, and inherits nothing."""
    entries = _inherit(detector, base, read, inherited)
    if hits:
        entries.extend(_accepted(detector, read(), windows, hits))
        entries.sort(key=_order)
    return entries


def _order(entry: Entry) -> tuple[int, int]:
    return entry.end, entry.rule


def _ask(detector: Detector, data: bytes, rule: int, end: int) -> Entry:
    return Entry(end, rule, *detector.matcher.ask(data, rule, end))


def _accepted(detector: Detector, data: bytes, windows: bytes, hits: list[tuple[int, int]]) -> list[Entry]:
    """The hits in the gathered windows that the windows answer for, at their places in `data`."""
    rows = memoryview(windows).cast("q")
    found: list[Entry] = []
    row, total = 0, len(rows)
    for at, rule in hits:
        while row < total and rows[row + 1] < at:
            row += 5
        if row >= total:
            break
        start, child, accept_low, accept_high = rows[row], rows[row + 2], rows[row + 3], rows[row + 4]
        end = child + at - start
        if at > start and accept_low <= end <= accept_high:
            found.append(_ask(detector, data, rule, end))
    return found


def _inherit(detector: Detector, base: State, read: Callable[[], bytes], inherited: bytes) -> list[Entry]:
    """The base's candidates that lie in clean intervals, shifted; their answers too where nothing they read changed."""
    numbers = iter(memoryview(inherited).cast("q").tolist())
    found: list[Entry] = []
    for number, shift, copy_start, copy_end in zip(*[numbers] * 4, strict=True):
        entry = base[number]
        low, high = entry.low + shift, entry.high + shift
        untouched = (copy_start < low or (low == 0 and copy_start == 0 and shift == 0)) and high < copy_end
        if untouched:
            found.append(Entry(entry.end + shift, entry.rule, low, high, entry.found) if shift else entry)
        else:
            found.append(_ask(detector, read(), entry.rule, entry.end + shift))
    return found
