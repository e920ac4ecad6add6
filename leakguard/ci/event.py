"""What an event of GitHub Actions asks to look at, from its name and its payload alone.

The payloads' shape comes from GitHub's pages "Events that trigger workflows" and "Webhook events and payloads". Nothing
here reads a file or runs git: what the checkout lacks is found out later, in `leakguard.ci.checkout`.
"""

from __future__ import annotations

import re
from typing import Any, Literal

import msgspec

from leakguard.errors import UsageError

Scope = Literal["range", "history", "nothing"]

_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_NOT_IN_A_BRANCH = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|^[-/]|[/.]$")
_HEADS = "refs/heads/"


class Plan(msgspec.Struct, frozen=True):
    """What to look at.

    A range is what `head` has and the first base that can be had has not. Where none can, it is the whole history with
    `or_history`, an error without.
    A base is a commit's id, or the full name of a branch of the remote. `commits` is how many commits the event says
    that it brought (0: it does not say), which tells how deep a shallow checkout has to be. `ref` is what holds `head`
    on the server ('': not told).
    """

    scope: Scope
    why: str
    bases: tuple[str, ...] = ()
    head: str = ""
    commits: int = 0
    ref: str = ""
    or_history: bool = False


def plan_for(event: str, payload: object) -> Plan:
    """What the event called `event` asks to look at. UsageError where its payload lacks what would tell."""
    if event in ("pull_request", "pull_request_target"):
        return _pull_request(payload)
    if event == "push":
        return _push(payload)
    if event == "merge_group":
        base, head = _commit(payload, "merge_group", "base_sha"), _commit(payload, "merge_group", "head_sha")
        return Plan("range", "a group of the merge queue", (base,), head, ref=_ref(payload, "merge_group", "head_ref"))
    name = re.sub(r"[^\w-]", "?", event) or "a run without an event"
    return Plan("history", f"{name}: the whole history")


def plan_range(text: str) -> Plan:
    """The range `A..B` that a person wrote; names are resolved in the checkout."""
    base, dots, head = text.strip().partition("..")
    if not dots or not base or not head or head.startswith(".") or any(map(_unsafe, (base, head))):
        raise UsageError(f"range: {text!r} is no range; write two commits or branches and two dots, like main..HEAD.")
    return Plan("range", "the range that was asked for", (base,), head)


def whole_history(plan: Plan) -> Plan:
    """The same event, looked at from the repository's first commit on."""
    return plan if plan.scope == "nothing" else msgspec.structs.replace(plan, scope="history")


def _pull_request(payload: object) -> Plan:
    base = _commit(payload, "pull_request", "base", "sha")
    head = _commit(payload, "pull_request", "head", "sha")
    count = _get(payload, "pull_request", "commits")
    number = _get(payload, "pull_request", "number")
    return Plan(
        "range",
        f"pull request {number}" if isinstance(number, int) else "a pull request",
        (base,),
        head,
        count if isinstance(count, int) else 0,
        f"refs/pull/{number}/head" if isinstance(number, int) else "",
    )


def _push(payload: object) -> Plan:
    ref = _ref(payload, "ref")
    if _get(payload, "deleted") is True:
        return Plan("nothing", "the push deleted its ref: it brought nothing")
    after, before = _get(payload, "after"), _get(payload, "before")
    if not isinstance(after, str) or not _COMMIT.fullmatch(after) or not after.strip("0"):
        return Plan("history", "a push that does not say what it brought: the whole history")
    brought = _get(payload, "commits")
    count = len(brought) if isinstance(brought, list) else 0
    default = _default_branch(payload)
    others = (default,) if default and default != ref else ()
    what = "a tag" if ref.startswith("refs/tags/") else "a branch"
    known = isinstance(before, str) and bool(_COMMIT.fullmatch(before)) and bool(before.strip("0"))
    if not known:
        if not others:
            return Plan("history", f"the first push of {what}: the whole history", (), after)
        return Plan(
            "range",
            f"a new {what[2:]}: what the default branch does not have",
            others,
            after,
            count,
            ref,
            or_history=True,
        )
    assert isinstance(before, str)
    if _get(payload, "forced") is True:
        return Plan("range", f"a forced push to {what}", (before, *others), after, count, ref, or_history=True)
    return Plan("range", f"a push to {what}", (before,), after, count, ref)


def _default_branch(payload: object) -> str:
    name = _get(payload, "repository", "default_branch")
    if not isinstance(name, str) or not name or _NOT_IN_A_BRANCH.search(name):
        return ""
    return _HEADS + name


def _ref(payload: object, *keys: str) -> str:
    found = _get(payload, *keys)
    return found if isinstance(found, str) and found.startswith("refs/") else ""


def _commit(payload: object, *keys: str) -> str:
    found = _get(payload, *keys)
    if not isinstance(found, str) or not _COMMIT.fullmatch(found):
        raise UsageError(
            f"the event's payload has no commit at {'.'.join(keys)}; give the inputs `range: A..B` or `scope: history`."
        )
    return found


def _get(payload: Any, *keys: str) -> object:
    for key in keys:
        payload = payload.get(key) if isinstance(payload, dict) else None
    return payload


def _unsafe(name: str) -> bool:
    return name.startswith("-") or not name.isprintable() or " " in name
