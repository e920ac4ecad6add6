"""An anchor that needs a run is found in the lines that hold one, and an anchor needs one only where that is proven."""

from __future__ import annotations

import importlib
import random
from typing import TYPE_CHECKING, Any

import pytest

from leakguard.detect import runs
from leakguard.detect.anchors import AnchorScanner, compile_database
from leakguard.detect.runs import RUN, least_run
from leakguard.model import ANCHOR_WIDTH

if TYPE_CHECKING:
    from collections.abc import Iterator

compiled: Any = (
    importlib.import_module("leakguard.detect._runs") if runs.lines_with_runs is not runs.every_line else None
)


@pytest.fixture(params=["as the processor can", "as any processor can"], autouse=True)
def instructions(request: pytest.FixtureRequest) -> Iterator[None]:
    """All that follows, by each kind of instructions that the compiled part may use."""
    if compiled:
        compiled.use_newer(request.param == "as the processor can")
    yield
    if compiled:
        compiled.use_newer(True)


needs_compiled = pytest.mark.skipif(runs.lines_with_runs is runs.every_line, reason="the compiled part was not built")


@pytest.mark.parametrize(
    ("expression", "length"),
    [
        ("abc", 3),
        ("hf_[0-9A-Za-z]{34}", 37),
        ("(?i:acme)[^\n]{0,60}[^\n0-9A-Za-z_-](?:[0-9a-f]{32})", 32),
        ("(?:ab|c){4}", 4),
        (r"a{3}b{0,9}c{2}", 5),
        (r"a{3}b{0,9}\.c{4}", 4),
        (r"a{3}(?:\.c{2})?d{4}", 4),
        (r"(?:ab\.){2}", 2),
        (r"\bab\w{3}\d$", 6),
        (r"a[\w.]{30}", 1),
        ("a[^b]{30}", 1),
        ("key|[0-9a-f]{32}", 3),
    ],
)
def test_a_run_is_counted_only_where_every_match_has_it(expression: str, length: int) -> None:
    assert least_run(expression) == length


ANCHORS = [(0, "ab[01]{18}"), (1, r"(?i:key)[^\n]{0,9}[^\n\w-][a-f]{20}"), (2, r"^x[01]{19}$"), (3, r"\bab[01]\b")]


@pytest.mark.parametrize("seed", range(8))
def test_what_is_found_in_lines_with_runs_is_what_is_found_everywhere(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = random.Random(seed)
    pieces = [
        "ab" + "01" * 9,
        "KEY = " + "abcdef" * 4,
        "\nx" + "0" * 19 + "\n",
        "ab0",
        "\n",
        "\n\n",
        " ",
        "=",
        "a" * 40,
        "\xe9",
    ]
    text = "".join(source.choices(pieces, k=400)).encode("latin-1")
    scanner = AnchorScanner(compile_database(ANCHORS))
    found = scanner.hits(text)
    monkeypatch.setattr("leakguard.detect.anchors.lines_with_runs", runs.every_line)
    assert found == scanner.hits(text)
    assert {rule for _, rule in found} == {0, 1, 2, 3}


WIDEST = [
    (0, r"<[^\n]{0,490}[01]{20}\b"),
    (1, r"[01]{20}[^\n]{0,490}>"),
    (2, r"^<[01]{30}|[01]{30}>$"),
    (3, r"\b[01]{20}\b"),
    (4, r"[^\n]{492}[01]{20}"),
]


def test_in_a_long_line_nothing_is_lost_and_nothing_is_made_up(monkeypatch: pytest.MonkeyPatch) -> None:
    source = random.Random(1)
    gaps = [" " * length for length in (1, 2, 60, 440, 470, 489, 490, 491, 492, 511, 512, 513, 1030, 1100, 3000)]
    pieces = [*gaps, "<", ">", "01" * 10, "1" * 30, "0" * 19, "." * 600, "01" * 300, "." * 5000, "\n"]
    weights = [len(pieces) / 4] * (len(pieces) - 1) + [0.5]
    texts = ["".join(source.choices(pieces, weights, k=300)).encode() for _ in range(100)]
    scanner = AnchorScanner(compile_database(WIDEST))
    found = list(map(scanner.hits, texts))
    monkeypatch.setattr("leakguard.detect.anchors.lines_with_runs", runs.every_line)
    assert found == list(map(scanner.hits, texts))
    assert {rule for hits in found for _, rule in hits} == {0, 1, 2, 3, 4}


@needs_compiled
def test_of_a_long_line_what_is_far_from_every_run_is_left_out() -> None:
    run, far = b"A" * RUN, b"." * 3000
    text = b"first " + run + b"\n" + far + run + far + run + b" " + run + far + b"\n" + far + b"\n" + run
    lines, rows = runs.lines_with_runs(text, RUN, ANCHOR_WIDTH)
    near = far[:ANCHOR_WIDTH]
    blocks = [b"first " + run + b"\n", near + run + near, near + run + b" " + run + near, run]
    assert lines == blocks[0] + b"\n".join(blocks[1:])
    pairs = memoryview(rows).cast("q").tolist()
    joined, starts = pairs[::2], pairs[1::2]
    for block, at, start in zip(blocks, joined, starts, strict=True):
        assert lines[at : at + len(block)] == text[start : start + len(block)] == block


@needs_compiled
@pytest.mark.parametrize("arguments", [(b"a", 0, 1), (b"a", 33, 1), (b"a", 20, 0), (b"a", 20, (1 << 20) + 1)])
def test_what_no_run_can_be_is_refused(arguments: tuple[bytes, int, int]) -> None:
    with pytest.raises(ValueError, match="1 to 32 bytes"):
        runs.lines_with_runs(*arguments)


@pytest.mark.parametrize("before", range(0, 130, 3))
@pytest.mark.parametrize("ending", [b"", b"\n", b"\nlast"])
def test_a_run_is_seen_wherever_it_lies_in_the_text(before: int, ending: bytes) -> None:
    start = b"first\n" + b" " * before
    for length in (RUN - 1, RUN, RUN + 1):
        data = start + b"A" * length + ending
        lines, rows = runs.lines_with_runs(data, RUN, ANCHOR_WIDTH)
        if runs.lines_with_runs is runs.every_line:
            assert (lines, rows) == (data, bytes(16))
        elif length < RUN:
            assert (lines, rows) == (b"", b"")
        else:
            assert lines == data[6 : len(data) - len(ending.lstrip(b"\n"))]
            assert memoryview(rows).cast("q").tolist() == [0, 6]


@needs_compiled
def test_a_run_is_made_of_the_characters_that_anchors_are_measured_by() -> None:
    for byte in range(256):
        lines, _ = runs.lines_with_runs(bytes([byte]) * RUN, RUN, ANCHOR_WIDTH)
        assert bool(lines) == (least_run(rf"\x{byte:02x}") == 1)


def test_lines_that_lie_side_by_side_are_one_block() -> None:
    text = (b"a" * 20 + b"\n") * 2 + b"short\n" + b"b" * 30
    lines, rows = runs.lines_with_runs(text, RUN, ANCHOR_WIDTH)
    if runs.lines_with_runs is not runs.every_line:
        assert lines == text.replace(b"short\n", b"")
        assert memoryview(rows).cast("q").tolist() == [0, 0, 42, 48]
