"""A pack's order is cut into spans of whole delta trees, by each kernel alike."""

from __future__ import annotations

from array import array
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leakguard.git import kernel_py
from tests.git.kernels import compiled, int32s, int64s, needs_both, outcome, unhurried
from tests.git.test_pack_table import Entry, forests, make_pack

if TYPE_CHECKING:
    from types import ModuleType

MISFIT = ("KernelError", "the columns do not belong to one pack")


def columns(entries: list[Entry]) -> tuple[bytes, bytes, bytes]:
    table = kernel_py.pack_table(*make_pack(entries), 20)
    return table.order, table.depths, table.offsets


@unhurried
@given(forests(hostile=True), st.integers(-1, 30), st.integers(-1, 100))
def test_the_spans_are_whole_trees_and_cover_the_order(
    kernel: ModuleType, entries: list[Entry], step: int, budget: int
) -> None:
    order, depths, offsets = columns(entries)
    spans = kernel.families(order, depths, offsets, step, budget)
    edges = [0, *(end for _, end, _ in spans)]
    assert [begin for begin, _, _ in spans] == edges[:-1]
    assert edges[-1] == len(int32s(order))
    assert all(int32s(depths)[begin] == 0 for begin, _, _ in spans)


@unhurried
@given(forests())
def test_a_span_weighs_its_objects_up_to_its_budget(kernel: ModuleType, entries: list[Entry]) -> None:
    order, depths, offsets = columns(entries)
    sizes = [end - start for start, end in pairwise(int64s(offsets))]
    for begin, end, weight in kernel.families(order, depths, offsets, 1, 40):
        weighed = 0
        for number in int32s(order)[begin:end]:
            weighed += sizes[number] if weighed < 40 else 0
        assert weight == weighed


@needs_both
@unhurried
@given(
    st.lists(st.integers(-1, 5), max_size=8),
    st.lists(st.integers(0, 2), max_size=8),
    st.lists(st.integers(0, 1 << 40), max_size=5),
    st.integers(0, 4),
    st.integers(0, 1 << 41),
)
def test_the_kernels_agree_on_any_columns(
    order: list[int], depths: list[int], offsets: list[int], step: int, budget: int
) -> None:
    assert compiled is not None
    given_columns = (array("i", order), array("i", depths), array("q", offsets), step, budget)
    assert outcome(compiled.families, *given_columns) == outcome(kernel_py.families, *given_columns)


@pytest.mark.parametrize("cut", range(3))
def test_columns_of_broken_length_are_refused(kernel: ModuleType, cut: int) -> None:
    given_columns = list(columns([(3, 1, 0), (6, 1, 0)]))
    given_columns[cut] = given_columns[cut][:-1]
    assert outcome(kernel.families, *given_columns, 1, 1) == MISFIT


def test_an_order_beyond_the_pack_is_refused(kernel: ModuleType) -> None:
    _, depths, offsets = columns([(3, 1, 0), (3, 1, 0)])
    for number in (2, -1):
        assert outcome(kernel.families, array("i", [0, number]), depths, offsets, 1, 1) == MISFIT
