"""GitLab's secret detection report, held against what its published schema 15.1.4 asks for."""

from __future__ import annotations

import json
import re

import msgspec
import pytest

from leakguard.report.gitlab import render
from tests.report.samples import HOSTILE, finding, hostile, sample, token

TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}")


def report(*results, show_secrets: bool = False) -> dict:
    return json.loads(render(results or [sample()], show_secrets=show_secrets, colour=False))


@pytest.fixture(params=["sample", "hostile", "nothing"])
def document(request: pytest.FixtureRequest) -> dict:
    nothing = msgspec.structs.replace(sample(), findings=(), suppressed=())
    return report({"sample": sample(), "hostile": hostile(), "nothing": nothing}[request.param])


def test_the_scan_has_all_that_the_schema_requires(document: dict) -> None:
    scan = document["scan"]
    assert re.fullmatch(r"\d+\.\d+\.\d+", document["version"])
    assert scan["type"] == "secret_detection"
    assert scan["status"] == "success"
    assert TIME.fullmatch(scan["start_time"])
    assert TIME.fullmatch(scan["end_time"])
    for program in (scan["analyzer"], scan["scanner"]):
        assert all(program[name] for name in ("id", "name", "version"))
        assert program["vendor"]["name"]
        assert re.match(r"https?://.+", program["url"])
    for message in scan["messages"]:
        assert message["level"] in ("info", "warn", "fatal")
        assert message["value"]


def test_a_vulnerability_has_all_that_the_schema_requires(document: dict) -> None:
    for item in document["vulnerabilities"]:
        assert re.fullmatch(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}", item["id"])
        assert item["severity"] in ("Info", "Unknown", "Low", "Medium", "High", "Critical")
        assert len(item["name"]) <= 255
        assert len(item["description"]) <= 1_048_576
        assert len(item["solution"]) <= 7000
        assert item["location"]["commit"]["sha"]
        assert isinstance(item["location"]["start_line"], int)
        for identifier in item["identifiers"]:
            assert all(identifier[name] for name in ("type", "name", "value"))
        for link in item.get("links", []):
            assert re.match(r"(https?|ftp)://.+", link["url"])


def test_details_are_of_the_schema_s_types(document: dict) -> None:
    required = {
        "text": {"value"},
        "code": {"value"},
        "list": {"items"},
        "commit": {"value"},
        "file-location": {"file_name", "line_start"},
    }
    for item in document["vulnerabilities"]:
        for detail in item["details"].values():
            assert detail["name"]
            for field in (detail, *detail.get("items", [])):
                assert required[field["type"]] <= field.keys()


def test_ids_are_one_a_finding() -> None:
    ids = [item["id"] for item in report(hostile())["vulnerabilities"]]
    assert len(set(ids)) == len(ids) == len(HOSTILE)


def test_the_commit_is_the_one_that_introduced_it() -> None:
    location = report()["vulnerabilities"][0]["location"]
    assert location["commit"]["sha"] == f"{1:040x}"
    assert location["commit"]["author"] == "Ada <ada@example.com>"
    assert (location["file"], location["start_line"]) == ("app.py", 2)


def test_a_plain_file_has_no_commit_and_says_so_as_gitlab_does() -> None:
    plain = msgspec.structs.replace(finding("a"), provenance=None)
    (item,) = report(msgspec.structs.replace(sample(), findings=(plain,)))["vulnerabilities"]
    assert item["location"]["commit"] == {"sha": "0000000"}


def test_what_was_not_scanned_is_a_warning() -> None:
    messages = report()["scan"]["messages"]
    assert {"level": "warn", "value": "not scanned: blob 00ff is damaged"} in messages


def test_the_description_holds_nothing_that_a_repository_wrote() -> None:
    for item in report(hostile())["vulnerabilities"]:
        assert not any(text in item["description"] for text in HOSTILE)


def test_only_the_source_extract_holds_the_secret_and_only_where_asked() -> None:
    (item, *_) = report(show_secrets=True)["vulnerabilities"]
    assert item.pop("raw_source_code_extract") == token("a").decode()
    assert token("a").decode() not in json.dumps(item)
    assert "raw_source_code_extract" not in report()["vulnerabilities"][0]
