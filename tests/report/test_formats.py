"""What every format owes: coverage, what was held back, no secret, the same bytes always, golden output."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from leakguard.diff import compare
from leakguard.report import FORMATS, find_report
from leakguard.report.load import load
from tests.conftest import ROOT
from tests.report.samples import NEVER, OURS, finding, hostile, place, sample, token

GOLDEN = Path(__file__).parent / "golden"


def shown(form: str, result=None, *, show_secrets: bool = False) -> bytes:
    return find_report(form)([result or sample()], show_secrets=show_secrets, colour=False)


def test_every_format_here_is_in_the_table() -> None:
    assert set(OURS) <= set(FORMATS)


@pytest.mark.parametrize("form", OURS)
def test_a_format_writes_its_golden_report(form: str) -> None:
    golden = GOLDEN / f"report.{form}"
    if os.environ.get("LEAKGUARD_UPDATE_GOLDEN"):
        golden.write_bytes(shown(form))
    assert shown(form) == golden.read_bytes()


@pytest.mark.parametrize("form", OURS)
def test_a_comparison_has_its_golden_report_too(form: str) -> None:
    old = msgspec.structs.replace(
        sample(),
        findings=(finding("b"), finding("c", place("elsewhere.py")), finding("7"), finding("e")),
        version="1.2.2",
    )
    new = msgspec.structs.replace(sample(), findings=(*sample().findings[:3],))
    data = find_report(form)(compare([old], [new]), show_secrets=False, colour=False)
    golden = GOLDEN / f"diff.{form}"
    if os.environ.get("LEAKGUARD_UPDATE_GOLDEN"):
        golden.write_bytes(data)
    assert data == golden.read_bytes()


@pytest.mark.parametrize("form", OURS)
def test_no_secret_is_shown_unasked(form: str) -> None:
    data = shown(form)
    for seed in "abcef":
        assert token(seed)[4:] not in data
    assert b"hunter-two" not in data


@pytest.mark.parametrize("form", NEVER)
def test_formats_that_many_read_show_no_secret_even_where_asked(form: str) -> None:
    secret = token("a").decode()
    bare = place("app.py", 2, f"TOKEN = '{secret}' # {{}}")
    event = msgspec.structs.replace(
        finding("a").provenance.introduced[0].commit, subject=f"Add {secret}", author=f"{secret[:20]}|{secret}"
    )
    life = finding("a").provenance
    life = msgspec.structs.replace(life, introduced=(msgspec.structs.replace(life.introduced[0], commit=event),))
    leaky = msgspec.structs.replace(finding("a", bare), provenance=life, reasons=(f"like {secret}",))
    data = shown(form, msgspec.structs.replace(sample(), findings=(leaky,)), show_secrets=True)
    assert token("a")[8:] not in data


@pytest.mark.parametrize("form", ["text", "json", "jsonl", "csv", "gitlab"])
def test_secrets_are_shown_where_asked(form: str) -> None:
    assert token("a") in shown(form, show_secrets=True)


@pytest.mark.parametrize("form", OURS)
def test_coverage_is_in_every_format(form: str) -> None:
    text = shown(form).decode()
    assert "blob 00ff" in text
    assert "is damaged" in text
    assert "shallow" in text
    assert "12" in text


@pytest.mark.parametrize("form", OURS)
def test_what_was_held_back_is_counted_in_every_format(form: str) -> None:
    text = shown(form).decode()
    assert "placeholder" in text
    assert "refuted" in text


@pytest.mark.parametrize("form", [*OURS, "html"])
def test_what_is_encrypted_is_told_in_every_format(form: str) -> None:
    assert "SOPS" in shown(form).decode()


@pytest.mark.parametrize("form", sorted(set(OURS) - {"text", "gitlab"}))
def test_what_was_allowed_is_told_with_its_justification(form: str) -> None:
    assert "revoked in May" in shown(form).decode()


@pytest.mark.parametrize("form", OURS)
def test_a_saved_result_makes_the_same_report(form: str) -> None:
    for result in (sample(), hostile()):
        saved = load(shown("json", result), "saved.json")
        assert find_report(form)(saved, show_secrets=False, colour=False) == shown(form, result)


@pytest.mark.parametrize("form", ["text", "json", "jsonl", "csv", "gitlab"])
def test_a_result_that_was_saved_with_its_secrets_makes_the_same_report(form: str) -> None:
    saved = load(shown("json", show_secrets=True), "saved.json")
    assert find_report(form)(saved, show_secrets=True, colour=False) == shown(form, show_secrets=True)


@pytest.mark.parametrize("form", OURS)
def test_nothing_at_all_is_a_report_too(form: str) -> None:
    empty = msgspec.structs.replace(sample(), findings=(), suppressed=(), guidance={}, coverage=sample().coverage)
    assert shown(form, empty)
    assert isinstance(find_report(form)([], show_secrets=False, colour=False), bytes)


@pytest.mark.parametrize("form", OURS)
def test_no_control_character_reaches_a_report(form: str) -> None:
    text = shown(form, hostile()).decode()
    assert all(char.isprintable() or char in "\r\n" for char in text)
    assert any(part in text for part in ("Zoë", "Zo%C3%AB", "Zo\\u00eb"))


def test_two_hash_seeds_give_the_same_bytes() -> None:
    program = (
        "import hashlib\n"
        "from leakguard.report import find_report\n"
        "from tests.report.samples import OURS, hostile, sample\n"
        "for form in OURS:\n"
        "    data = find_report(form)([sample(), hostile()], show_secrets=False, colour=False)\n"
        "    print(form, hashlib.sha256(data).hexdigest())\n"
    )
    outs = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            cwd=ROOT,
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outs) == 1
