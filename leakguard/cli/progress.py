"""A progress bar on a terminal, for what takes longer than a second; nothing where standard error is no terminal."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.progress import Progress, TaskID

PATIENCE = 1.0
"""Seconds before the bar appears."""


def _ignore(_phase: str, _done: int, _total: int) -> None:
    return None


@contextmanager
def watch(label: str, *, quiet: bool = False) -> Iterator[Callable[[str, int, int], None]]:
    """A function to call with (phase, done, total); draws on standard error, or with `quiet` nowhere."""
    if quiet or not sys.stderr.isatty():
        yield _ignore
        return
    bar = _Bar(label)
    try:
        yield bar.update
    finally:
        bar.stop()


class _Bar:
    def __init__(self, label: str) -> None:
        self.label = label
        self.begun = time.monotonic()
        self.progress: Progress | None = None
        self.tasks: dict[str, TaskID] = {}

    def update(self, phase: str, done: int, total: int) -> None:
        if self.progress is None:
            if time.monotonic() - self.begun < PATIENCE:
                return
            from rich.console import Console
            from rich.progress import Progress

            self.progress = Progress(console=Console(stderr=True), transient=True)
            self.progress.start()
        if phase not in self.tasks:
            self.tasks[phase] = self.progress.add_task(phase, total=total)
        self.progress.update(self.tasks[phase], completed=done, total=total)

    def stop(self) -> None:
        if self.progress is not None:
            self.progress.stop()
