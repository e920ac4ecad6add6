"""`leakguard action`: what the GitHub Action runs. Reads the runner's environment, writes its files, prints commands.

Nothing is printed between the moment when secrets are known and the moment when the runner was told to mask them.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from leakguard.cli.options import Looking, load_rules, settings_for
from leakguard.errors import LeakguardError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from leakguard.ci.checkout import Checkout
    from leakguard.ci.event import Plan
    from leakguard.ci.inputs import Inputs
    from leakguard.config import Settings
    from leakguard.model import Result

RUNNERS_OWN = ".git/config"
"""actions/checkout leaves the job's own short-lived token there; it is in no repository. It is masked all the same."""


@click.command("action", hidden=True)
def command() -> int:
    """Run inside GitHub Actions: look at what the event brought, annotate, summarise, and fail where it has to."""
    from leakguard.cli.main import WRONG
    from leakguard.report.github import command as workflow_command

    environment = dict(os.environ)
    try:
        return _run(environment)
    except LeakguardError as problem:
        _say(workflow_command("error", {"title": "leakguard"}, str(problem)))
        _write_outputs(environment, {"status": "error"})
        return WRONG


def _run(environment: Mapping[str, str]) -> int:
    from leakguard.ci.checkout import Checkout, require_repository
    from leakguard.ci.inputs import read_inputs

    inputs = read_inputs(environment)
    plan = _plan(inputs, environment)
    if plan.scope == "nothing":
        _say(f"leakguard: {plan.why}")
        _write_outputs(environment, {"status": "clean", "findings": "0", "new": "0"})
        return 0
    checkout = Checkout(_workspace(environment) / inputs.path, environment, may_fetch=inputs.fetch)
    require_repository(checkout)
    result, looked, fresh = _look(checkout, plan, inputs)
    return _report(result, looked, fresh, inputs, environment)


def _plan(inputs: Inputs, environment: Mapping[str, str]) -> Plan:
    from leakguard.ci.event import plan_for, plan_range, whole_history

    if inputs.range:
        return plan_range(inputs.range)
    event = environment.get("GITHUB_EVENT_NAME", "")
    plan = plan_for(event, _payload(environment.get("GITHUB_EVENT_PATH", "")))
    return whole_history(plan) if inputs.scope == "history" else plan


def _payload(path: str) -> object:
    if not path:
        return {}
    try:
        return json.loads(Path(path).read_bytes())
    except (OSError, ValueError, RecursionError):
        raise UsageError(f"the event's payload at {path} cannot be read; give the input `range` or `scope`.") from None


def _workspace(environment: Mapping[str, str]) -> Path:
    return Path(environment.get("GITHUB_WORKSPACE") or ".")


def _look(checkout: Checkout, plan: Plan, inputs: Inputs) -> tuple[Result, str, int | None]:
    """The result, what was looked at in words, and how many findings are new (None: nothing says what is new)."""
    settings = settings_for(
        checkout.path,
        Looking(
            config=checkout.path / inputs.config if inputs.config else None,
            only=inputs.rules,
            exclude=(*inputs.exclude, RUNNERS_OWN),
        ),
    )
    span = checkout.range_of(plan) if plan.scope == "range" else None
    if span is None:
        return _sweep(checkout, plan, settings)
    base, head = span
    count = len(checkout.commits(base, head))
    looked = f"{plan.why}: {base[:10]}..{head[:10]}, {count:,} {'commit' if count == 1 else 'commits'}"
    _announce(checkout, looked)
    result = _range(checkout, plan, span, settings)
    return result, looked, len(result.findings)


def _range(checkout: Checkout, plan: Plan, span: tuple[str, str], settings: Settings) -> Result:
    from leakguard.changes.ranges import look_at_bundle
    from leakguard.git.ranges import ranged_bundle
    from leakguard.git.repository import open_repository

    base, head = span
    repository = open_repository(checkout.path)
    bundle = ranged_bundle(repository, f"{base}..{head}")
    tags = checkout.tags(plan.head)
    # All of it came from a server, and the checkout made sure that no edge of a shallow clone lies in it.
    bundle = msgspec.structs.replace(
        bundle, tags=tags, tips=((plan.ref, (*tags, head)[0]),), unpushed=frozenset(), notes=()
    )
    return look_at_bundle(repository, bundle, f"{base[:10]}..{head[:10]}", load_rules(settings), settings)


def _sweep(checkout: Checkout, plan: Plan, settings: Settings) -> tuple[Result, str, int | None]:
    from leakguard.ci.present import as_published
    from leakguard.model import Skipped
    from leakguard.sweep.run import sweep

    whole = checkout.complete()
    looked = plan.why if plan.scope == "history" else f"{plan.why}, and no commit to compare with: the whole history"
    _announce(checkout, looked)
    result = as_published(sweep(checkout.path, load_rules(settings), settings))
    if not whole:
        missing = Skipped("the older history", "is not in the shallow checkout; check out with fetch-depth: 0")
        coverage = msgspec.structs.replace(result.coverage, skipped=(*result.coverage.skipped, missing))
        result = msgspec.structs.replace(result, coverage=coverage)
    return result, looked, _count_new(checkout, plan, result)


def _count_new(checkout: Checkout, plan: Plan, result: Result) -> int | None:
    """How many findings only commits of the event's own range introduced."""
    base = next(filter(None, map(checkout.resolve, plan.bases)), "")
    if not base or not plan.head:
        return None
    brought = set(checkout.commits(base, plan.head))
    lives = [finding.provenance.introduced for finding in result.findings if finding.provenance]
    return sum(bool(life) and all(event.commit.id in brought for event in life) for life in lives)


def _announce(checkout: Checkout, looked: str) -> None:
    for line in checkout.fetched:
        _say(f"leakguard: {line}")
    _say(f"leakguard: looking at {looked}")


def _report(result: Result, looked: str, fresh: int | None, inputs: Inputs, environment: Mapping[str, str]) -> int:
    """Masks first, then everything else; the exit status."""
    from leakguard.ci.workflow import masks

    if environment.get("GITHUB_ACTIONS") == "true":  # another log would show the masks instead of hiding them
        _say(*masks([result]))
    if inputs.annotations:
        _print(_render("github", result))
    if inputs.summary and environment.get("GITHUB_STEP_SUMMARY"):
        _append(Path(environment["GITHUB_STEP_SUMMARY"]), _summary(result, looked))
    places = {name: _place(getattr(inputs, name), name, environment) for name in ("sarif", "json")}
    _write(places["json"], _render("json", result))
    # Code scanning does not read suppressions: it would open an alert for everything that is held back.
    _write(places["sarif"], _render("sarif", msgspec.structs.replace(result, suppressed=())))
    status, code = _verdict(result, inputs)
    failing = sum(inputs.fails(finding.severity) for finding in result.findings)
    count = len(result.findings)
    _write_outputs(
        environment,
        {
            "status": status,
            "findings": str(count),
            "failing": str(failing),
            "new": "" if fresh is None else str(fresh),
            "looked-at": looked,
            **{name: str(place) for name, place in places.items()},
        },
    )
    _say(f"leakguard: {status}; {count:,} found, {failing:,} of them at or above fail-on={inputs.fail_on}")
    return code


def _verdict(result: Result, inputs: Inputs) -> tuple[str, int]:
    from leakguard.cli.main import CLEAN, FOUND, INCOMPLETE

    if any(inputs.fails(finding.severity) for finding in result.findings):
        return "findings", FOUND
    if result.coverage.stale and inputs.fail_on != "never":
        return "stale", FOUND
    if not result.coverage.complete:
        return "incomplete", CLEAN if inputs.fail_on == "never" else INCOMPLETE
    return ("findings" if result.findings else "clean"), CLEAN


def _render(form: str, result: Result) -> bytes:
    from leakguard.report import find_report

    return find_report(form)([result], show_secrets=False, colour=False)


def _summary(result: Result, looked: str) -> bytes:
    from leakguard.report.markdown import SUMMARY, len_utf8, within, words

    tail = f"\nLooked at {words(looked)}.\n"
    return (within([result], SUMMARY - len_utf8(tail), len_utf8) + tail).encode("utf-8", "backslashreplace")


def _place(chosen: str, name: str, environment: Mapping[str, str]) -> Path:
    if chosen:
        return _workspace(environment) / chosen
    return Path(environment.get("RUNNER_TEMP") or ".") / "leakguard" / f"leakguard.{name}"


def _write_outputs(environment: Mapping[str, str], values: Mapping[str, str]) -> None:
    from leakguard.ci.workflow import output

    if environment.get("GITHUB_OUTPUT"):
        text = "".join(output(name, value) for name, value in values.items())
        _append(Path(environment["GITHUB_OUTPUT"]), text.encode("utf-8", "backslashreplace"))


def _write(place: Path, data: bytes) -> None:
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    except OSError as problem:
        raise UsageError(f"{place} cannot be written ({problem.strerror}); choose another place.") from None


def _append(place: Path, data: bytes) -> None:
    try:
        with place.open("ab") as file:
            file.write(data)
    except OSError as problem:
        raise UsageError(f"the runner's file {place} cannot be written ({problem.strerror}).") from None


def _say(*lines: str) -> None:
    _print("".join(f"{line}\n" for line in lines).encode("utf-8", "backslashreplace"))


def _print(data: bytes) -> None:
    sys.stdout.flush()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
