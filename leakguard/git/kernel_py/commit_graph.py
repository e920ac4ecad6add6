"""All commits as the rows they were read to, and what they say of sets of findings."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

from leakguard.git.kernel_error import KernelError
from leakguard.git.kernel_py.buffers import as_bytes, split
from leakguard.git.kernel_py.edges import EdgeWriter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from typing_extensions import Buffer

_BAD_ROWS = "the commits' rows are broken, or name objects that are not there"
_BAD_CLASSES = "the classes do not belong to the sets"
_MOST = (1 << 31) - 1


class CommitGraph:
    """All commits: `rows` as `append_commit` makes them, one after the other.

    Of two rows of one number the last counts. All numbers are under `total`. KernelError where the rows are broken.
    """

    def __init__(self, rows: Buffer, total: int) -> None:
        raw = as_bytes(rows)
        if len(raw) % 8 or not 0 <= total < _MOST:
            raise KernelError(_BAD_ROWS)
        self._total = total
        words = memoryview(raw).cast("q").tolist()
        self._rows: dict[int, tuple[int, tuple[int, ...], int]] = {}
        at = 0
        while at < len(words):
            if len(words) - at < 4 or not 0 <= words[at] < total or not 0 <= words[at + 3] <= len(words) - at - 4:
                raise KernelError(_BAD_ROWS)
            number, tree, time, parents = words[at : at + 4]
            self._rows.pop(number, None)
            self._rows[number] = (tree, tuple(words[at + 4 : at + 4 + parents]), time)
            at += 4 + parents

    def __len__(self) -> int:
        """How many commits there are."""
        return len(self._rows)

    def find(self, number: int, /) -> tuple[int, tuple[int, ...], int] | None:
        """Tree, parents and time of the commit of that number, None where there is none."""
        return self._rows.get(number)

    def ancestors(self, tips: Buffer, /) -> bytes:
        """The commits that lead to the tips (int32), and these: a bit an object, in the order that `reach` has."""
        raw = as_bytes(tips)
        if len(raw) % 4:
            raise KernelError(_BAD_ROWS)
        bits = bytearray(self._total // 8 + 1)
        waiting = memoryview(raw).cast("i").tolist()
        while waiting:
            number = waiting.pop()
            if number in self._rows and not bits[number >> 3] >> (number & 7) & 1:
                bits[number >> 3] |= 1 << (number & 7)
                waiting.extend(self._rows[number][1])
        return bytes(bits)

    def edges(self) -> bytes:
        """The parents that are there, as `reach` takes edges."""
        writer = EdgeWriter()
        for number, (_, parents, _) in self._rows.items():
            known = [parent for parent in parents if parent in self._rows]
            if known:
                writer.add(number, known)
        return bytes(writer.rows)

    def lives(
        self, classes: Buffer, sets: Buffer, reachable: Buffer, pushed: Buffer, width: int, /
    ) -> tuple[bytes, bytes, bytes]:
        """What became of each finding, given what `reach` says of trees and two answers of `ancestors`.

        Three int64 a finding: how many commits have it, whether a reachable and whether a pushed one does. Then int32
        pairs (finding, commit) where it came in and where it went: between what a commit has and what any of its
        parents has. A finding that a reachable commit has came and went by reachable ones only.
        """
        raw, known, leads = as_bytes(sets), as_bytes(reachable), as_bytes(pushed)
        size = self._total // 8 + 1
        if width <= 0 or width % 8 or not raw or len(raw) % width or not len(known) == len(leads) == size:
            raise KernelError(_BAD_CLASSES)
        masks = [int.from_bytes(one, "little") for one in split(raw, width)]
        values = _classes(classes, len(masks))
        own = {
            number: masks[values[tree]] if 0 <= tree < len(values) else 0 for number, (tree, _, _) in self._rows.items()
        }
        facts, living = array("q", bytes(3 * 8 * 8 * width)), 0
        for number, mask in own.items():
            alive, exposed = (bits[number >> 3] >> (number & 7) & 1 for bits in (known, leads))
            living |= mask if alive else 0
            for key in _keys(mask):
                facts[3 * key] += 1
                facts[3 * key + 1] |= alive
                facts[3 * key + 2] |= exposed
        introduced, removed = array("i"), array("i")
        for number, (_, parents, _) in self._rows.items():
            before = 0
            for parent in parents:
                before |= own.get(parent, 0)
            told = ~0 if known[number >> 3] >> (number & 7) & 1 else ~living
            for key in _keys(own[number] & ~before & told):
                introduced.extend((key, number))
            for key in _keys(before & ~own[number] & told):
                removed.extend((key, number))
        return facts.tobytes(), introduced.tobytes(), removed.tobytes()


def members(classes: Buffer, sets: Buffer, width: int, /) -> tuple[bytes, bytes]:
    """Which of `classes` (int32) hold each finding: int64 a finding, where its part of the following ends, and the
    places (int32) in `classes`, ascending, finding by finding."""
    raw = as_bytes(sets)
    if width <= 0 or width % 8 or len(raw) % width:
        raise KernelError(_BAD_CLASSES)
    masks = [int.from_bytes(one, "little") for one in split(raw, width)]
    held: list[list[int]] = [[] for _ in range(8 * width)]
    for place, number in enumerate(_classes(classes, len(masks))):
        for key in _keys(masks[number]):
            held[key].append(place)
    ends, places = array("q"), array("i")
    for found in held:
        places.extend(found)
        ends.append(len(places))
    return ends.tobytes(), places.tobytes()


def _classes(classes: Buffer, count: int) -> list[int]:
    raw = as_bytes(classes)
    values = [] if len(raw) % 4 else memoryview(raw).cast("i").tolist()
    if len(raw) % 4 or (values and not 0 <= min(values) <= max(values) < count):
        raise KernelError(_BAD_CLASSES)
    return values


def _keys(mask: int) -> Iterator[int]:
    """The numbers of the bits that are set, ascending."""
    return (key for key, bit in enumerate(reversed(f"{mask:b}")) if bit == "1")
