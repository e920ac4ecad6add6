"""Spreading tasks over processes. One worker runs in the calling process; more run in processes of their own.

Processes rather than threads: the Python between the calls that release the GIL is a third of the work.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING

from leakguard.errors import LeakguardError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Future, ProcessPoolExecutor

AHEAD = 8
"""Tasks that wait for each worker: enough that none is ever idle, few enough that memory stays bounded."""

_worker: object = None


def _start(make: Callable[[], object]) -> None:
    global _worker  # noqa: PLW0603 (a pool's processes have no other place to keep their worker)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the main process's business
    _worker = make()


def _run(method: str, task: object, arguments: tuple[object, ...]) -> object:
    return getattr(_worker, method)(task, *arguments)


class Pool:
    """Runs a worker's methods over tasks; results come as they are ready, in any order."""

    def __init__(self, make: Callable[[], object], jobs: int) -> None:
        self.jobs = jobs
        self._alone: object = None
        self._executor: ProcessPoolExecutor | None = None
        if jobs <= 1:
            self._alone = make()
            return
        # What is small is done alone, and does not wait for these to be imported.
        import multiprocessing
        from concurrent.futures import ProcessPoolExecutor

        # fork shares the tables of a large repository at no cost; elsewhere they are sent once to each process.
        method = "fork" if sys.platform == "linux" else "spawn"
        if method == "spawn":
            # A process that begins anew would look for modules in the current folder first, which may be a repository
            # that is to be looked at. Python 3.11 and later heed this.
            os.environ["PYTHONSAFEPATH"] = "1"
        context = multiprocessing.get_context(method)
        self._executor = ProcessPoolExecutor(jobs, context, _start, (make,))

    def map(self, method: str, tasks: Iterable[object], *arguments: object) -> Iterator[object]:
        """`Worker.method(task, *arguments)` for every task. Tasks are taken as workers become free."""
        if self._executor is None:
            for task in tasks:
                yield getattr(self._alone, method)(task, *arguments)
            return
        from concurrent.futures import FIRST_COMPLETED, wait
        from concurrent.futures.process import BrokenProcessPool

        waiting: set[Future[object]] = set()
        try:
            for task in tasks:
                waiting.add(self._executor.submit(_run, method, task, arguments))
                if len(waiting) >= self.jobs * AHEAD:
                    done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                    yield from (future.result() for future in done)
            while waiting:
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                yield from (future.result() for future in done)
        except BrokenProcessPool:
            raise LeakguardError(
                "a worker process died, most likely for want of memory; "
                "run again with --jobs 1 or a lower --max-blob-size."
            ) from None

    def close(self) -> None:
        """End the workers; what they have not begun is dropped."""
        if self._executor is not None:
            self._executor.shutdown(wait=False, cancel_futures=True)
