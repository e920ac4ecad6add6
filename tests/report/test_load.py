"""A saved result comes back as values; what is none is told in one sentence."""

from __future__ import annotations

import json

import pytest

from leakguard.diff import Comparison, compare
from leakguard.errors import UsageError
from leakguard.report.json import render
from leakguard.report.load import load
from leakguard.report.seal import holds_secrets
from tests.report.samples import sample, token


def saved(*, show_secrets: bool = False) -> bytes:
    return render([sample()], show_secrets=show_secrets, colour=False)


def test_a_saved_result_is_the_result_without_its_secrets() -> None:
    (result,) = load(saved(), "r.json")
    assert result.coverage == sample().coverage
    assert [finding.places for finding in result.findings] == [finding.places for finding in sample().findings]
    assert [str(finding.secret) for finding in result.findings] == [str(item.secret) for item in sample().findings]
    assert not holds_secrets([result])


def test_a_secret_that_was_not_saved_cannot_be_revealed() -> None:
    (result,) = load(saved(), "r.json")
    with pytest.raises(UsageError, match="holds no secrets"):
        result.findings[0].secret.reveal()


def test_a_secret_that_was_saved_comes_back() -> None:
    (result,) = load(saved(show_secrets=True), "r.json")
    assert result.findings[0].secret.reveal() == token("a")
    assert token("a").decode() not in repr(result)
    assert token("a").decode() not in f"{result.findings[0].secret}"


def test_a_comparison_comes_back_as_one() -> None:
    (result,) = load(render(compare([sample()], [sample()]), show_secrets=False, colour=False), "d.json")
    assert isinstance(result, Comparison)
    assert {finding.change for finding in result.findings} == {"same"}


def test_texts_of_a_saved_file_are_made_inert_once_more() -> None:
    evil = saved().replace(b"Add settings", b"\\u001b[31m\\u202eAdd settings")
    (result,) = load(evil, "r.json")
    assert result.findings[0].provenance.introduced[0].commit.subject == "\\x1b[31m\\u202eAdd settings"


def test_fields_of_a_newer_leakguard_with_the_same_schema_are_passed_over() -> None:
    document = json.loads(saved())
    document["results"][0]["findings"][0]["mood"] = "bad"
    assert load(json.dumps(document).encode(), "r.json")[0].findings


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "no saved result"),
        (b"{}", "no saved result"),
        (b'{"schema": 1}', "no saved result"),
        (b'{"schema": "sarif/1"}', "no saved result"),
        (b'{"schema": "leakguard-result/2", "results": []}', "leakguard-result/2"),
        (b'{"schema": "leakguard-result/1\\u001b"}', "x1b"),
        (b'{"schema": "leakguard-result/1"}', "no list of results"),
        (b'{"schema": "leakguard-result/1", "results": [1]}', "results[0]"),
        (b'{"schema": "leakguard-result/1", "results": [{}]}', "results[0]"),
    ],
)
def test_what_is_no_saved_result_is_told_in_one_sentence(data: bytes, says: str) -> None:
    with pytest.raises(UsageError) as caught:
        load(data, "r.json")
    message = str(caught.value)
    assert message.startswith("r.json ")
    assert says in message
    assert "\n" not in message


@pytest.mark.parametrize("wrong", [None, 7, "x", [], {}, [[]], {"a": 1}, [{"rule": 1}]])
@pytest.mark.parametrize("field", ["findings", "fixed", "suppressed", "coverage", "guidance", "kind", "target"])
def test_a_field_of_another_type_never_raises_anything_else(field: str, wrong: object) -> None:
    document = json.loads(saved())
    document["results"][0][field] = wrong
    try:
        load(json.dumps(document).encode(), "r.json")
    except UsageError as problem:
        assert f"results[0].{field}" in str(problem)  # noqa: PT017


@pytest.mark.parametrize("wrong", [None, 7, "x", [], {}, [[]], {"redacted": 1}])
def test_a_finding_s_field_of_another_type_never_raises_anything_else(wrong: object) -> None:
    for field in json.loads(saved())["results"][0]["findings"][0]:
        document = json.loads(saved())
        document["results"][0]["findings"][0][field] = wrong
        try:
            load(json.dumps(document).encode(), "r.json")
        except UsageError as problem:
            assert f"results[0].findings[0].{field}" in str(problem).replace("[...]", "[0]")  # noqa: PT017
