"""Which of a base's candidates an edit hands down."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

from leakguard.git.kernel_error import KernelError
from leakguard.git.kernel_py.buffers import as_bytes

if TYPE_CHECKING:
    from typing_extensions import Buffer


def inherited(clean: Buffer, ends: Buffer, /) -> bytes:
    """Where in a child the candidates are whose ends in the base lie in clean intervals.

    `clean` are the rows of `Chain.rows`, `ends` the candidates' ends, int64 and ascending. Returns int64 rows of four:
    the candidate's place in `ends`, shift = child position - base position, and the copy [start, end) in the child that
    holds it. KernelError where one of the two is no whole number of rows.
    """
    rows, numbers = as_bytes(clean), as_bytes(ends)
    if len(rows) % 40 or len(numbers) % 8:
        raise KernelError("the rows are no chain's")
    known = memoryview(numbers).cast("q")
    found = array("q")
    cells = iter(memoryview(rows).cast("q"))
    for lowest, highest, shift, start, end in zip(*[cells] * 5, strict=True):
        for number in range(bisect_left(known, lowest - shift), bisect_right(known, highest - shift)):
            found.extend((number, shift, start, end))
    return found.tobytes()
