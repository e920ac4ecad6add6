"""From remembered positions back to what stands there.

Only the texts that are asked for are read, and in each of them only the rule that found something is asked again, on
the lines where it did: its answer depends on nothing but the bytes around (`Matcher.neighbourhood`) and the day. Where
more than that decided (a comment beside a secret, another half of a credential, another rule that claims the same
bytes) the whole text is detected anew.
"""

from __future__ import annotations

from functools import cached_property
from itertools import groupby
from typing import TYPE_CHECKING, Any

from leakguard.assemble import is_listed_kind
from leakguard.detect.allowances import read_comments
from leakguard.detect.decoders import find_inners
from leakguard.detect.detector import match_of
from leakguard.model import Held
from leakguard.sweep.quotes import WHOLE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from leakguard.collect import Spot
    from leakguard.detect.detector import Detector, Found
    from leakguard.detect.matching import Confirmed
    from leakguard.git.objects import Objects
    from leakguard.model import Match, Rule
    from leakguard.sweep.memory import GroupRow, HeldRow


class StaleError(ValueError):
    """At a remembered position stands something else, or nothing."""


class Reviver:
    """Reads what remembered rows stand for. StaleError where that is not there any more."""

    def __init__(self, objects: Objects, detector: Detector) -> None:
        self.objects, self.detector = objects, detector

    def groups(self, rows: Sequence[GroupRow]) -> list[Match]:
        """The match of each row."""
        return self._each([row.seen for row in rows], lambda text, at: text.match(rows[at]))

    def held(self, rows: Sequence[HeldRow]) -> list[Held]:
        """What each row holds back."""
        return self._each([row.spot for row in rows], lambda text, at: text.held(rows[at]))

    def values(self, rows: Sequence[HeldRow]) -> list[bytes]:
        """The bytes of each row's span, whatever they are."""
        return self._each([row.spot for row in rows], lambda text, at: text.value(rows[at].spot))

    def is_counted(self, row: HeldRow) -> bool:
        """Whether nobody asks what a row holds back: reports say only how many there are of its reason. Whether an
        expression takes too long is seen anew each time; encrypted texts are told where they are."""
        return row.reason not in ("timeout", "encrypted") and not is_listed_kind(row.reason, self.rule(row.rule)[1])

    def rule(self, name: str) -> tuple[int, Rule]:
        """The number and the rule of this id."""
        number = self.detector.numbers.get(name)
        if number is None:
            raise StaleError(name)
        return number, self.detector.rules[number]

    def _each(self, spots: Sequence[Spot], ask: Callable[[_Text, int], Any]) -> list[Any]:
        """An answer for each spot, in their order; asked text by text."""
        answers: list[Any] = [None] * len(spots)
        for text, places in self._texts(spots):
            for at in places:
                answers[at] = ask(text, at)
        return answers

    def _texts(self, spots: Sequence[Spot]) -> Iterator[tuple[_Text, list[int]]]:
        """The texts that hold spots, each with the places of its spots. They come in the order of the packs, where the
        versions of a file are neighbours; one is held at a time, or what is asked for of one archive."""
        numbers = {holder: self._number(holder) for holder in {spot.holder for spot in spots}}
        order = sorted(range(len(spots)), key=lambda at: (numbers[spots[at].holder], spots[at].label))
        for holder, inside in groupby(order, key=lambda at: spots[at].holder):
            content = self._read(holder)
            places = {label: list(group) for label, group in groupby(inside, key=lambda at: spots[at].label)}
            inner = find_inners(content, [label for label in places if label not in ("", *WHOLE)])
            for label, group in places.items():
                yield _Text(self, _inner(content, inner, label)), group

    def _number(self, holder: str) -> int:
        try:
            return self.objects.find(holder)
        except ValueError as problem:
            raise StaleError(str(problem)) from None

    def _read(self, holder: str) -> bytes:
        try:
            return self.objects.read(holder)[1]
        except (KeyError, ValueError) as problem:
            raise StaleError(str(problem)) from None


class _Text:
    """One text in which something was found before."""

    def __init__(self, reviver: Reviver, content: bytes) -> None:
        self.detector, self.rule, self.content = reviver.detector, reviver.rule, content

    def value(self, spot: Spot) -> bytes:
        return self.content[spot.start : spot.end]

    def match(self, row: GroupRow) -> Match:
        """What is shown at a row's spot."""
        start, end = row.seen.start, row.seen.end
        found = None if row.joined or self.commented else self.confirmed(row.rule, start, end)
        if found is not None and found.held is None:
            matches = [match_of(self.rule(row.rule)[1], found, start, end)]
        else:
            matches = [it for it in self.detected.matches if (it.rule, it.start, it.end) == (row.rule, start, end)]
        if not matches or bool(matches[0].expired) != row.expired:
            raise StaleError(row.rule)
        return matches[0]

    def held(self, row: HeldRow) -> Held:
        """What is held back at a row's spot, for the row's reason. What a confirmation holds back, nothing shows."""
        start, end = row.spot.start, row.spot.end
        found = self.confirmed(row.rule, start, end)
        if found is not None and found.held == row.reason:
            return Held(row.reason, row.rule, found.detail, "", found.secret, start, end)
        place = (row.rule, start, end, row.reason)
        for held in self.detected.held:
            if (held.rule, held.start, held.end, held.reason) == place:
                return held
        raise StaleError(row.rule)

    def confirmed(self, name: str, start: int, end: int) -> Confirmed | None:
        """What one rule says of a span, as `Detector.detect` would be told of it: by the first anchor that leads there.
        An anchor lies in one line, so the lines in which it can end are enough."""
        number, rule = self.rule(name)
        content, matcher = self.content, self.detector.matcher
        lowest, highest = end - rule.reach, start + rule.reach
        first, last = (lowest - 1, highest) if rule.multiline else (start, end)
        begin = content.rfind(b"\n", 0, max(0, first)) + 1
        stop = content.find(b"\n", last)
        for at, other in self.detector.scanner.hits(content[begin : stop if stop >= 0 else len(content)]):
            anchor = begin + at
            if other != number or not lowest <= anchor <= highest:
                continue
            found = matcher.confirm(content, number, anchor)
            if found is not None and (anchor + found.start, anchor + found.end) == (start, end):
                return found
        return None

    @cached_property
    def commented(self) -> bool:
        """Whether there are comments that may allow something."""
        return read_comments(self.content) is not None

    @cached_property
    def detected(self) -> Found:
        """All that the text holds."""
        return self.detector.detect(self.content)


def _inner(content: bytes, inner: Mapping[str, bytes], label: str) -> bytes:
    if label in ("", *WHOLE):
        return content
    if label not in inner:
        raise StaleError(label)
    return inner[label]
