"""The action's inputs as its steps hand them over: variables of the environment, every one of them text."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import msgspec

from leakguard.errors import UsageError
from leakguard.model import SEVERITIES, Severity

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX = "LEAKGUARD_ACTION_"
"""Before an input's name in capitals, dashes as underscores: `fail-on` is LEAKGUARD_ACTION_FAIL_ON."""


class Inputs(msgspec.Struct, frozen=True):
    """What the workflow asked for. Defaults are those of action.yml; a test holds the two together."""

    path: str = "."
    scope: str = "auto"
    range: str = ""
    fail_on: str = "low"
    fetch: bool = True
    rules: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    config: str = ""
    annotations: bool = True
    summary: bool = True
    sarif: str = ""
    json: str = ""

    def fails(self, severity: Severity) -> bool:
        """Whether a finding of this severity fails the step."""
        return self.fail_on != "never" and SEVERITIES.index(severity) <= SEVERITIES.index(
            cast("Severity", self.fail_on)
        )


def read_inputs(environment: Mapping[str, str]) -> Inputs:
    """The inputs in `environment`; what is empty is at its default. UsageError names the input that is wrong."""

    def text(name: str, default: str) -> str:
        return environment.get(f"{PREFIX}{name.upper().replace('-', '_')}", "").strip() or default

    return Inputs(
        path=text("path", "."),
        scope=_one_of("scope", text("scope", "auto"), ("auto", "history")),
        range=text("range", ""),
        fail_on=_one_of("fail-on", text("fail-on", "low"), (*reversed(SEVERITIES), "never")),
        fetch=_switch("fetch", text("fetch", "true")),
        rules=tuple(text("rules", "").split()),
        exclude=tuple(filter(None, map(str.strip, text("exclude", "").splitlines()))),
        config=text("config", ""),
        annotations=_switch("annotations", text("annotations", "true")),
        summary=_switch("summary", text("summary", "true")),
        sarif=text("sarif", ""),
        json=text("json", ""),
    )


def _one_of(name: str, value: str, known: tuple[str, ...]) -> str:
    if value not in known:
        raise UsageError(f"the input `{name}` is {value!r}; write one of {', '.join(known)}.")
    return value


def _switch(name: str, value: str) -> bool:
    return _one_of(name, value.lower(), ("true", "false")) == "true"
