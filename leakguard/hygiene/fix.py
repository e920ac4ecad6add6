"""Writing the lines that .gitignore lacks, and nothing else."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from leakguard.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from leakguard.hygiene.problems import Report

_MARK = "leakguard hygiene"


def missing_lines(present: bytes, report: Report) -> bytes:
    """What to append to an ignore file with this content, '' where nothing is missing. Line ends are the file's own."""
    newline = b"\r\n" if b"\r\n" in present else b"\n"
    there = {line.strip() for line in present.splitlines()}
    blocks = []
    for group, lines in report.missing:
        fresh = [line for line in (text.encode("utf-8", "surrogateescape") for text in lines) if line not in there]
        if any(not line.startswith(b"!") for line in fresh):
            blocks.append(newline.join([f"# {_MARK}: {group}".encode(), *fresh]) + newline)
            there.update(fresh)
    if not blocks:
        return b""
    start = b"" if not present else newline if present.endswith((b"\n", b"\r")) else newline * 2
    return start + newline.join(blocks)


def write_missing(place: Path, report: Report) -> bytes:
    """Append the missing lines to the ignore file at `place`, whole or not at all; what was appended."""
    try:
        present = place.read_bytes() if place.exists() else b""
        added = missing_lines(present, report)
        if added:
            target = place.resolve()
            draft = target.with_name(f"{target.name}.leakguard-new")
            draft.write_bytes(present + added)
            if target.exists():
                draft.chmod(target.stat().st_mode)
            os.replace(draft, target)  # noqa: PTH105 - the one call that is atomic on every system
    except OSError as problem:
        raise UsageError(f"{place} cannot be written ({problem.strerror}); check its permissions.") from None
    return added
