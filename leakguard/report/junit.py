"""JUnit XML, which nearly every CI server shows: a suite a target, a failed test a secret.

Held-back matches are skipped tests, what could not be read is an error, and secrets that a comparison calls fixed are
tests that pass. Never a secret in it: CI servers keep it for years.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as Xml

from leakguard.diff import ComparedFinding, Comparison
from leakguard.excerpt import escape
from leakguard.report.phrases import belief, coverage_lines, date, held_back, held_reason, life_facts
from leakguard.report.seal import seal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leakguard.model import Finding, Place, Result

_EVERYTHING = "everything was scanned"


def render(results: Sequence[Result], *, show_secrets: bool, colour: bool) -> bytes:  # noqa: ARG001
    """One document. `show_secrets` shows none."""
    root = Xml.Element("testsuites", name="leakguard")
    for result in seal(results) if show_secrets else results:
        root.append(_suite(result))
    for count in ("tests", "failures", "errors", "skipped"):
        root.set(count, str(sum(int(suite.get(count, "0")) for suite in root)))
    Xml.indent(root)
    document: bytes = Xml.tostring(root, encoding="utf-8")
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + document + b"\n"


def _suite(result: Result) -> Xml.Element:
    suite = Xml.Element("testsuite", name=escape(f"leakguard {result.kind} {result.target}"))
    properties = Xml.SubElement(suite, "properties")
    for name, value in _properties(result):
        Xml.SubElement(properties, "property", name=name, value=escape(value))
    cases = [_case(finding) for finding in result.findings]
    cases += [_passed(finding) for finding in (result.fixed if isinstance(result, Comparison) else ())]
    for item in result.suppressed:
        case = _named(item.rule, f"{item.secret} {_at(item.place)} {item.fingerprint[:12]}", item.place)
        Xml.SubElement(case, "skipped", message=escape(held_reason(item)))
        cases.append(case)
    cases.append(_whole(result))
    suite.extend(cases)
    for count, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(count, str(sum(case.find(tag) is not None for case in cases)))
    suite.set("tests", str(len(cases)))
    output = Xml.SubElement(suite, "system-out")
    output.text = "\n".join(map(escape, coverage_lines(result.coverage, result.rules, most=100)))
    return suite


def _properties(result: Result) -> list[tuple[str, str]]:
    found = [("leakguard", result.version), ("rules", str(result.rules)), ("head", result.head)]
    found += [(f"objects.{kind}", str(number)) for kind, number in result.coverage.objects.items()]
    found += [(f"held.{reason}", str(number)) for reason, number in result.coverage.held.items()]
    found += [(f"encrypted.{kind}", str(number)) for kind, number in result.coverage.encrypted.items()]
    found += [("bytes", str(result.coverage.bytes)), ("skipped", str(len(result.coverage.skipped)))]
    if isinstance(result, Comparison):
        found.append(("compared_with", result.compared_with))
    return [(name, value) for name, value in found if value]


def _case(finding: Finding) -> Xml.Element:
    place = finding.places[0] if finding.places else None
    case = _named(finding.rule, f"{finding.rule_name} {_at(place)} {finding.fingerprint[:12]}", place)
    change = f" ({finding.change})" if isinstance(finding, ComparedFinding) else ""
    message = f"{finding.severity}: {finding.rule_name} {finding.secret} {_at(place)}{change}"
    failure = Xml.SubElement(case, "failure", type=f"{finding.severity}/{finding.rule}", message=escape(message))
    failure.text = "\n".join(map(escape, _story(finding)))
    return case


def _passed(finding: ComparedFinding) -> Xml.Element:
    place = finding.places[0] if finding.places else None
    return _named(finding.rule, f"fixed: {finding.rule_name} {_at(place)} {finding.fingerprint[:12]}", place)


def _whole(result: Result) -> Xml.Element:
    """The test that always runs, so that a clean target is a passed test and an incomplete one is not."""
    case = Xml.Element("testcase", classname="leakguard.coverage", name=_EVERYTHING)
    missing = [item for item in result.coverage.skipped if item.incomplete]
    if missing:
        error = Xml.SubElement(case, "error", type="incomplete", message=f"{len(missing):,} could not be scanned")
        error.text = "\n".join(escape(f"{item.what} {item.reason}") for item in missing[:1000])
    elif held_back(result.coverage):
        Xml.SubElement(case, "system-out").text = escape(held_back(result.coverage))
    return case


def _story(finding: Finding) -> list[str]:
    lines = [f"{place.path}:{place.line}" for place in finding.places[:20]]
    if len(finding.places) > 20:
        lines.append(f"… and {len(finding.places) - 20:,} more places")
    if finding.places:
        lines += [f"  {line.line} | {line.text}" for line in finding.places[0].excerpt]
    lines.append(belief(finding))
    life = finding.provenance
    if life is not None:
        for word, events in (("introduced", life.introduced), ("removed", life.removed)):
            lines += [f"{word} {date(item.commit.time)} {item.commit.id} {item.commit.author}" for item in events[:10]]
        lines.append("; ".join(life_facts(life)))
    if finding.advice:
        lines += [f"{number}. {step}" for number, step in enumerate(finding.advice.steps, 1)]
    return [*lines, f"fingerprint {finding.fingerprint}"]


def _named(rule: str, name: str, place: Place | None) -> Xml.Element:
    case = Xml.Element("testcase", classname=escape(f"leakguard.{rule}"), name=escape(name))
    if place is not None:
        case.set("file", escape(place.path))
        case.set("line", str(place.line))
    return case


def _at(place: Place | None) -> str:
    return f"{place.path}:{place.line}" if place else "nowhere"
