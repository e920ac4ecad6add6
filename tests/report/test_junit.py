"""JUnit XML that CI servers count rightly."""

from __future__ import annotations

from xml.etree import ElementTree as Xml

import msgspec

from leakguard.diff import compare
from leakguard.report.junit import render
from tests.report.samples import HOSTILE, finding, hostile, sample


def parsed(*results) -> Xml.Element:
    return Xml.fromstring(render(results or [sample()], show_secrets=False, colour=False))


def test_the_counts_are_those_of_the_cases() -> None:
    root = parsed(sample(), sample())
    for suite in root:
        cases = suite.findall("testcase")
        assert suite.get("tests") == str(len(cases)) == "7"
        assert suite.get("failures") == str(len(suite.findall("testcase/failure"))) == "4"
        assert suite.get("skipped") == str(len(suite.findall("testcase/skipped"))) == "2"
        assert suite.get("errors") == str(len(suite.findall("testcase/error"))) == "1"
    assert [root.get(name) for name in ("tests", "failures", "errors", "skipped")] == ["14", "8", "2", "4"]


def test_a_clean_target_is_one_test_that_passes() -> None:
    clean = msgspec.structs.replace(
        sample(), findings=(), suppressed=(), coverage=msgspec.structs.replace(sample().coverage, skipped=())
    )
    (case,) = parsed(clean).findall("testsuite/testcase")
    assert [child.tag for child in case] == ["system-out"]


def test_what_could_not_be_read_is_an_error() -> None:
    error = parsed().find("testsuite/testcase/error")
    assert error.get("message") == "1 could not be scanned"
    assert error.text == "blob 00ff is damaged"


def test_fixed_secrets_are_tests_that_pass() -> None:
    old = msgspec.structs.replace(sample(), findings=(finding("a"), finding("9")))
    new = msgspec.structs.replace(sample(), findings=(finding("a"),), suppressed=())
    cases = parsed(*compare([old], [new])).findall("testsuite/testcase")
    fixed = [case for case in cases if case.get("name").startswith("fixed: ")]
    assert [list(case) for case in fixed] == [[]]


def test_hostile_text_comes_back_as_it_was() -> None:
    suite = parsed(hostile())[0]
    assert [case.get("file") for case in suite.findall("testcase")[: len(HOSTILE)]] == list(HOSTILE)
