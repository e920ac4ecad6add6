"""Threads against processes: the first pass over one repository, shared out in both ways.

    python benchmarks/sweep/workers.py REPOSITORY [WORKERS]

A line a round: what shared the work, how many workers, wall clock and processor time. Every worker has its own detector
and its own chain of contents, as in a sweep; threads share one interpreter, processes are forked.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING

from leakguard.cli.options import cache_folder
from leakguard.detect.detector import Detector
from leakguard.detect.ruleset import load_ruleset
from leakguard.git.objects import open_objects
from leakguard.git.repository import open_repository
from leakguard.pool import Pool
from leakguard.sweep.run import SPAN
from leakguard.sweep.worker import Worker, plan

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from leakguard.sweep.worker import Task

ROUNDS = 3
LIMIT = 256 << 20


def main() -> None:
    repository = Path(sys.argv[1])
    workers = int(sys.argv[2]) if len(sys.argv) > 2 else os.cpu_count() or 1
    objects, _ = open_objects(open_repository(repository))
    rules = load_ruleset(cache_folder())

    def make() -> Worker:
        return Worker(objects, Detector(rules), LIMIT)

    tasks = plan(objects, SPAN)
    print("| shared by | workers | wall s | CPU s |\n|---|---|---|---|")
    for _ in range(ROUNDS):
        for count in dict.fromkeys((1, workers)):
            for share in (in_threads, in_processes):
                wall, processor = clocked(share, make, tasks, count)
                print(f"| {share.__name__[3:]} | {count} | {wall:.2f} | {processor:.2f} |", flush=True)


def in_threads(make: Callable[[], Worker], tasks: Sequence[Task], count: int) -> None:
    """Each thread takes a free worker."""
    free: SimpleQueue[Worker] = SimpleQueue()
    for _ in range(count):
        free.put(make())

    def run(task: Task) -> None:
        worker = free.get()
        worker.read_texts(task)
        free.put(worker)

    with ThreadPoolExecutor(count) as pool:
        list(pool.map(run, tasks))


def in_processes(make: Callable[[], Worker], tasks: Sequence[Task], count: int) -> None:
    """As a sweep does it."""
    pool = Pool(make, count)
    for _ in pool.map("read_texts", tasks):
        pass
    pool.close()
    for child in multiprocessing.active_children():
        child.join()


def clocked(share: Callable[..., None], *arguments: object) -> tuple[float, float]:
    """Wall clock and processor time, children included, of one call."""
    begun, before = time.monotonic(), os.times()
    share(*arguments)
    after = os.times()
    spent = sum(after[:4]) - sum(before[:4])
    return time.monotonic() - begun, spent


if __name__ == "__main__":
    main()
