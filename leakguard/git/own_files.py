"""Texts that lie beside the objects in a git folder: configuration, logs, hooks, messages in the making.

Left out is what git keeps objects, ids and caches in. Links are not followed: they may lead anywhere.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FIRST = ("config", "config.worktree", "packed-refs", "FETCH_HEAD", "info/attributes", "description")
"""What every folder has, or may have, in the order in which it is told."""

_LEFT_OUT = frozenset(
    {"objects", "refs", "reftable", "lfs", "HEAD", "ORIG_HEAD", "index", "commondir", "gitdir", "shallow"}
)
"""What holds no text that anybody wrote, in a git folder, a linked worktree's and a submodule's."""
_SAMPLE = ".sample"


def own_files(folder: Path, problems: list[tuple[str, str]]) -> Iterator[str]:
    """The paths, relative to a git folder and with slashes, of all that may be text there, in a total order. Folders
    that cannot be read go to `problems`."""
    yield from (name for name in FIRST if folder.joinpath(*name.split("/")).is_file())
    yield from sorted(set(_walk(folder, problems)) - set(FIRST))


def _walk(folder: Path, problems: list[tuple[str, str]]) -> Iterator[str]:
    waiting = [""]
    while waiting:
        prefix = waiting.pop()
        try:
            entries = list(os.scandir(folder / prefix))
        except OSError as problem:
            problems.append((f".git/{prefix.rstrip('/')}", f"cannot be read ({problem.strerror})"))
            continue
        is_git_folder = any(entry.name in ("objects", "commondir") for entry in entries)
        for entry in entries:
            if (is_git_folder and entry.name in _LEFT_OUT) or entry.name.endswith(_SAMPLE):
                continue
            # What contrib/git-new-workdir makes shares the logs by a link.
            if entry.is_dir(follow_symlinks=not prefix and entry.name == "logs"):
                waiting.append(f"{prefix}{entry.name}/")
            elif entry.is_file(follow_symlinks=False):
                yield prefix + entry.name
