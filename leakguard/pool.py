"""Spreading tasks over processes. One worker runs in the calling process, the others in processes of their own.

Processes rather than threads: the Python between the calls that release the GIL is a fifth of the work.
"""

from __future__ import annotations

import os
import signal
import sys
from itertools import islice
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
        self._others = jobs - 1
        self._executor: ProcessPoolExecutor | None = None
        if jobs <= 1:
            self._own = make()
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
        self._executor = ProcessPoolExecutor(self._others, context, _start, (make,))
        self._own = make()

    def map(self, method: str, tasks: Iterable[object], *arguments: object) -> Iterator[object]:
        """`Worker.method(task, *arguments)` for every task. Tasks are taken as workers become free."""
        return self._results(method, iter(tasks), {}, arguments)

    def begin(self, method: str, tasks: Iterable[object], *arguments: object) -> Iterator[object]:
        """As `map`, but the other processes begin at once; this one takes part when it asks for the results."""
        if self._executor is None:
            return self._results(method, iter(tasks), {}, arguments)
        given = {self._executor.submit(_run, method, task, arguments): task for task in tasks}
        return self._results(method, iter(()), given, arguments)

    def _results(
        self, method: str, left: Iterator[object], given: dict[Future[object], object], arguments: tuple[object, ...]
    ) -> Iterator[object]:
        do = getattr(self._own, method)
        if self._executor is None:
            for task in left:
                yield do(task, *arguments)
            return
        from concurrent.futures import FIRST_COMPLETED, wait
        from concurrent.futures.process import BrokenProcessPool

        try:
            while True:
                for task in islice(left, max(0, self._others * AHEAD - len(given))):
                    given[self._executor.submit(_run, method, task, arguments)] = task
                mine = [*islice(left, 1)] or self._taken_back(given)
                for task in mine:
                    yield do(task, *arguments)
                if not given and not mine:
                    return
                done = (
                    [future for future in given if future.done()] if mine else wait(given, None, FIRST_COMPLETED).done
                )
                for future in done:
                    del given[future]
                    yield future.result()
        except BrokenProcessPool:
            raise LeakguardError(
                "a worker process died, most likely for want of memory; "
                "run again with --jobs 1 or a lower --max-blob-size."
            ) from None

    @staticmethod
    def _taken_back(given: dict[Future[object], object]) -> list[object]:
        """A task that was given away and not begun, so that nobody is idle at the end."""
        future = next((future for future in reversed(given) if future.cancel()), None)
        return [] if future is None else [given.pop(future)]

    def close(self) -> None:
        """End the workers; what they have not begun is dropped."""
        if self._executor is not None:
            self._executor.shutdown(wait=False, cancel_futures=True)
