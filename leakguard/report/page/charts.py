"""The four small charts: by provider, by severity, by author's domain, by days of exposure."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import msgspec

from leakguard.model import SEVERITIES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from leakguard.model import Finding
    from leakguard.report.page.mask import Mask

WIDTH = 300
_MOST = 7
_DAY = 86_400
_SPANS = (
    (_DAY, "less than a day"),
    (7 * _DAY, "1 to 6 days"),
    (30 * _DAY, "7 to 29 days"),
    (90 * _DAY, "30 to 89 days"),
    (365 * _DAY, "90 to 364 days"),
    (3 * 365 * _DAY, "1 to 3 years"),
    (10 * 365 * _DAY, "3 to 10 years"),
)
_LONGEST = "10 years and more"


class Bar(msgspec.Struct, frozen=True):
    """One bar: its words, its number and how long it is drawn. `shows` is the filter of the table that shows what it
    counts, '' where there is none."""

    label: str
    count: int
    width: float
    tone: str = ""
    shows: str = ""


class Chart(msgspec.Struct, frozen=True):
    """Bars under a title."""

    id: str
    title: str
    bars: tuple[Bar, ...]


def charts(findings: Sequence[Finding], mask: Mask) -> list[Chart]:
    """The charts that have something to show."""
    severities: Counter[str] = Counter(finding.severity for finding in findings)
    made = [
        _chart("severity", "By severity", _told(severities, SEVERITIES), toned=True),
        _chart("provider", "By provider", *_top(finding.provider for finding in findings)),
        _chart("domain", "By author's domain", *_top(_domains(findings, mask))),
        _chart("span", "By days of exposure", _exposures(findings)),
    ]
    return [chart for chart in made if chart.bars]


def domain(email: str) -> str:
    """What stands behind an address's last @, in lower case."""
    _, at, host = email.rpartition("@")
    return host.strip().lower() if at and host.strip() else "no domain"


def span(exposed: int) -> str:
    """What a time of exposure (in seconds) is counted under."""
    return next((label for limit, label in _SPANS if exposed < limit), _LONGEST)


def _domains(findings: Sequence[Finding], mask: Mask) -> Iterable[str]:
    for finding in findings:
        if finding.provenance and finding.provenance.introduced:
            yield domain(mask.text(finding.provenance.introduced[0].commit.email))


def _exposures(findings: Sequence[Finding]) -> list[tuple[str, int]]:
    lives = (finding.provenance for finding in findings)
    counts = Counter(span(life.exposed) for life in lives if life and life.exposed is not None)
    return _told(counts, (*(label for _, label in _SPANS), _LONGEST))


def _told(counts: Mapping[str, int], names: Iterable[str]) -> list[tuple[str, int]]:
    """Those of the names that were counted, in their order."""
    return [(name, counts[name]) for name in names if name in counts]


def _top(names: Iterable[str]) -> tuple[list[tuple[str, int]], tuple[int, int]]:
    """The most frequent names; how many others there are, and what they count."""
    counted = sorted(Counter(names).items(), key=lambda pair: (-pair[1], pair[0]))
    rest = counted[_MOST:] if len(counted) > _MOST + 1 else []
    return counted[: len(counted) - len(rest)], (len(rest), sum(count for _, count in rest))


def _chart(
    mark: str, title: str, rows: Sequence[tuple[str, int]], others: tuple[int, int] = (0, 0), *, toned: bool = False
) -> Chart:
    """`others` are how many names have no bar of their own, and what they count: they set no scale."""
    most = max((count for _, count in rows), default=1)
    bars = [
        Bar(label, count, max(2.0, round(WIDTH * count / most, 1)), label if toned else "", f"{mark}={label}")
        for label, count in rows
    ]
    if others[0]:
        width = min(float(WIDTH), round(WIDTH * others[1] / most, 1))
        bars.append(Bar(f"{others[0]:,} others", others[1], width, "others"))
    return Chart(mark, title, tuple(bars))
