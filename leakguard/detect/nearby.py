"""What stands in a few lines of a text, without confirming all that its other lines hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from leakguard.detect.detector import Detector
    from leakguard.detect.matching import Confirmed

PLAIN = ("placeholder", "encrypted")
"""What is held back for one of these reasons may be read by everyone."""


class Nearby:
    """The secrets of one text, asked for by what they overlap.

    Whether a candidate's span is a secret depends on the candidates whose spans overlap it, on those whose spans
    overlap these, and so on; what a candidate can span lies in its neighbourhood. All others are left alone.
    """

    def __init__(self, detector: Detector, data: bytes) -> None:
        self._detector, self._data = detector, data
        hits = detector.scanner.hits(data)
        neighbourhood = detector.matcher.neighbourhood if hits else None
        self._reads = [(*neighbourhood(data, rule, end), end, rule) for end, rule in hits] if neighbourhood else []

    def spans(self, low: int, high: int) -> list[tuple[int, int]]:
        """The spans of all secrets, shown or held back, that overlap [low, high), ascending; others may be among
        them."""
        detector, data = self._detector, self._data
        confirmed: list[tuple[int, int, Confirmed]] = []
        left = self._reads
        while True:
            near = [(end, rule) for start, stop, end, rule in left if start < high and low < stop]
            if not near:
                break
            left = [read for read in left if not (read[0] < high and low < read[1])]
            for end, rule, found in detector.confirm(data, near):
                confirmed.append((end, rule, found))
                if found.held is None:
                    low, high = min(low, end + found.start), max(high, end + found.end)
        confirmed.sort(key=lambda item: item[:2])
        winners, held = detector.contest(confirmed)
        spans = [(start, end) for (start, end, _), _ in winners]
        return sorted(spans + [(item.start, item.end) for item in held if item.reason not in PLAIN])
