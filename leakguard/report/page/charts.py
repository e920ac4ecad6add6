"""The four small charts: by provider, by severity, by author's domain, by days of exposure."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import msgspec

from leakguard.model import SEVERITIES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from leakguard.model import Finding
    from leakguard.report.page.mask import Mask

WIDTH = 300
_ROW, _MOST, _LABEL = 32, 7, 34
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


class Bar(msgspec.Struct, frozen=True):
    """One bar: its words, its number, how long it is drawn and where."""

    label: str
    count: int
    width: float
    top: int
    tone: str = ""


class Chart(msgspec.Struct, frozen=True):
    """Bars under a title; `told` says the same in words."""

    id: str
    title: str
    bars: tuple[Bar, ...]
    height: int
    told: str


def charts(findings: Sequence[Finding], mask: Mask) -> list[Chart]:
    """The charts that have something to show."""
    severities = Counter(finding.severity for finding in findings)
    made = [
        _chart("severity", "By severity", [(name, severities[name]) for name in SEVERITIES if severities[name]], True),
        _chart("provider", "By provider", _top(finding.provider for finding in findings)),
        _chart("domain", "By author's domain", _top(_domains(findings, mask))),
        _chart("exposure", "By days of exposure", _exposures(findings)),
    ]
    return [chart for chart in made if chart.bars]


def domain(email: str) -> str:
    """What stands behind an address's last @, in lower case."""
    _, at, host = email.rpartition("@")
    return host.strip().lower() if at and host.strip() else "no domain"


def _domains(findings: Sequence[Finding], mask: Mask) -> Iterable[str]:
    for finding in findings:
        if finding.provenance and finding.provenance.introduced:
            yield mask.path(domain(finding.provenance.introduced[0].commit.email))


def _exposures(findings: Sequence[Finding]) -> list[tuple[str, int]]:
    counts: Counter[str] = Counter()
    for finding in findings:
        if finding.provenance and finding.provenance.exposed is not None:
            exposed = finding.provenance.exposed
            counts[next((label for limit, label in _SPANS if exposed < limit), "10 years and more")] += 1
    names = [label for _, label in _SPANS] + ["10 years and more"]
    return [(name, counts[name]) for name in names if counts[name]]


def _top(names: Iterable[str]) -> list[tuple[str, int]]:
    """The most frequent names, the rest as one."""
    counted = sorted(Counter(names).items(), key=lambda pair: (-pair[1], pair[0]))
    if len(counted) <= _MOST + 1:
        return counted
    rest = counted[_MOST:]
    return [*counted[:_MOST], (f"{len(rest):,} others", sum(count for _, count in rest))]


def _chart(mark: str, title: str, rows: Sequence[tuple[str, int]], toned: bool = False) -> Chart:
    most = max((count for _, count in rows), default=1)
    bars = tuple(
        Bar(_cut(label), count, max(2.0, round(WIDTH * count / most, 1)), at * _ROW, label if toned else "")
        for at, (label, count) in enumerate(rows)
    )
    told = "; ".join(f"{label}: {count:,}" for label, count in rows)
    return Chart(mark, title, bars, len(bars) * _ROW, told)


def _cut(label: str) -> str:
    return label if len(label) <= _LABEL else label[: _LABEL - 1] + "…"
