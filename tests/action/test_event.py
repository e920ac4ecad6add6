"""What an event asks for follows from its payload alone, and no payload can ask for anything else."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leakguard.ci.event import Plan, plan_for, plan_range
from leakguard.errors import UsageError

A, B, NONE = "a" * 40, "b" * 40, "0" * 40
REPOSITORY = {"repository": {"default_branch": "main"}}
KEYS = ("pull_request", "base", "head", "sha", "ref", "before", "after", "forced", "repository", "commits")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(KEYS), inner),
)


@given(st.sampled_from(["push", "pull_request", "merge_group", "schedule", "x\ny"]), JSON)
@settings(max_examples=200, deadline=None)
def test_any_payload_is_a_plan_or_one_sentence(event: str, payload: Any) -> None:
    try:
        plan = plan_for(event, payload)
    except UsageError:
        return
    assert plan.why.isprintable()
    assert not any(name.startswith("-") for name in (*plan.bases, plan.head))


@pytest.mark.parametrize("name", ["-x", "a..b", "a b", "a\nb", "a:b", "*", "a/", "@{u}", "", None, 3])
def test_a_default_branch_that_is_no_branch_name_is_not_asked_for(name: object) -> None:
    payload = {"ref": "refs/heads/x", "before": NONE, "after": A, "repository": {"default_branch": name}}
    assert plan_for("push", payload).scope == "history"


def test_a_forced_push_falls_back_to_the_default_branch_but_not_to_itself() -> None:
    payload = {"before": A, "after": B, "forced": True, **REPOSITORY}
    assert plan_for("push", {"ref": "refs/heads/x", **payload}).bases == (A, "refs/heads/main")
    assert plan_for("push", {"ref": "refs/heads/main", **payload}).bases == (A,)


def test_an_event_nobody_thought_of_is_the_whole_history() -> None:
    assert plan_for("release", json.loads("{}")) == Plan("history", "release: the whole history")


@pytest.mark.parametrize("text", ["", "a", "..", "a..", "..b", "a...b", "--x..b", "a..-b", "a b..c"])
def test_what_is_no_range_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="two dots"):
        plan_range(text)
