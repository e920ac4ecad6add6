"""Cutting a pack's order to pieces of work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leakguard.git.kernel_error import KernelError

if TYPE_CHECKING:
    from typing_extensions import Buffer


def families(order: Buffer, depths: Buffer, offsets: Buffer, step: int, budget: int, /) -> list[tuple[int, int, int]]:
    """Half-open spans of ``order``, each of whole delta trees, and the packed bytes of each: of as many times ``step``
    objects as weigh ``budget``, and the rest of the last tree, which is not weighed.

    The columns are a pack's: int32 ``order`` and ``depths``, int64 ``offsets``.
    """
    numbers, below, places = (memoryview(part).cast("B") for part in (order, depths, offsets))
    if len(numbers) != len(below) or len(numbers) % 4 or len(places) % 8:
        raise KernelError("the columns do not belong to one pack")
    numbers, below, places = numbers.cast("i"), below.cast("i"), places.cast("q")
    if len(numbers) and not 0 <= min(numbers) <= max(numbers) < len(places) - 1:
        raise KernelError("the columns do not belong to one pack")
    spans: list[tuple[int, int, int]] = []
    begin, total = 0, len(numbers)
    while begin < total:
        end, weight = begin, 0
        while end < total and weight < max(1, budget):
            stop = min(end + max(1, step), total)
            weight += sum(places[number + 1] - places[number] for number in numbers[end:stop])
            end = stop
        while end < total and below[end]:
            end += 1
        spans.append((begin, end, weight))
        begin = end
    return spans
