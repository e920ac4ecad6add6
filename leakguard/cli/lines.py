"""JSON lines as a run writes them: each as soon as it is known, none of them kept."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO

from leakguard.errors import UsageError
from leakguard.report import jsonl

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from leakguard.model import Finding, Result


class Lines:
    """Writes the lines of one target after the other; a `Listener` of sweeps. `found` and `complete` tell of all."""

    def __init__(self, file: BinaryIO, *, show_secrets: bool) -> None:
        self._file, self._show_secrets = file, show_secrets
        self._target, self._count = "", 0
        self.found, self.complete = False, True

    def begin(self, result: Result) -> None:
        """A target begins."""
        self._target, self._count = result.target, 0
        self._write(jsonl.opening(result))

    def finding(self, finding: Finding) -> None:
        """One finding of it."""
        self._count += 1
        self._write(jsonl.finding_line(finding, self._target, show_secrets=self._show_secrets))

    def end(self, result: Result) -> None:
        """All else that is known of it."""
        for line in jsonl.closing(result, self._count, show_secrets=self._show_secrets):
            self._write(line)
        self.found = self.found or bool(self._count or result.coverage.stale)
        self.complete = self.complete and result.coverage.complete

    def tell(self, results: Iterable[Result]) -> None:
        """Results that are there already."""
        for result in results:
            self.begin(result)
            for finding in result.findings:
                self.finding(finding)
            self.end(result)

    def _write(self, line: bytes) -> None:
        self._file.write(line)
        self._file.flush()


@contextmanager
def open_lines(output: Path | None, *, show_secrets: bool) -> Iterator[Lines]:
    """Lines to a file, or to standard output."""
    if output is None:
        sys.stdout.flush()
        yield Lines(sys.stdout.buffer, show_secrets=show_secrets)
        return
    try:
        with output.open("wb") as file:
            yield Lines(file, show_secrets=show_secrets)
    except OSError as problem:
        raise UsageError(f"--output: {output} cannot be written ({problem.strerror}); choose another place.") from None
