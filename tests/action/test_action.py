"""The action in real shells on real events: a pull request that adds one secret, removes one and moves one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.conftest import make_repo

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.action.conftest import Hub, Pull
    from tests.action.runner import Job

pytest.importorskip("yaml", reason="action.yml is read with PyYAML")

PULL_REF = "refs/remotes/pull/3/merge"
ZERO = "0" * 40


def expect_added(job: Job, pull: Pull) -> None:
    """Only the added secret is told, at its line in the last commit, masked everywhere."""
    assert job.status == 1, job.log
    assert (job.outputs["status"], job.outputs["findings"], job.outputs["new"]) == ("findings", "1", "1")
    told = job.annotations()
    assert [(item.name, item.properties["file"], item.properties["line"]) for item in told] == [
        ("error", "new.py", "3")
    ]
    assert "new.py:3" in job.summary
    sarif = Path(job.outputs["sarif"]).read_text("utf-8")
    place = json.loads(sarif)["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert (place["artifactLocation"]["uri"], place["region"]["startLine"]) == ("new.py", 3)
    expect_no_secret(job, pull)


def expect_no_secret(job: Job, pull: Pull) -> None:
    """No secret in the log, nor in any file; the runner was told of it before anything else mentioned the finding."""
    written = [job.summary, *(Path(job.outputs[name]).read_text("utf-8") for name in ("sarif", "json"))]
    for secret in (pull.added, pull.removed, pull.moved):
        assert secret not in job.log
        assert not any(secret in text for text in written)
        spoken = [line for line in job.raw.splitlines() if secret in line]
        assert spoken in ([], [f"::add-mask::{secret}"])
    lines = job.raw.splitlines()
    masks = [number for number, line in enumerate(lines) if line.startswith("::add-mask::")]
    others = [number for number, line in enumerate(lines) if line.startswith(("::error", "::warning"))]
    assert not masks or not others or max(masks) < min(others)


@pytest.mark.parametrize("depth", [1, 2, 0])
def test_a_pull_request_is_blamed_for_what_it_adds_alone_however_shallow_the_checkout(
    hub: Hub, pull: Pull, depth: int
) -> None:
    hub.check_out(pull.merge, PULL_REF, depth)
    expect_added(hub.run("pull_request", hub.payload("pull_request", pull.base, pull.head)), pull)


def test_a_pull_request_from_a_fork_needs_nothing_of_the_fork(hub: Hub, pull: Pull) -> None:
    hub.check_out(pull.merge, PULL_REF)
    expect_added(hub.run("pull_request", hub.payload("pull_request_fork", pull.base, pull.head)), pull)


def test_pull_request_target_looks_at_the_head_though_the_base_is_checked_out(hub: Hub, pull: Pull) -> None:
    work = hub.check_out(pull.base)
    job = hub.run("pull_request_target", hub.payload("pull_request_target", pull.base, pull.head))
    expect_added(job, pull)
    assert not (work.path / "new.py").exists()


def test_a_merge_group_is_looked_at_by_what_it_adds(hub: Hub, pull: Pull) -> None:
    hub.check_out(pull.merge, "refs/remotes/origin/gh-readonly-queue/main/pr-3")
    expect_added(hub.run("merge_group", hub.payload("merge_group", pull.base, pull.merge)), pull)


def test_a_push_of_a_merge_is_looked_at_by_what_it_adds(hub: Hub, pull: Pull) -> None:
    hub.check_out(pull.merge)
    expect_added(hub.run("push", hub.payload("push", pull.base, pull.merge)), pull)


def test_what_a_merge_adds_of_its_own_is_told(hub: Hub, pull: Pull, token: Callable[[str], str]) -> None:
    work, evil = hub.origin, token("evil")
    work.git("checkout", "--quiet", "--detach", pull.merge)
    work.write("evil.py", f"KEY = '{evil}'\n")
    work.git("add", ".")
    work.git("commit", "--quiet", "--amend", "--no-edit")
    merge = work.git("rev-parse", "HEAD")
    hub.check_out(merge)
    job = hub.run("push", hub.payload("push", pull.base, merge))
    assert {item.properties["file"] for item in job.annotations()} == {"new.py", "evil.py"}
    assert evil not in job.log


def test_a_secret_that_a_later_commit_takes_out_again_is_told_without_a_line(
    hub: Hub, token: Callable[..., str]
) -> None:
    base = hub.origin.commit(a__py="1\n")
    hub.origin.commit(a__py=f"KEY = '{token('brief')}'\n")
    head = hub.origin.commit(a__py="2\n")
    hub.check_out(head)
    job = hub.run("push", hub.payload("push", base, head))
    assert (job.status, job.outputs["new"]) == (1, "1")
    assert not job.annotations()
    assert any(item.name == "error" and "a.py:1" in item.message for item in job.commands)


def test_all_that_ci_sees_was_pushed(hub: Hub, pull: Pull) -> None:
    hub.check_out(pull.base)
    job = hub.run("pull_request_target", hub.payload("pull_request_target", pull.base, pull.head))
    finding = json.loads(Path(job.outputs["json"]).read_text("utf-8"))["results"][0]["findings"][0]
    assert (finding["provenance"]["pushed"], finding["advice"]["situation"]) == (True, "pushed")
    assert finding["provenance"]["refs"] == ["refs/pull/3/head"]


def test_a_new_branch_is_held_against_the_default_branch(hub: Hub, pull: Pull) -> None:
    hub.check_out(pull.head, "refs/remotes/origin/feature")
    expect_added(hub.run("push", hub.payload("push_new_branch", ZERO, pull.head)), pull)


def test_a_new_tag_is_held_against_the_default_branch(hub: Hub, pull: Pull) -> None:
    hub.origin.git("tag", "-m", "one", "v1", pull.head)
    hub.check_out(pull.head, "refs/tags/v1")
    expect_added(hub.run("push", hub.payload("push_tag", ZERO, hub.origin.git("rev-parse", "v1"))), pull)


def test_a_forced_push_is_held_against_what_was_there_before(hub: Hub, pull: Pull) -> None:
    hub.check_out(pull.head, "refs/remotes/origin/feature")
    expect_added(hub.run("push", hub.payload("push_forced", pull.base, pull.head)), pull)


def test_a_forced_push_over_a_lost_commit_is_held_against_the_default_branch(hub: Hub, pull: Pull) -> None:
    hub.check_out(pull.head, "refs/remotes/origin/feature")
    payload = hub.payload("push_forced", pull.base, pull.head, before="1" * 40)
    expect_added(hub.run("push", payload), pull)


def test_a_deleted_branch_brings_nothing(hub: Hub, pull: Pull) -> None:
    hub.check_out(pull.merge)
    job = hub.run("push", hub.payload("push_deleted", pull.head, ZERO))
    assert (job.status, job.outputs["status"], job.outputs["findings"]) == (0, "clean", "0")


@pytest.mark.parametrize("event", ["schedule", "workflow_dispatch", "push_first"])
def test_without_a_commit_to_compare_with_the_whole_history_is_looked_at(hub: Hub, pull: Pull, event: str) -> None:
    hub.origin.git("merge", "--quiet", "--ff-only", pull.merge)
    hub.check_out(pull.merge)
    job = hub.run(event.split("_first")[0], hub.payload(event, ZERO, pull.merge))
    assert (job.status, job.outputs["findings"], job.outputs["new"]) == (1, "3", ""), job.log
    lines = {(item.properties["file"], item.properties["line"]) for item in job.annotations()}
    assert lines == {("new.py", "3"), ("here.py", "22")}
    assert {item.rsplit("'", 1)[0] for item in job.masks} == {pull.added, pull.removed, pull.moved}
    assert all(place in job.summary for place in ("new.py:3", "here.py:22", "old.py:1"))
    results = json.loads(Path(job.outputs["sarif"]).read_text("utf-8"))["runs"][0]["results"]
    physical = [item["locations"][0]["physicalLocation"] for item in results]
    told = {(item["artifactLocation"]["uri"], item["region"]["startLine"]) for item in physical}
    assert told == {("new.py", 3), ("here.py", 22), ("old.py", 1)}
    expect_no_secret(job, pull)


def test_scope_history_counts_what_the_event_brought(hub: Hub, pull: Pull) -> None:
    hub.check_out(pull.merge, PULL_REF)
    job = hub.run("pull_request", hub.payload("pull_request", pull.base, pull.head), scope="history")
    assert (job.status, job.outputs["findings"], job.outputs["new"]) == (1, "3", "1"), job.log


def test_a_pull_request_without_secrets_passes(hub: Hub, pull: Pull) -> None:
    hub.check_out(pull.base)
    job = hub.run("push", hub.payload("push", hub.origin.git("rev-parse", f"{pull.base}~1"), pull.base))
    assert (job.status, job.outputs["status"], job.outputs["findings"]) == (0, "clean", "0"), job.log
    assert not job.annotations()
    assert not job.masks


@pytest.mark.parametrize(("threshold", "status"), [("critical", 1), ("high", 1), ("low", 1), ("never", 0)])
def test_the_threshold_decides_whether_the_step_fails(hub: Hub, pull: Pull, threshold: str, status: int) -> None:
    hub.check_out(pull.merge, PULL_REF)
    job = hub.run("pull_request", hub.payload("pull_request", pull.base, pull.head), fail_on=threshold)
    assert (job.status, job.outputs["status"], job.outputs["failing"]) == (status, "findings", str(status)), job.log


def test_a_shallow_checkout_that_may_not_be_deepened_says_how_deep_it_has_to_be(hub: Hub, pull: Pull) -> None:
    hub.check_out(pull.merge, PULL_REF)
    job = hub.run("pull_request", hub.payload("pull_request", pull.base, pull.head), fetch="false")
    assert (job.status, job.outputs["status"]) == (2, "error")
    assert "fetch-depth: at least 5, or 0" in job.commands[0].message
    job = hub.run("schedule", hub.payload("schedule", pull.base, pull.head), fetch="false")
    assert (job.status, job.outputs["status"]) == (1, "findings")
    assert any("fetch-depth: 0" in item.message for item in job.commands)


@pytest.mark.parametrize("inputs", [{"fetch": "false"}, {"range": "nowhere..HEAD"}])
def test_a_base_that_cannot_be_had_is_no_silent_sweep(hub: Hub, pull: Pull, inputs: dict[str, str]) -> None:
    hub.check_out(pull.head, "refs/remotes/origin/feature")
    job = hub.run("pull_request", hub.payload("pull_request", pull.base, pull.head), **inputs)
    assert (job.status, job.outputs["status"]) == (2, "error"), job.log
    assert "is not in the checkout" in job.commands[0].message
    assert not job.masks


def test_nothing_of_the_workspace_is_run_or_imported(hub: Hub, pull: Pull) -> None:
    work = hub.check_out(pull.merge, PULL_REF)
    for name in ("click.py", "leakguard/__init__.py", "leakguard/__main__.py", "msgspec.py", "sitecustomize.py"):
        work.write(name, "raise SystemExit('the workspace was imported')\n")
    for hook in ("reference-transaction", "post-checkout", "fsmonitor-watchman"):
        work.write(f".git/hooks/{hook}", f"#!/bin/sh\ntouch '{hub.folder}/ran'\n")
        (work.path / ".git/hooks" / hook).chmod(0o755)
    work.git("config", "core.fsmonitor", f"touch '{hub.folder}/ran'")
    expect_added(hub.run("pull_request", hub.payload("pull_request", pull.base, pull.head)), pull)
    assert not (hub.folder / "ran").exists()


def test_inputs_are_data_and_never_shell(hub: Hub, pull: Pull) -> None:
    hub.check_out(pull.merge, PULL_REF)
    evil = f"$(touch {hub.folder}/ran)`touch {hub.folder}/ran`; touch {hub.folder}/ran #"
    for name in ("scope", "fail_on", "range", "path", "fetch", "config", "exclude"):
        job = hub.run("pull_request", hub.payload("pull_request", pull.base, pull.head), **{name: evil})
        assert job.status in (1, 2)
    assert not (hub.folder / "ran").exists()


def test_hostile_names_cannot_speak_to_the_runner(hub: Hub, token: Callable[[str], str]) -> None:
    base = hub.origin.commit(a__py="1\n")
    hub.origin.write("%0A::stop-commands::x,##[warning]y:z,line=9.py", f"KEY = '{token('h')}'\n")
    head = hub.origin.commit("::error::mine\n\n##[error]mine\n::add-mask::e")
    hub.check_out(head)
    job = hub.run("push", hub.payload("push", base, head))
    assert job.status == 1
    assert [item.properties["file"] for item in job.annotations()] == ["%0A::stop-commands::x,##[warning]y:z,line=9.py"]
    assert {item.name for item in job.commands} <= {"error", "notice", "warning", "debug"}
    assert job.masks == [token("h")]
    assert not any(line.lstrip().startswith("::error::mine") for line in job.raw.splitlines())


def test_a_secret_of_many_lines_is_masked_line_by_line(hub: Hub) -> None:
    from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    assert ed25519
    key = rsa.generate_private_key(65537, 2048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    base = hub.origin.commit(a__py="1\n")
    head = hub.origin.commit(key__pem=key)
    hub.check_out(head)
    job = hub.run("push", hub.payload("push", base, head))
    assert job.status == 1, job.log
    body = [line for line in key.decode().splitlines() if not line.startswith("-----")]
    assert set(body[:-1]) <= set(job.masks)
    assert not any(line in job.log for line in body[:-1])


def test_masks_are_not_printed_where_no_runner_would_swallow_them(hub: Hub, pull: Pull) -> None:
    hub.check_out(pull.merge, PULL_REF)
    program = hub.program
    program.write_text(program.read_text().replace("#!/bin/sh\n", "#!/bin/sh\nGITHUB_ACTIONS=\n"))
    job = hub.run("pull_request", hub.payload("pull_request", pull.base, pull.head))
    assert job.status == 1
    assert pull.added not in job.raw


@pytest.mark.parametrize("payload", ["", "[]", "{}", '{"pull_request": {"base": {"sha": "--upload-pack=x"}}}', "\0"])
def test_a_payload_that_tells_nothing_is_one_sentence(hub: Hub, payload: str) -> None:
    make_repo(hub.folder / "workspace").commit(a="1")
    place = hub.folder / "event.json"
    place.write_text(payload)
    job = hub.run("pull_request", place)
    assert (job.status, job.outputs["status"]) == (2, "error")
    assert [item.name for item in job.commands] == ["error"]


def test_without_a_checkout_the_next_step_is_told(hub: Hub, pull: Pull) -> None:
    (hub.folder / "workspace").mkdir()
    job = hub.run("pull_request", hub.payload("pull_request", pull.base, pull.head))
    assert job.status == 2
    assert "actions/checkout" in job.commands[0].message


def test_the_result_can_be_written_into_the_workspace(hub: Hub, pull: Pull) -> None:
    work = hub.check_out(pull.merge, PULL_REF)
    payload = hub.payload("pull_request", pull.base, pull.head)
    job = hub.run("pull_request", payload, sarif="out/a b.sarif", annotations="false", summary="false")
    assert Path(job.outputs["sarif"]) == work.path / "out/a b.sarif"
    assert (work.path / "out/a b.sarif").is_file()
    assert not job.annotations()
    assert not job.summary


def test_an_explicit_range_wins_over_the_event(hub: Hub, pull: Pull) -> None:
    hub.check_out(pull.head, "refs/remotes/origin/feature", 0)
    job = hub.run("schedule", hub.payload("schedule", ZERO, ZERO), range=f"{pull.base}..HEAD")
    expect_added(job, pull)


@pytest.mark.parametrize("event", ["pull_request", "schedule"])
def test_contents_that_a_partial_clone_left_out_are_fetched(hub: Hub, pull: Pull, event: str) -> None:
    hub.origin.git("config", "uploadpack.allowFilter", "true")
    hub.origin.git("merge", "--quiet", "--ff-only", pull.merge)
    hub.origin.git("clone", "--quiet", "--no-checkout", "--filter=blob:none", hub.origin.path.as_uri(),
                   str(hub.folder / "workspace"))  # fmt: skip
    job = hub.run(event, hub.payload(event, pull.base, pull.head))
    assert (job.status, job.outputs["findings"]) == (1, "1" if event == "pull_request" else "3"), job.log
    assert "not in this clone" not in job.log


def test_a_summary_of_thousands_is_cut_to_what_github_takes(hub: Hub, token: Callable[[str], str]) -> None:
    base = hub.origin.commit(a__py="1\n")
    head = hub.origin.commit(a__py="".join(f"KEY{number} = '{token(str(number))}'\n" for number in range(800)))
    hub.check_out(head)
    job = hub.run("push", hub.payload("push", base, head))
    assert (job.outputs["findings"], len(job.masks)) == ("800", 800)
    assert 900_000 < len(job.summary.encode()) <= 1 << 20
    assert "more" in job.summary


def test_the_token_that_the_checkout_left_in_its_own_configuration_is_held_back_and_masked(hub: Hub) -> None:
    from base64 import b64encode

    hub.origin.commit(a="1")
    head = hub.origin.commit(a="2")
    value = b64encode(b"x-access-token:" + b"ghs_" + b"0123456789" * 4).decode()
    hub.check_out(head).git("config", "http.https://github.com/.extraheader", f"AUTHORIZATION: basic {value}")
    job = hub.run("schedule", hub.payload("schedule", head, head))
    assert (job.status, job.outputs["status"]) == (0, "clean"), job.log
    assert value in job.masks
    assert value not in job.log
