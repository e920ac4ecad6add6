"""What to do about a secret that is staged and in no commit yet: nothing has leaked, so nothing has to be revoked."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import msgspec

from leakguard.advice.homes import read_line
from leakguard.model import Advice

if TYPE_CHECKING:
    from leakguard.model import Finding

_SHARED = ("example", "sample", "template", "dist", "default", "schema")
"""Words in the names of environment files that are made to be committed."""


def advise_uncommitted(finding: Finding) -> Finding:
    """The finding with advice for its case: take it out, put it where it belongs, stage again. What is expired, public,
    encrypted or hashed keeps the advice that it has."""
    if finding.advice is None or finding.advice.situation != "file":
        return finding
    place = finding.places[0] if finding.places else None
    path = place.path if place else ""
    steps = (
        _out_of_the_commit(path) if _is_private(path) else _out_of_the_file(path, place.line if place else 0, finding)
    )
    last = f"If it was sent, shown or pasted anywhere, rotate it: `leakguard guide {finding.rule}`."
    return msgspec.structs.replace(finding, advice=Advice("staged", (*steps, last), finding.advice.link))


def _is_private(path: str) -> bool:
    """Whether a file is the very one in which such values belong, if only it is ignored."""
    name = path.rsplit("/", 1)[-1]
    shared = any(word in name for word in _SHARED)
    return (name.startswith(".env") or name.endswith(".env")) and not shared and not {"\\", "!"} & set(path)


def _out_of_the_commit(path: str) -> tuple[str, ...]:
    return (
        f"It was never committed, and {path} is where it may stay if git leaves it alone: `git rm --cached -- "
        f"{shlex.quote(path)}` (your file stays), then `leakguard hygiene --fix` ignores it.",
        "`git add .gitignore` and commit again.",
    )


def _out_of_the_file(path: str, line: int, finding: Finding) -> tuple[str, ...]:
    where = f"{path}:{line}" if path else "the file"
    return (
        f"It was never committed: take it out of {where}, keep it in an ignored .env file or a secret manager, and "
        f"read it: {read_line(path, finding.name)}",
        "`git add` the file and commit again.",
    )
