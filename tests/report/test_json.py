"""The JSON report is what its schema and docs/json.md say."""

from __future__ import annotations

import copy
import json
import re
from typing import get_args

import jsonschema
import msgspec
import pytest

from leakguard import model
from leakguard.diff import ComparedFinding, compare
from leakguard.report.json import SCHEMA, render
from tests.conftest import ROOT
from tests.report.samples import finding, hostile, sample

FILE = ROOT / "leakguard" / "report" / "result.schema.json"


def schema() -> dict:
    return json.loads(FILE.read_text("utf-8"))


def closed() -> dict:
    """The schema with no room for fields that it does not name."""
    found = copy.deepcopy(schema())
    for item in (found, *found["$defs"].values()):
        if "properties" in item:
            item["additionalProperties"] = False
    return found


def document(results, *, show_secrets: bool = False) -> dict:
    return json.loads(render(results, show_secrets=show_secrets, colour=False))


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    assert schema()["properties"]["schema"] == {"const": SCHEMA}


@pytest.mark.parametrize("show_secrets", [False, True])
def test_a_result_fits_the_schema_and_has_no_field_that_it_does_not_name(show_secrets: bool) -> None:
    jsonschema.Draft202012Validator(closed()).validate(document([sample(), hostile()], show_secrets=show_secrets))


def test_a_comparison_fits_the_schema() -> None:
    old = msgspec.structs.replace(sample(), findings=(finding("a"), finding("9")))
    jsonschema.Draft202012Validator(closed()).validate(document(compare([old], [sample()])))


def test_the_schema_s_lists_of_words_are_the_model_s() -> None:
    definitions = schema()["$defs"]
    assert definitions["finding"]["properties"]["severity"]["enum"] == list(model.SEVERITIES)
    assert definitions["finding"]["properties"]["confidence"]["enum"] == list(model.CONFIDENCES)
    kinds = {field.name: field.type for field in msgspec.structs.fields(model.Result)}["kind"]
    assert definitions["result"]["properties"]["kind"]["enum"] == list(get_args(kinds))


def test_the_page_names_every_field() -> None:
    page = (ROOT / "docs" / "json.md").read_text("utf-8")
    told = set(re.findall(r"`([a-z_]+)`", page))
    for name in ("result", "finding", "provenance", "place", "suppressed", "coverage", "advice", "secret", "guidance"):
        assert set(schema()["$defs"][name]["properties"]) <= told, name
    assert {"change", "change_note"} <= set(ComparedFinding.__struct_fields__) & told
