"""Tasks are done once each, by this process and by others, and nobody waits while there is work."""

from __future__ import annotations

import gc
import multiprocessing
import os
import time
from typing import TYPE_CHECKING

import pytest

from leakguard.errors import LeakguardError
from leakguard.pool import Pool

if TYPE_CHECKING:
    from pathlib import Path


class Sleeper:
    """A worker whose tasks take as many milliseconds as they say."""

    def sleep(self, task: int, factor: int) -> tuple[int, int]:
        time.sleep(task / 1000)
        return task * factor, os.getpid()

    def touch(self, task: Path) -> Path:
        task.touch()
        return task

    def linger(self, task: Path) -> None:
        task.touch()
        time.sleep(60)

    def fail(self, task: int) -> int:
        raise ValueError(task)

    def double(self, task: bytes) -> bytes:
        return task * 2

    def vanish(self, caller: int) -> None:
        if os.getpid() != caller:
            os._exit(1)
        time.sleep(0.1)


@pytest.mark.parametrize("jobs", [1, 2, 4])
@pytest.mark.parametrize("count", [0, 1, 3, 40])
def test_every_task_is_done_once(jobs: int, count: int) -> None:
    pool = Pool(Sleeper, jobs)
    try:
        for tasks in (range(count), iter(range(count))):
            done = list(pool.map("sleep", tasks, 10))
            assert sorted(answer for answer, _ in done) == [10 * task for task in range(count)]
    finally:
        pool.close()


@pytest.mark.parametrize("jobs", [1, 2, 4])
@pytest.mark.parametrize("count", [0, 1, 40])
def test_what_is_begun_is_done_once(jobs: int, count: int) -> None:
    pool = Pool(Sleeper, jobs)
    try:
        begun = pool.begin("sleep", range(count), 10)
        assert sorted(answer for answer, _ in begun) == [10 * task for task in range(count)]
        assert list(begun) == []
        assert sorted(answer for answer, _ in pool.map("sleep", range(9), 1)) == list(range(9))
    finally:
        pool.close()


def test_what_is_begun_is_begun_before_it_is_asked_for(tmp_path: Path) -> None:
    pool = Pool(Sleeper, 2)
    try:
        begun = pool.begin("touch", [tmp_path / "touched"])
        while not (tmp_path / "touched").exists():
            time.sleep(0.01)
        assert list(begun) == [tmp_path / "touched"]
    finally:
        pool.close()


def test_the_calling_process_works_too() -> None:
    pool = Pool(Sleeper, 2)
    try:
        places = {place for _, place in pool.map("sleep", [20] * 12, 1)}
    finally:
        pool.close()
    assert os.getpid() in places
    assert len(places) == 2


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_pool_of_one_is_alone(jobs: int) -> None:
    pool = Pool(Sleeper, jobs)
    pool.close()
    assert pool.is_alone == (jobs == 1)


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_tasks_error_reaches_the_caller(jobs: int) -> None:
    pool = Pool(Sleeper, jobs)
    try:
        with pytest.raises(ValueError, match="7"):
            list(pool.map("fail", [7]))
    finally:
        pool.close()


def test_large_results_are_whole() -> None:
    pool = Pool(Sleeper, 2)
    tasks = [bytes([at]) * (3 << 20) for at in range(8)]
    try:
        assert sorted(pool.map("double", tasks)) == [task * 2 for task in tasks]
    finally:
        pool.close()


def test_a_process_that_dies_is_told_in_a_sentence() -> None:
    pool = Pool(Sleeper, 3)
    try:
        with pytest.raises(LeakguardError, match="a worker process died"):
            list(pool.map("vanish", [os.getpid()] * 6))
    finally:
        pool.close()


def test_the_others_end_when_the_pool_is_closed() -> None:
    pool = Pool(Sleeper, 3)
    others = multiprocessing.active_children()[-2:]
    next(pool.map("sleep", [1] * 100, 1))
    pool.close()
    assert [other.exitcode for other in others] == [0, 0]


def test_the_others_end_by_themselves_when_they_are_dismissed() -> None:
    pool = Pool(Sleeper, 3)
    others = multiprocessing.active_children()[-2:]
    list(pool.map("sleep", [1] * 10, 1))
    pool.dismiss()
    for other in others:
        other.join(10)
    assert [other.exitcode for other in others] == [0, 0]
    pool.close()


def test_what_was_there_before_a_pool_is_collected_after_it() -> None:
    pool = Pool(Sleeper, 2)
    assert gc.get_freeze_count()
    pool.close()
    assert not gc.get_freeze_count()


def test_one_that_does_not_end_is_ended(tmp_path: Path) -> None:
    pool = Pool(Sleeper, 2)
    [other] = set(multiprocessing.active_children()[-1:])
    pool.begin("linger", [tmp_path / "begun"])
    while not (tmp_path / "begun").exists():
        time.sleep(0.01)
    pool.close()
    assert other.exitcode
