"""GitHub annotations at the right lines, and no way out of them."""

from __future__ import annotations

import re

import msgspec

from leakguard.report.github import command, render
from tests.report.samples import HOSTILE, finding, hostile, place, sample

LINE = re.compile(r"::(error|warning|notice|debug)(?: ((?:[a-zA-Z]+=[^,:]*)(?:,[a-zA-Z]+=[^,:]*)*))?::(.*)")


def commands(*results) -> list[tuple[str, dict[str, str], str]]:
    """What GitHub's runner makes of the lines."""
    found = []
    for line in render(results or [sample()], show_secrets=False, colour=False).decode().splitlines():
        match = LINE.fullmatch(line)
        assert match, line
        properties = dict(pair.split("=", 1) for pair in (match[2] or "").split(",") if pair)
        found.append((match[1], {key: decoded(value) for key, value in properties.items()}, decoded(match[3])))
    return found


def decoded(text: str) -> str:
    for code, char in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(code, char)
    return text


def test_a_finding_in_head_is_an_error_at_its_line_and_columns() -> None:
    level, where, message = commands()[0]
    assert level == "error"
    assert where == {
        "file": "app.py",
        "line": "2",
        "endLine": "2",
        "col": "10",
        "endColumn": "50",
        "title": "critical: GitHub personal access token",
    }
    assert "Rotate it first." in message


def test_a_finding_that_head_no_longer_has_is_at_no_line() -> None:
    _, where, message = commands()[1]
    assert "file" not in where
    assert "at old.py:4" in message


def test_a_commit_message_is_at_no_line() -> None:
    assert "file" not in commands()[2][1]


def test_a_plain_file_is_at_its_line() -> None:
    level, where, _ = commands()[3]
    assert (level, where["file"], where["line"]) == ("warning", "settings/dev.env", "7")


def test_coverage_comes_last_and_what_was_not_read_is_a_warning() -> None:
    found = commands()
    assert found[-1][0] == "notice"
    assert "12 blobs" in found[-1][2]
    assert ("warning", {"title": "leakguard: not scanned"}, "blob 00ff is damaged") in found


def test_hostile_text_stays_in_its_property() -> None:
    scanned = [
        msgspec.structs.replace(finding("a", place(text)), provenance=None, advice=None, fingerprint=str(number))
        for number, text in enumerate(HOSTILE)
    ]
    result = msgspec.structs.replace(sample(), findings=tuple(scanned), suppressed=())
    found = commands(result)
    assert [where.get("file") for _, where, _ in found[: len(HOSTILE)]] == list(HOSTILE)


def test_every_line_is_one_command_whatever_a_repository_holds() -> None:
    assert len(commands(hostile())) == len(HOSTILE) + 1 + len(HOSTILE) + 1


def test_escapes_are_those_of_the_runner() -> None:
    assert command("error", {"file": "a,b:%\r\n"}, "x,y:%\r\n") == "::error file=a%2Cb%3A%25%0D%0A::x,y:%25%0D%0A"
