"""What a push or a pull request brings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leakguard.changes.intake import Intake
from leakguard.changes.result import Frame, result_of
from leakguard.changes.tips import Tips
from leakguard.excerpt import escape
from leakguard.git.history import parse_commit_info
from leakguard.git.libgit2 import pygit2
from leakguard.git.ranges import step_of, whole_tree
from leakguard.git.steps import Blobs, Change, Changes

if TYPE_CHECKING:
    from leakguard.changes.result import Remark
    from leakguard.config import Settings
    from leakguard.detect.ruleset import RuleSet
    from leakguard.git.ranges import Bundle
    from leakguard.git.repository import Repository
    from leakguard.model import CommitInfo, Result


def look_at_bundle(
    repository: Repository,
    bundle: Bundle,
    target: str,
    rules: RuleSet,
    settings: Settings,
    remark: Remark | None = None,
) -> Result:
    """Every secret that the commits and tags of `bundle` add, each with the commits that did."""
    intake = Intake(Blobs(repository.git), rules, settings)
    for commit in bundle.commits:
        _take_commit(repository, commit, intake)
    for tag in bundle.tags:
        intake.text(tag, "tag")
    for _, oid in bundle.trees:
        step = whole_tree(repository, oid)
        intake.step(step.changes(), step.renamed_from)
    for name, oid in bundle.blobs:
        intake.step(Changes((Change(name.encode("utf-8", "surrogateescape"), oid),)), lambda _: ())
    known = frozenset(bundle.commits)

    def info(commit: str) -> CommitInfo:
        content = intake.blobs.content(commit) if commit in known else b""
        return parse_commit_info(commit, content)

    frame = Frame(
        "range",
        escape(target),
        bundle.commits[-1] if bundle.commits else "",
        notes=bundle.notes,
        info=info,
        unpushed=bundle.unpushed,
        tips=Tips(repository.git, bundle.tips),
        remote=escape(repository.remote_url()),
        remark=remark,
    )
    return result_of(intake, frame)


def _take_commit(repository: Repository, commit: str, intake: Intake) -> None:
    intake.text(commit, "commit")
    try:
        step = step_of(repository, commit)
        intake.step(step.changes(), step.renamed_from, commit)
    except (pygit2.GitError, KeyError) as problem:
        intake.skip(f"commit {commit[:12]}".encode(), f"cannot be compared with its parents ({problem})")
