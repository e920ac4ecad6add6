"""`leakguard range`: what a push or a pull request brings."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from leakguard.cli.hooked import remark, surroundings
from leakguard.cli.options import Looking, Reporting, detection_options, emit, hook_options, load_rules, settings_for
from leakguard.errors import UsageError

if TYPE_CHECKING:
    from leakguard.git.ranges import Bundle
    from leakguard.git.repository import Repository


@click.command("range")
@click.argument("span", metavar="[A..B]", required=False)
@click.option("--pre-push", "remote", metavar="REMOTE", help="Read git's lines for a pre-push hook on standard input.")
@click.option("--pre-receive", "receive", is_flag=True, help="Read git's lines for a pre-receive hook.")
@click.option("--pre-commit", "framework", is_flag=True, help="Take the range from the pre-commit framework.")
@click.option("--repo", "folder", default=".", type=click.Path(path_type=Path), help="The repository. Default: here.")
@detection_options
@hook_options
def command(
    span: str | None,
    remote: str | None,
    receive: bool,
    framework: bool,
    folder: Path,
    looking: Looking,
    reporting: Reporting,
) -> int:
    """Find the secrets that the commits of A..B add, each with the commit that did; for pushes and pull requests.

    Every commit counts, not only the difference end to end, and so do commit messages, tags and file names.
    """
    from leakguard.changes.ranges import look_at_bundle
    from leakguard.git.surroundings import open_surrounded

    if [span is not None, remote is not None, receive, framework].count(True) != 1:
        raise UsageError("give one of A..B (say origin/main..HEAD), --pre-push REMOTE, --pre-receive and --pre-commit.")
    settings = settings_for(folder, looking, show_secrets=reporting.show_secrets)
    repository = open_surrounded(folder, surroundings(folder))
    target, bundle = _bundle(repository, span, remote, receive=receive)
    result = look_at_bundle(repository, bundle, target, load_rules(settings), settings, remark)
    return emit([result], reporting)


def _bundle(repository: Repository, span: str | None, remote: str | None, *, receive: bool) -> tuple[str, Bundle]:
    from leakguard.git import ranges

    if span is not None:
        return span, ranges.ranged_bundle(repository, span)
    if receive:
        return "what is pushed", ranges.received_bundle(repository, ranges.parse_received(_standard_input()))
    if remote is not None:
        updates = ranges.parse_pushed(_standard_input())
        return f"what is pushed to {_shown(remote)}", ranges.pushed_bundle(repository, updates, remote)
    return _framework_bundle(repository)


def _framework_bundle(repository: Repository) -> tuple[str, Bundle]:
    """The pre-commit framework reads git's lines itself, and hands them on in the environment, a ref at a time."""
    from leakguard.git import ranges

    remote = os.environ.get("PRE_COMMIT_REMOTE_NAME", "")
    new = os.environ.get("PRE_COMMIT_TO_REF") or os.environ.get("PRE_COMMIT_LOCAL_BRANCH", "")
    old = os.environ.get("PRE_COMMIT_FROM_REF", "")
    if not new:
        raise UsageError("the pre-commit framework names no ref to push; use this hook in its stage pre-push.")
    if not remote and old:
        return f"{old}..{new}", ranges.ranged_bundle(repository, f"{old}..{new}")
    tip = ranges.find_commit(repository, new)
    update = ranges.Update(os.environ.get("PRE_COMMIT_REMOTE_BRANCH", ""), old, tip)
    return f"what is pushed to {_shown(remote)}", ranges.pushed_bundle(repository, [update], remote)


def _shown(remote: str) -> str:
    """A remote without the user and the password that its address may hold."""
    scheme, mark, rest = remote.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}" if mark else remote


def _standard_input() -> bytes:
    if sys.stdin is None or sys.stdin.isatty():
        raise UsageError("standard input is a terminal; let git call this hook, or use `leakguard range A..B`.")
    return sys.stdin.buffer.read()
