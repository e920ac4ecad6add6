"""Lines, columns and masked excerpts of a text in which secrets were found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leakguard.detect.nearby import PLAIN, Nearby
from leakguard.model import Excerpt, Place, Secret

if TYPE_CHECKING:
    from collections.abc import Iterable

    from leakguard.detect.detector import Detector, Found

AROUND = 1
WIDTH = 200


def printable(raw: bytes) -> str:
    """Bytes as text that is safe to show: what is not UTF-8, and every control or format character, is escaped."""
    return escape(raw.decode("utf-8", "backslashreplace"))


def escape(text: str) -> str:
    """`text` with control, format and surrogate characters as escapes: no terminal code, no direction mark is left."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape", "surrogatepass").decode() for char in text
    )


def masked(raw: bytes, detector: Detector | None) -> str:
    """Text that is shown far from where it was scanned, every secret in it masked."""
    if detector is None:
        return printable(raw)
    found = detector.detect(raw)
    spans = {(match.start, match.end) for match in found.matches} | {(held.start, held.end) for held in found.held}
    for start, end in sorted(spans, reverse=True):
        raw = raw[:start] + Secret(raw[start:end]).redacted().encode() + raw[end:]
    return printable(raw)


def _secrets(found: Found) -> list[tuple[int, int]]:
    """The spans to mask of a text, ascending."""
    spans = [(match.start, match.end) for match in found.matches]
    spans += [(part.start, part.end) for match in found.matches for part in match.parts]
    spans += [(held.start, held.end) for held in found.held if held.reason not in PLAIN]
    return sorted(spans)


class TextView:
    """One text, ready to be quoted. With a detector every secret in it is masked, not only the one that is shown."""

    def __init__(self, data: bytes, detector: Detector | None) -> None:
        self.data = data
        self._nearby = Nearby(detector, data) if detector is not None else None
        self._spans: list[tuple[int, int]] = []
        self._known = (0, 1)

    @classmethod
    def of(cls, data: bytes, found: Found) -> TextView:
        """A text of which it is known what it holds."""
        view = cls(data, None)
        view._spans = _secrets(found)
        return view

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, both from 1; columns count bytes. Ascending offsets cost one pass in all."""
        known, line = self._known if self._known[0] <= offset else (0, 1)
        line += self.data.count(b"\n", known, offset)
        self._known = (offset, line)
        return line, offset - self.data.rfind(b"\n", 0, offset)

    def place(self, path: str, start: int, end: int, source: str, oid: str, *, mask: bool) -> Place:
        """The place of a span, with its surroundings."""
        line, column = self.position(start)
        end_line, end_column = self.position(max(start, end - 1))
        return Place(path, line, column, end_line, end_column + 1, source, oid, self.quote(start, end, line, mask=mask))

    def quote(self, start: int, end: int, line: int, *, mask: bool) -> tuple[Excerpt, ...]:
        """The lines of a span and those around it, secrets masked, long lines cut around the secret."""
        data = self.data
        low = data.rfind(b"\n", 0, start) + 1
        first = line
        for _ in range(AROUND):
            if low > 0:
                low = data.rfind(b"\n", 0, low - 1) + 1
                first -= 1
        high = data.find(b"\n", max(start, end - 1))
        high = len(data) if high < 0 else high
        last_hit = line + data.count(b"\n", start, end)
        for _ in range(AROUND):
            if high < len(data):
                following = data.find(b"\n", high + 1)
                high = len(data) if following < 0 else following
        secrets = self._nearby.spans(low, high) if mask and self._nearby else self._spans
        spans = self._covering([(start, end), *secrets], low, high) if mask else []
        lines: list[Excerpt] = []
        at, number = low, first
        while at <= high and len(lines) < 8:
            stop = data.find(b"\n", at, high)
            stop = high if stop < 0 else stop
            hit = line <= number <= last_hit
            focus = max(at, start) if hit else at
            lines.append(Excerpt(number, self._cut(at, stop, focus, spans), hit))
            at, number = stop + 1, number + 1
        while lines and not lines[-1].text and not lines[-1].hit:
            lines.pop()
        return tuple(lines)

    def _covering(self, spans: Iterable[tuple[int, int]], low: int, high: int) -> list[tuple[int, int]]:
        """The spans that touch [low, high), overlapping ones joined."""
        joined: list[tuple[int, int]] = []
        for start, end in sorted(span for span in spans if span[0] < high and low < span[1]):
            if joined and start <= joined[-1][1]:
                joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
            else:
                joined.append((start, end))
        return joined

    def _cut(self, at: int, stop: int, focus: int, spans: list[tuple[int, int]]) -> str:
        low = at if stop - at <= WIDTH else max(at, focus - WIDTH // 3)
        high = min(stop, low + WIDTH)
        out = "…" if low > at else ""
        here = low
        for start, end in spans:
            if end <= low or start >= high:
                continue
            out += printable(self.data[here : max(here, start)])
            out += Secret(self.data[start:end]).redacted() if start >= at else "****"
            here = max(here, end)
        if here < high:
            out += printable(self.data[here:high])
        return (out + ("…" if max(here, high) < stop else "")).rstrip()
