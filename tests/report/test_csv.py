"""CSV that a spreadsheet shows and never runs."""

from __future__ import annotations

import csv
import io

import pytest

from leakguard.report.csv import COLUMNS, inert, render
from tests.report.samples import HOSTILE, hostile, sample


def rows(*results) -> list[dict[str, str]]:
    text = render(results or [sample()], show_secrets=False, colour=False).decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_a_row_a_finding_then_held_back_then_coverage() -> None:
    records = [row["record"] for row in rows()]
    assert records[:6] == ["finding"] * 4 + ["held back"] * 2
    assert records[6:8] == ["not scanned"] * 2
    assert set(records[8:]) == {"coverage"}


def test_a_row_says_when_who_where_and_what_to_do() -> None:
    row = rows()[1]
    assert row["path"] == "old.py"
    assert row["introduced_on"] == "2020-09-14"
    assert row["removed"] == f"{5:040x}"
    assert row["exposed_days"] == "4"
    assert row["do_first"] == "It was pushed. Rotate it first."


@pytest.mark.parametrize(
    "text", ["=1", "+1", "-1", "@A1", "\t=1", " =1", "\r=1", "\n=1", "'=1", "\uff1d1", "|cmd", "\tx"]
)
def test_what_a_spreadsheet_would_run_becomes_text(text: str) -> None:
    assert inert(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "src/a.py", "a=b", "2024-01-01", "12"])
def test_other_cells_stay_as_they_are(text: str) -> None:
    assert inert(text) == text


def test_no_cell_of_a_hostile_repository_is_a_formula() -> None:
    found = rows(hostile())
    assert [row["path"].removeprefix("'") for row in found[: len(HOSTILE)]] == list(HOSTILE)
    for row in found:
        assert list(row) == list(COLUMNS)
        assert not any(cell.lstrip().startswith(("=", "+", "-", "@", "|", "%")) for cell in row.values())
