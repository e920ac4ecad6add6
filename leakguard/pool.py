"""Spreading tasks over processes. One worker runs in the calling process, the others in processes of their own.

Processes rather than threads: the Python between the calls that release the GIL is a fifth of the work. For the same
reason no thread beside the calling one hands out the tasks; all processes know all of them, and count in common how
many are taken.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
from contextlib import contextmanager, suppress
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from leakguard.errors import LeakguardError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess
    from multiprocessing.synchronize import Lock

FIRST, MOST = 8, 512
"""Of tasks that come one by one, how many are handed out together: few at first, so that nobody waits for long."""

ROOM = 4 << 20
"""Bytes of results that a worker may have ready while nobody takes them."""

GRACE = 1.0
"""Seconds that a worker has to end by itself."""


def import_processes() -> None:
    """Import what starts processes, which whoever waits for something else may do ahead."""
    import multiprocessing.connection
    import multiprocessing.synchronize  # noqa: F401


class _Done(NamedTuple):
    """What came of a task in another process."""

    result: object
    problem: Exception | None = None


class _Counter:
    """A number that processes have in common. It lies in a pipe, out of which one at a time takes it."""

    def __init__(self, lock: Lock, ends: tuple[Connection, Connection]) -> None:
        self._lock, (self._out, self._in) = lock, ends
        self._in.send(0)

    def take(self) -> int:
        """The number, which is one more from now on."""
        with self._lock:
            number: int = self._out.recv()
            self._in.send(number + 1)
        return number

    def set(self, number: int) -> None:
        """Make it another one."""
        with self._lock:
            self._out.recv()
            self._in.send(number)


class Pool:
    """Runs a worker's methods over tasks; results come as they are ready, in any order."""

    def __init__(self, make: Callable[[], object], jobs: int) -> None:
        self._others: list[Connection] = []
        self._processes: list[BaseProcess] = []
        if jobs > 1:
            self._start(make, jobs - 1)
        self._own = make()

    def _start(self, make: Callable[[], object], count: int) -> None:
        # What is small is done alone, and does not wait for this to be imported.
        import multiprocessing

        # fork shares the tables of a large repository at no cost; elsewhere they are sent once to each process.
        forks = sys.platform == "linux"
        if not forks:
            # A process that begins anew would look for modules in the current folder first, which may be a repository
            # that is to be looked at. Python 3.11 and later heed this.
            os.environ["PYTHONSAFEPATH"] = "1"
        context: Any = multiprocessing.get_context("fork" if forks else "spawn")
        self._taken = _Counter(context.Lock(), context.Pipe(duplex=False))
        # To look through what is there by now would copy its pages in every forked process; `close` undoes it.
        gc.freeze()
        for _ in range(count):
            ours, theirs = context.Pipe()
            _widen(theirs)
            inherited = [*self._others, ours] if forks else []
            process = context.Process(target=_serve, args=(theirs, inherited, make, self._taken), daemon=True)
            process.start()
            theirs.close()
            self._others.append(ours)
            self._processes.append(process)

    @property
    def is_alone(self) -> bool:
        """Whether there is no process beside the calling one."""
        return not self._others

    def map(self, method: str, tasks: Iterable[object], *arguments: object) -> Iterator[object]:
        """`Worker.method(task, *arguments)` for every task. Tasks are taken as workers become free. A pool whose
        results were not all taken is only good for `close`."""
        for block in [tasks] if isinstance(tasks, list) else _blocks(tasks):
            yield from self.begin(method, block, *arguments)

    def begin(self, method: str, tasks: Sequence[object], *arguments: object) -> Iterator[object]:
        """As `map`, but the other processes begin at once; this one takes part when it asks for the results. Nothing
        else is asked of the pool before all of them were taken."""
        with _deaths_told():
            for other in self._others:
                other.send((method, tasks, arguments))
        return self._results(getattr(self._own, method), tasks, arguments)

    def _results(
        self, do: Callable[..., object], tasks: Sequence[object], arguments: tuple[object, ...]
    ) -> Iterator[object]:
        if not self._others:
            yield from (do(task, *arguments) for task in tasks)
            return
        working = set(self._others)
        with _deaths_told():
            for task in _take(tasks, self._taken):
                yield do(task, *arguments)
                yield from _answers(working, 0)
            while working:
                yield from _answers(working, None)
        self._taken.set(0)

    def dismiss(self) -> None:
        """Have the workers end, of which nothing more is going to be asked; what they have not begun is dropped."""
        if self._others:
            self._taken.set(sys.maxsize // 2)
        for other in self._others:
            other.close()

    def close(self) -> None:
        """End the workers, and wait for that; what takes longer than GRACE is dropped as well."""
        self.dismiss()
        for process in self._processes:
            process.join(GRACE)
            if process.is_alive():
                process.terminate()
                process.join()
        if self._processes:
            gc.unfreeze()


@contextmanager
def _deaths_told() -> Iterator[None]:
    try:
        yield
    except (EOFError, ConnectionError):
        raise LeakguardError(
            "a worker process died, most likely for want of memory; run again with --jobs 1 or a lower --max-blob-size."
        ) from None


def _widen(connection: Connection) -> None:
    """Let a worker put down a result of some megabytes and go on, where the system allows it: the calling process only
    takes it between two tasks of its own."""
    import socket

    with suppress(OSError, AttributeError), socket.socket(fileno=os.dup(connection.fileno())) as end:
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, ROOM)


def _blocks(tasks: Iterable[object]) -> Iterator[list[object]]:
    left, size = iter(tasks), FIRST
    while block := list(islice(left, size)):
        yield block
        size = min(2 * size, MOST)


def _take(tasks: Sequence[object], taken: _Counter) -> Iterator[object]:
    """One task after the other that nobody has taken."""
    while (number := taken.take()) < len(tasks):
        yield tasks[number]


def _answers(working: set[Connection], timeout: float | None) -> Iterator[object]:
    """What has come from the workers; who has no more to say leaves `working`."""
    from multiprocessing.connection import wait

    while ready := wait(list(working), timeout):
        timeout = 0
        for connection in working.intersection(ready):
            done: _Done | None = connection.recv()
            if done is None:
                working.discard(connection)
            elif done.problem is not None:
                raise done.problem
            else:
                yield done.result


def _serve(
    connection: Connection, inherited: Sequence[Connection], make: Callable[[], object], taken: _Counter
) -> None:
    """What a worker's process does until nobody is there to ask it. `inherited` are ends that are not its own: while it
    held them, nobody would notice that another process is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the main process's business
    for other in inherited:
        other.close()
    worker = make()
    with suppress(EOFError, ConnectionError):
        while True:
            method, tasks, arguments = connection.recv()
            for task in _take(tasks, taken):
                connection.send(_done(getattr(worker, method), task, arguments))
            connection.send(None)


def _done(do: Callable[..., object], task: object, arguments: tuple[object, ...]) -> _Done:
    try:
        return _Done(do(task, *arguments))
    except Exception as problem:  # noqa: BLE001 - it is raised anew in the calling process
        return _Done(None, problem)
