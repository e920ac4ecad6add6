"""What stands at a spot, masked: its place and excerpt, by no path. Many commits lead to a spot, by several."""

from __future__ import annotations

from collections import defaultdict
from functools import lru_cache
from typing import TYPE_CHECKING

from leakguard.detect.decoders import find_inner, find_inners
from leakguard.excerpt import TextView

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from leakguard.collect import Spot
    from leakguard.detect.detector import Detector
    from leakguard.git.objects import Objects
    from leakguard.model import Place

NAME = "name:"
"""The label of a spot in a file name begins so; the holder is the tree, the rest of the label the name."""
WHOLE = ("commit", "tag")
"""Labels of spots in objects that are no blobs; their offsets count in the whole object."""
BATCH = 8
"""Spots that one task quotes."""


class Quotes:
    """Quotes spots. Without a detector nothing is masked. `outside` are texts beside the object database, by label."""

    def __init__(self, objects: Objects, detector: Detector | None, outside: Mapping[str, bytes]) -> None:
        self.objects, self.detector, self.outside = objects, detector, outside
        self._view = lru_cache(maxsize=64)(self._make_view)
        self._unfolded: tuple[str, dict[str, bytes]] = ("", {})

    def place(self, spot: Spot) -> Place | None:
        """A spot's place, or None where what holds it cannot be read."""
        view = self._view(spot.holder, spot.label)
        if view is None:
            return None
        source = spot.label if spot.label in WHOLE else "blob" if spot.holder else "repository"
        source = "file name" if spot.label.startswith(NAME) else source
        return view.place("", spot.start, spot.end, source, spot.holder, mask=self.detector is not None)

    def places(self, spots: Sequence[Spot]) -> dict[Spot, Place | None]:
        """The places of spots that are sorted: each archive among their holders is unfolded once."""
        labels: dict[str, set[str]] = defaultdict(set)
        for spot in spots:
            if not _is_own(spot.label):
                labels[spot.holder].add(spot.label)
        quoted = {}
        for spot in spots:
            if spot.holder in labels and spot.holder != self._unfolded[0]:
                self._unfolded = (spot.holder, self._inners(spot.holder, labels[spot.holder]))
            quoted[spot] = self.place(spot)
        self._unfolded = ("", {})
        return quoted

    def _inners(self, holder: str, labels: Iterable[str]) -> dict[str, bytes]:
        content = self._content(holder)
        return {} if content is None else find_inners(content, labels)

    def _make_view(self, holder: str, label: str) -> TextView | None:
        text = self._text(holder, label)
        return None if text is None else TextView(text, self.detector)

    def _text(self, holder: str, label: str) -> bytes | None:
        if not holder:
            return self.outside.get(label, b"")
        if label.startswith(NAME):
            return name_of(label)
        if holder == self._unfolded[0] and label in self._unfolded[1]:
            return self._unfolded[1][label]
        content = self._content(holder)
        return content if content is None or _is_own(label) else find_inner(content, label)

    def _content(self, holder: str) -> bytes | None:
        try:
            return self.objects.read(holder)[1]
        except (KeyError, ValueError):
            return None


def batches(spots: Iterable[Spot]) -> list[list[Spot]]:
    """Spots in objects, in tasks for workers; those in one object, or in an archive, stay together. What takes longest
    comes first, so that nobody waits for it at the end: archives."""
    return sorted(_batches(spots), key=lambda batch: -sum(not _is_own(spot.label) for spot in batch))


def _batches(spots: Iterable[Spot]) -> Iterator[list[Spot]]:
    batch: list[Spot] = []
    for spot in sorted({spot for spot in spots if spot.holder}):
        if len(batch) >= BATCH and batch[-1].holder != spot.holder:
            yield batch
            batch = []
        batch.append(spot)
    if batch:
        yield batch


def name_of(label: str) -> bytes:
    """The file name that a label stands for."""
    return label[len(NAME) :].encode("utf-8", "surrogateescape")


def _is_own(label: str) -> bool:
    """Whether a label means an object's own bytes, or a name; else it means a text inside of it."""
    return label in ("", *WHOLE) or label.startswith(NAME)
