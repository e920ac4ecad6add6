"""One self-contained HTML page: summary, timeline, charts, and a table that 20,000 findings do not slow down.

Nothing is loaded and nothing is sent: the content security policy allows this page's own script and style by their
hashes and nothing else. What a repository wrote is text: escaped in the markup, inert in the data block, and put on the
screen by `textContent` alone (the policy's trusted types forbid any other way).
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from leakguard.diff import Comparison
from leakguard.excerpt import escape
from leakguard.report.page.charts import WIDTH, charts
from leakguard.report.page.data import document, encode
from leakguard.report.page.mask import Mask
from leakguard.report.page.summary import cards, changed, facts, verdict
from leakguard.report.page.timeline import timelines
from leakguard.report.phrases import coverage_lines, held_reason

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jinja2 import Template

    from leakguard.model import Finding, Result, Suppressed

_HELD_LISTED = 500
"""How many held-back matches of a target the page lists; the rest is counted."""
_SKIPPED = 200


def render(results: Sequence[Result], *, show_secrets: bool, colour: bool) -> bytes:  # noqa: ARG001
    """The page as UTF-8. The same results give the same bytes."""
    mask = Mask([] if show_secrets else results)
    findings = [finding for result in results for finding in result.findings]
    style, script = _resource("page.css"), _resource("page.js")
    shown = _template().render(
        policy=_policy(style, script),
        style=style,
        script=script,
        data=encode(document(results, mask, show_secrets=show_secrets)),
        title=", ".join(mask.path(result.target) for result in results[:3]) or "nothing",
        targets=[_target(result, mask) for result in results],
        version=results[0].version if results else "",
        listed=len(findings) + sum(len(_fixed(result)) for result in results),
        secrets_shown=show_secrets,
        complete=all(result.coverage.complete for result in results),
        verdict=" ".join(filter(None, (changed(results), verdict(findings)))),
        cards=cards(findings, has_history=any(finding.provenance for finding in findings)),
        timelines=timelines(findings),
        charts=charts(findings, mask),
        bar_width=WIDTH,
    )
    return (shown.rstrip("\n") + "\n").encode("utf-8", "backslashreplace")


def _target(result: Result, mask: Mask) -> dict[str, Any]:
    """What the page says of one target beside its findings. Coverage is told in the words of every report."""
    coverage = result.coverage
    return {
        "name": mask.path(result.target),
        "facts": [(label, mask.path(text)) for label, text in facts(result)],
        "coverage": [mask.text(line) for line in coverage_lines(coverage, result.rules, most=_SKIPPED)],
        "held_count": sum(coverage.held.values()),
        "suppressed": [_suppressed(item, mask) for item in result.suppressed[:_HELD_LISTED]],
        "suppressed_more": max(0, len(result.suppressed) - _HELD_LISTED),
    }


def _suppressed(item: Suppressed, mask: Mask) -> dict[str, str]:
    place = f"{item.place.path}:{item.place.line}" if item.place else ""
    return {"rule": item.rule, "place": mask.path(place), "why": mask.text(held_reason(item))}


def _fixed(result: Result) -> tuple[Finding, ...]:
    return result.fixed if isinstance(result, Comparison) else ()


def _shown(value: object) -> object:
    """What the template writes: every text without control and direction characters. `Markup` is our own."""
    from markupsafe import Markup

    return escape(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _policy(style: str, script: str) -> str:
    """Nothing at all is allowed but this very style and this very script."""
    return (
        f"default-src 'none'; script-src '{_sha256(script)}'; style-src '{_sha256(style)}'; "
        "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    )


def _sha256(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


@cache
def _resource(name: str) -> str:
    """A file of the page, with line feeds wherever it was checked out."""
    found = files("leakguard.report.page").joinpath(name).read_bytes().decode("utf-8")
    return found.replace("\r\n", "\n")


@cache
def _template() -> Template:
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, finalize=_shown
    )
    return environment.from_string(_resource("template.html"))
