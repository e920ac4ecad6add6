"""The GitLab job's script, run as a runner would, against a real repository."""

from __future__ import annotations

import json
import os
import subprocess
from base64 import b64encode
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from tests.action.runner import ROOT
from tests.conftest import HERMETIC

if TYPE_CHECKING:
    from tests.action.conftest import Hub, Pull

yaml = pytest.importorskip("yaml", reason="the template is read with PyYAML")

ZERO = "0" * 40


def run(hub: Hub, **variables: str) -> tuple[int, str, list[str]]:
    """Status, log, and the files of the findings."""
    job = yaml.safe_load((ROOT / "templates" / "gitlab-ci.yml").read_text("utf-8"))["leakguard"]
    script = "\n".join(job["script"]).replace("/tmp/leakguard/bin/leakguard", str(hub.program))
    work = hub.folder / "workspace"
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    done = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", script],
        cwd=work,
        env={**inherited, **HERMETIC, "LEAKGUARD_CACHE": str(hub.cache), "CI_DEFAULT_BRANCH": "main", **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    result = work / "leakguard.json"
    if not result.is_file():
        return done.returncode, done.stdout, []
    assert (work / "leakguard.junit.xml").is_file()
    report = json.loads((work / "gl-secret-detection-report.json").read_text("utf-8"))
    return done.returncode, done.stdout, [item["location"]["file"] for item in report["vulnerabilities"]]


@pytest.mark.parametrize(
    "variables",
    [
        {"CI_PIPELINE_SOURCE": "merge_request_event", "CI_MERGE_REQUEST_DIFF_BASE_SHA": "@BASE@"},
        {"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_BEFORE_SHA": "@BASE@", "CI_COMMIT_BRANCH": "feature"},
        {"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_BEFORE_SHA": ZERO, "CI_COMMIT_BRANCH": "feature"},
        {"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_BEFORE_SHA": "1" * 40, "CI_COMMIT_TAG": "v1"},
    ],
    ids=["merge request", "push", "new branch", "lost commit"],
)
def test_what_is_brought_in_fails_the_job(hub: Hub, pull: Pull, variables: dict[str, str]) -> None:
    hub.check_out(pull.head, "refs/remotes/origin/feature", 0)
    given = {name: value.replace("@BASE@", pull.base) for name, value in variables.items()}
    status, log, files = run(hub, CI_COMMIT_SHA=pull.head, **given)
    assert (status, files) == (1, ["new.py"]), log
    assert pull.added not in log


def test_a_schedule_looks_at_the_whole_history_but_not_at_the_jobs_own_token(hub: Hub, pull: Pull) -> None:
    work = hub.check_out(pull.head, "refs/remotes/origin/feature", 0)
    word = b64encode(sha256(b"job").digest()).decode().strip("=").replace("/", "x")
    work.git("remote", "set-url", "origin", f"https://gitlab-ci-token:{word}@git.example.com/octo/app.git")
    status, log, files = run(hub, CI_PIPELINE_SOURCE="schedule", CI_COMMIT_SHA=pull.head, CI_COMMIT_BEFORE_SHA=ZERO)
    assert (status, len(files)) == (1, 3), log


def test_wrong_usage_fails_the_job_without_a_report(hub: Hub, pull: Pull) -> None:
    hub.check_out(pull.head, "refs/remotes/origin/feature", 0)
    options = {"CI_PIPELINE_SOURCE": "schedule", "LEAKGUARD_OPTIONS": "--no-such-option"}
    status, log, files = run(hub, **options)
    assert (status, files) == (2, []), log
