"""A checkout that a CI system made, and bringing in the commits that it left out.

CI checks out as little as it can: one commit, no history. What a range introduced can only be told when every commit of
it is there with its parents, for at the edge of a shallow clone everything looks new. So what is missing is fetched,
by id and without making refs, or the run ends with a sentence that says how deep the checkout has to be.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from leakguard.errors import RepositoryError, UsageError
from leakguard.excerpt import printable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from leakguard.ci.event import Plan

_TIMEOUT = 1800
"""Seconds for one git command: a fetch of a large history over a slow line is the longest."""

_QUIET = {"GIT_TERMINAL_PROMPT": "0", "GCM_INTERACTIVE": "never", "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}


class Checkout:
    """The repository at `path`. With `may_fetch`, what it lacks is fetched from its remote.

    Nothing of the repository is run: no hook, no file system monitor, no housekeeping.
    """

    def __init__(self, path: Path, environment: Mapping[str, str], *, may_fetch: bool, remote: str = "origin") -> None:
        self.path, self.may_fetch, self.remote = path, may_fetch, remote
        kept = {name: value for name, value in environment.items() if not name.startswith("LEAKGUARD_")}
        self._environment = {**kept, **_QUIET}
        self.fetched: list[str] = []
        """What was fetched, in words, for the log."""

    def range_of(self, plan: Plan) -> tuple[str, str] | None:
        """The ids (base, head) of the plan's range, all of it there; None where no base can be had and the plan knows
        what to do then.

        UsageError where the checkout lacks what it takes and nothing may, or can, be fetched.
        """
        head = self._obtain(plan.head, plan)
        if not head:
            raise UsageError(f"the commit {plan.head} is not in the checkout; {self._advice(plan)}")
        base = next(filter(None, (self._obtain(base, plan) for base in plan.bases)), "")
        if not base and plan.or_history:
            return None
        if not base:
            raise UsageError(f"the commit {plan.bases[0]} is not in the checkout; {self._advice(plan)}")
        self._deepen(base, head, plan)
        if self._is_partial():  # contents that were left out are fetched here, not one by one while they are read
            self._fetch("--refetch", "--no-filter", head, base)
        return base, head

    def _deepen(self, base: str, head: str, plan: Plan) -> None:
        """Bring in what the range lacks of commits. UsageError where that cannot be done."""
        if self._is_whole(base, head):
            return
        for depth in (f"--depth={plan.commits + 1}", "--unshallow") if plan.commits else ("--unshallow",):
            if self._fetch(depth, head, base) and self._is_whole(base, head):
                return
        raise UsageError(f"the checkout is too shallow to tell what the range brought; {self._advice(plan)}")

    def complete(self) -> bool:
        """Bring in the whole history of all branches and tags of a shallow or partial checkout; whether it is there."""
        shallow, partial = self.is_shallow(), self._is_partial()
        options = [*(["--unshallow"] if shallow else []), *(["--refetch", "--no-filter"] if partial else [])]
        if not options:
            return True
        branches = f"+refs/heads/*:refs/remotes/{self.remote}/*"
        return self._fetch(*options, branches, "+refs/tags/*:refs/tags/*") and not self.is_shallow()

    def is_shallow(self) -> bool:
        """Whether history was left out."""
        return self._git("rev-parse", "--is-shallow-repository") == "true"

    def commits(self, base: str, head: str) -> list[str]:
        """The ids of the commits that `head` has and `base` has not; none where one of them is missing."""
        return (self._git("rev-list", f"{base}..{head}", "--") or "").split()

    def tags(self, oid: str) -> tuple[str, ...]:
        """`oid` alone where it is an annotated tag, which has a text of its own."""
        return (oid,) if oid and self._git("cat-file", "-t", oid) == "tag" else ()

    def resolve(self, name: str) -> str:
        """The id of the commit that `name` stands for here, or ''."""
        return self._git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}") or ""

    def _obtain(self, name: str, plan: Plan) -> str:
        """The id of a commit, fetched where it is missing; '' where it cannot be had. A branch is the remote's."""
        if name.startswith("refs/heads/"):
            name = self._remote_branch(name)
        found = self.resolve(name) if name else ""
        if found or not name:
            return found
        depth = [f"--depth={plan.commits + 1}"] if self.is_shallow() else []
        return self.resolve(name) if self._fetch(*depth, name) else ""

    def _remote_branch(self, name: str) -> str:
        listed = self._git("ls-remote", "--exit-code", self.remote, name) if self.may_fetch else None
        if listed:
            return listed.split()[0]
        return self.resolve(f"refs/remotes/{self.remote}/{name.removeprefix('refs/heads/')}")

    def _is_whole(self, base: str, head: str) -> bool:
        """Whether all of base..head is there with its parents. At the edge of a shallow clone commits have no parents
        to git's eyes; a first commit has none either, and is then asked about once too often."""
        if not self.is_shallow():
            return True
        listed = self._git("rev-list", "--parents", f"{base}..{head}", "--")
        return listed is not None and all(" " in line for line in listed.splitlines())

    def _is_partial(self) -> bool:
        """Whether the clone was made with a filter, and lacks contents on purpose."""
        return self._git("config", "--get", f"remote.{self.remote}.partialclonefilter") is not None

    def _fetch(self, *what: str) -> bool:
        if not self.may_fetch:
            return False
        options = [item for item in what if item.startswith("--")]
        wanted = [item for item in what if not item.startswith("--")]
        if any(item.startswith("-") for item in wanted):
            return False
        done = self._git(
            "fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", *options, self.remote,
            *wanted,
        )  # fmt: skip
        self.fetched.append(f"{'fetched' if done is not None else 'could not fetch'} {' '.join((*options, *wanted))}")
        return done is not None

    def _advice(self, plan: Plan) -> str:
        least = f"at least {plan.commits + 2}, or 0 for all of it" if plan.commits else "0"
        if not self.may_fetch:
            return f"check out with fetch-depth: {least}, or let the action fetch (input `fetch: true`)."
        return f"it could not be fetched from {self.remote}: check out with fetch-depth: {least}."

    def _git(self, *arguments: str) -> str | None:
        """Standard output of a git command, without the last newline; None where it failed."""
        own = _settings(self.path)
        try:
            done = subprocess.run(
                ["git", *own, *arguments],
                cwd=self.path,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
                timeout=_TIMEOUT,
            )
        except FileNotFoundError:
            if not self.path.is_dir():
                raise RepositoryError(f"{self.path} does not exist; check the input `path`.") from None
            raise RepositoryError("git is not installed here; the action needs it to find out what is new.") from None
        except subprocess.TimeoutExpired:
            return None
        text = done.stdout.decode("utf-8", "backslashreplace").rstrip("\n")
        return text if done.returncode == 0 else None


def require_repository(checkout: Checkout) -> None:
    """RepositoryError where there is no repository: the action checks out nothing itself."""
    if checkout._git("rev-parse", "--git-dir") is None:
        where = printable(os.fsencode(checkout.path))
        raise RepositoryError(
            f"{where} is no git repository; put a step with actions/checkout before this one (input `path` says where)."
        )


def _settings(path: Path) -> Sequence[str]:
    """Settings on git's command line, where a repository's own cannot override them."""
    pairs = {
        "safe.directory": path.resolve().as_posix(),
        "core.hooksPath": os.devnull,
        "core.fsmonitor": "false",
        "maintenance.auto": "false",
        "gc.auto": "0",
        "advice.detachedHead": "false",
    }
    return [part for key, value in pairs.items() for part in ("-c", f"{key}={value}")]
