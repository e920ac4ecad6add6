"""JSON lines: whole at every line's end."""

from __future__ import annotations

import json

from leakguard.report.jsonl import finding_line, render, stream
from tests.report.samples import sample


def test_every_line_is_an_object_with_a_type() -> None:
    lines = render([sample()], show_secrets=False, colour=False).splitlines()
    kinds = [json.loads(line)["type"] for line in lines]
    assert kinds == ["result", *["finding"] * 4, *["suppressed"] * 2, "guidance", "coverage"]


def test_a_finding_s_line_is_the_same_while_a_sweep_still_runs() -> None:
    result = sample()
    lines = iter(stream([result], show_secrets=False))
    next(lines)
    assert next(lines) == finding_line(result.findings[0], result.target, show_secrets=False)


def test_the_last_line_tells_a_whole_stream_from_one_that_was_cut() -> None:
    last = json.loads(list(stream([sample()], show_secrets=False))[-1])
    assert (last["type"], last["findings"], last["complete"]) == ("coverage", 4, False)
