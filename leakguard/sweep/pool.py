"""Spreading tasks over processes. One worker runs in the calling process; more run in processes of their own.

Processes rather than threads: the Python between the calls that release the GIL is a third of the work.
"""

from __future__ import annotations

import multiprocessing
import signal
import sys
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TYPE_CHECKING, TypeVar

from leakguard.errors import LeakguardError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from leakguard.sweep.worker import Task, Worker

T = TypeVar("T")

_worker: Worker | None = None


def _start(make: Callable[[], Worker]) -> None:
    global _worker  # noqa: PLW0603 (a pool's processes have no other place to keep their worker)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the main process's business
    _worker = make()


def _run(method: str, task: Task, arguments: tuple[object, ...]) -> object:
    assert _worker is not None
    return getattr(_worker, method)(task, *arguments)


class Pool:
    """Runs a worker's methods over tasks; results come as they are ready, in any order."""

    def __init__(self, make: Callable[[], Worker], jobs: int) -> None:
        self.jobs = jobs
        self._alone: Worker | None = None
        self._executor: ProcessPoolExecutor | None = None
        if jobs <= 1:
            self._alone = make()
            return
        # fork shares the tables of a large repository at no cost; elsewhere they are sent once to each process.
        method = "fork" if sys.platform == "linux" else "spawn"
        context = multiprocessing.get_context(method)
        self._executor = ProcessPoolExecutor(jobs, context, _start, (make,))

    def map(self, method: str, tasks: Sequence[Task], *arguments: object) -> Iterator[object]:
        """`Worker.method(task, *arguments)` for every task."""
        if self._alone is not None:
            for task in tasks:
                yield getattr(self._alone, method)(task, *arguments)
            return
        assert self._executor is not None
        futures = [self._executor.submit(_run, method, task, arguments) for task in tasks]
        from concurrent.futures import as_completed

        try:
            for future in as_completed(futures):
                yield future.result()
        except BrokenProcessPool:
            raise LeakguardError(
                "a worker process died, most likely for want of memory; "
                "run again with --jobs 1 or a lower --max-blob-size."
            ) from None

    def close(self) -> None:
        """End the workers; what they have not begun is dropped."""
        if self._executor is not None:
            self._executor.shutdown(wait=False, cancel_futures=True)
