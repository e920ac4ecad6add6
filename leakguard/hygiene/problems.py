"""What hygiene finds: one value a problem, and all of them with what was looked at."""

from __future__ import annotations

from typing import Literal

import msgspec

Kind = Literal[
    "tracked", "ignored-but-tracked", "exposed", "unshared", "negated", "too-late", "real-example", "shipped", "gap"
]
Level = Literal["error", "warning", "note"]

TITLES: dict[Kind, str] = {
    "tracked": "tracked although it should never be committed",
    "real-example": "an example file that holds real values",
    "exposed": "not ignored: one `git add .` away from a leak",
    "negated": "a negation undoes the rule that would hide it",
    "ignored-but-tracked": "ignored, but tracked all the same",
    "unshared": "ignored on this machine only: teammates are not protected",
    "too-late": "ignored now, but the history holds it",
    "shipped": "hidden from git, but shipped",
    "gap": "nothing hides it yet",
}
"""In the order in which they are told."""

LEVELS: dict[Kind, Level] = {
    "tracked": "error", "real-example": "error", "exposed": "error", "negated": "error",
    "ignored-but-tracked": "warning", "unshared": "warning", "too-late": "warning", "shipped": "warning", "gap": "note",
}  # fmt: skip
"""A note alone does not fail the run."""


class Problem(msgspec.Struct, frozen=True):
    """One file (or ignore line) that could leak. `path` is as git names it; `group` says what kind of file it is."""

    kind: Kind
    path: str
    group: str
    detail: str
    line: int = 0
    where: str = ""

    @property
    def level(self) -> Level:
        """How bad it is."""
        return LEVELS[self.kind]


class Report(msgspec.Struct, frozen=True):
    """All problems of a repository, worst first. `missing` are the lines that .gitignore lacks, with their groups."""

    target: str
    problems: tuple[Problem, ...]
    missing: tuple[tuple[str, tuple[str, ...]], ...]
    untrack: tuple[str, ...]
    files: int
    tracked: int
    notes: tuple[str, ...] = ()

    @property
    def failed(self) -> bool:
        """Whether anything is more than a note."""
        return any(problem.level != "note" for problem in self.problems)


def problem_order(problem: Problem) -> tuple[int, str, str, str]:
    """Worst first, then by path."""
    return list(TITLES).index(problem.kind), problem.path, problem.where, problem.detail
