"""When secrets came in and went out, drawn as bars up and down with a line of how many were there at a time."""

from __future__ import annotations

import datetime
from collections import Counter
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from leakguard.model import Finding, Provenance

_EARLIEST, _LATEST = 315_532_800, 4_102_444_800
"""1980 and 2100: a commit that claims another time is counted, not drawn."""
_TOP, _BOTTOM, _DIGIT = 14, 24, 8
_GAP = 10


class Step(msgspec.Struct, frozen=True):
    """One span of time: how many came in, how many went out, how many were there at its end."""

    label: str
    came: int
    went: int
    there: int
    x: float = 0
    width: float = 0
    up: float = 0
    down: float = 0


class Tick(msgspec.Struct, frozen=True):
    """A label of an axis."""

    at: float
    label: str


class Timeline(msgspec.Struct, frozen=True):
    """The drawing at one width. `line` is an SVG path; `base` is the height from which bars rise and hang."""

    id: str
    width: int
    height: int
    steps: tuple[Step, ...]
    line: str
    base: float
    floor: float
    years: tuple[Tick, ...]
    counts: tuple[Tick, ...]
    told: str
    unit: str
    odd: int
    most: int
    left: int


def timelines(findings: Sequence[Finding]) -> list[Timeline]:
    """The same timeline for a wide and for a narrow screen; none where no commit is known."""
    moments = [_moments(finding.provenance) for finding in findings if finding.provenance]
    came = [start for start, _ in moments if start is not None]
    went = [end for _, end in moments if end is not None]
    good = [time for time in (*came, *went, *_untils(findings)) if _EARLIEST <= time < _LATEST]
    if not came or not good:
        return []
    odd = sum(not _EARLIEST <= time < _LATEST for time in (*came, *went))
    return [
        _draw(name, width, most, came, went, good, odd)
        for name, width, most in (("wide", 1120, 110), ("narrow", 340, 32))
    ]


def _moments(life: Provenance) -> tuple[int | None, int | None]:
    """When a secret first came in, and when the last commit took it out, where HEAD does not hold it any more."""
    came = min((event.commit.time for event in life.introduced), default=None)
    went = max((event.commit.time for event in life.removed), default=None)
    return came, None if life.in_head or came is None or went is None else max(came, went)


def _untils(findings: Sequence[Finding]) -> list[int]:
    """The sweep's own clock, as far as a secret that is still there tells it."""
    return [
        life.introduced[0].commit.time + life.exposed
        for life in (finding.provenance for finding in findings)
        if life and life.in_head and life.introduced and life.exposed is not None
    ]


_UNITS: tuple[tuple[str, Callable[[datetime.date], int], Callable[[int], str]], ...] = (
    ("day", lambda day: day.toordinal(), lambda at: datetime.date.fromordinal(at).isoformat()),
    ("week", lambda day: (day.toordinal() - 1) // 7, lambda at: f"week of {datetime.date.fromordinal(at * 7 + 1)}"),
    ("month", lambda day: day.year * 12 + day.month - 1, lambda at: f"{at // 12}-{at % 12 + 1:02}"),
    ("quarter", lambda day: day.year * 4 + (day.month - 1) // 3, lambda at: f"{at // 4} Q{at % 4 + 1}"),
    ("year", lambda day: day.year, str),
)


def _day(seconds: int) -> datetime.date:
    return (datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=seconds)).date()


def _draw(
    name: str, width: int, most: int, came: Sequence[int], went: Sequence[int], good: Sequence[int], odd: int
) -> Timeline:
    first, last = _day(min(good)), _day(max(good))
    unit, number, label = next((item for item in _UNITS if item[1](last) - item[1](first) < most), _UNITS[-1])
    begin, end = number(first), number(last)
    up = Counter(number(_day(time)) for time in came if _EARLIEST <= time < _LATEST)
    down = Counter(number(_day(time)) for time in went if _EARLIEST <= time < _LATEST)
    steps, there = [], 0
    for at in range(begin, end + 1):
        there += up[at] - down[at]
        steps.append(Step(label(at), up[at], down[at], there))
    return _geometry(name, width, steps, unit, odd)


def _geometry(name: str, width: int, steps: list[Step], unit: str, odd: int) -> Timeline:
    """Above: the line of what is there. Below, on one base line: what came in (up) and went out (down)."""
    area, half = 120, 34
    base, floor = float(_TOP + area + _GAP + half), float(_TOP + area)
    peak = max(step.there for step in steps) or 1
    left = 10 + _DIGIT * len(f"{peak:,}")
    slot = (width - left - 4) / len(steps)
    thick = round(min(max(slot - 1.5, 1.5), 14), 2)
    tallest = max(max(step.came, step.went) for step in steps) or 1
    placed = tuple(
        msgspec.structs.replace(
            step,
            x=round(left + slot * (at + 0.5) - thick / 2, 2),
            width=thick,
            up=_height(step.came, tallest, half),
            down=_height(step.went, tallest, half),
        )
        for at, step in enumerate(steps)
    )
    line = f"M{left} {floor:g}" + "".join(
        f"V{floor - area * step.there / peak:.2f}H{left + slot * (at + 1):.2f}" for at, step in enumerate(steps)
    )
    return Timeline(
        id=name,
        width=width,
        height=round(base + half + _BOTTOM),
        steps=placed,
        line=line,
        base=base,
        floor=floor,
        years=_years(steps, slot, left, width),
        counts=(Tick(floor, "0"), Tick(floor - area, f"{peak:,}")),
        told=_told(steps, unit),
        unit=unit,
        odd=odd,
        most=tallest,
        left=left,
    )


def _height(count: int, tallest: int, room: int) -> float:
    return round(max(2.0, room * count / tallest), 2) if count else 0.0


def _years(steps: Sequence[Step], slot: float, left: int, width: int) -> tuple[Tick, ...]:
    """Labels where the year (or, in a short time, the step) changes, as many as there is room for."""
    marks: list[tuple[int, str]] = []
    for at, step in enumerate(steps):
        year = step.label.removeprefix("week of ")[:4]
        if not marks or marks[-1][1] != year:
            marks.append((at, year))
    if len(marks) < 3:
        marks = [(at, step.label.removeprefix("week of ")) for at, step in enumerate(steps)]
    room = 46 if len(marks[0][1]) == 4 else 84
    ticks: list[Tick] = []
    for at, label in reversed(marks):
        here = round(left + slot * at, 2)
        if here <= (ticks[-1].at if ticks else width + 8) - room:
            ticks.append(Tick(here, label))
    return tuple(reversed(ticks))


def _told(steps: Sequence[Step], unit: str) -> str:
    came, went = sum(step.came for step in steps), sum(step.went for step in steps)
    peak = max(steps, key=lambda step: step.there)
    busiest = max(steps, key=lambda step: step.came)
    return (
        f"From {steps[0].label} to {steps[-1].label}, by {unit}: {came:,} came in, {went:,} went out, "
        f"{steps[-1].there:,} are there at the end. The most at a time: {peak.there:,} ({peak.label}). "
        f"Most came in at {busiest.label} ({busiest.came:,})."
    )
