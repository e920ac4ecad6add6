"""The baseline file is written whole, by one writer at a time, and read strictly."""

from __future__ import annotations

import multiprocessing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from leakguard.errors import UsageError
from leakguard.store.baseline import Baseline, Entry, parse_baseline, read_baseline, render_baseline, update_baseline
from leakguard.store.key import key_file, read_key, write_key

if TYPE_CHECKING:
    from tests.conftest import GitRepo


def _add_many(place: str, name: str) -> None:
    for number in range(15):
        entry = Entry(f"{name}{number}", "rule", "a reason")
        update_baseline(
            Path(place), lambda old, new=entry: (old or Baseline()).with_entries([*(old or Baseline()).entries, new])
        )


def test_two_writers_lose_nothing(tmp_path: Path) -> None:
    place = tmp_path / "baseline.json"
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_add_many, args=(str(place), name)) for name in "ab"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0, 0]
    assert len(read_baseline(place).entries) == 30
    assert [found.name for found in tmp_path.iterdir()] == ["baseline.json"]


def test_a_lock_that_stays_is_one_sentence_and_the_file_is_untouched(tmp_path: Path) -> None:
    place = tmp_path / "baseline.json"
    place.with_name("baseline.json.lock").touch()
    with pytest.raises(UsageError, match=r"another leakguard is writing the baseline; .* delete .*lock"):
        update_baseline(place, lambda _: Baseline(), wait=0.05)
    assert not place.exists()


def test_a_change_that_fails_leaves_the_old_file_and_no_lock(tmp_path: Path) -> None:
    place = tmp_path / "baseline.json"
    update_baseline(place, lambda _: Baseline())
    before = place.read_bytes()

    def fail(_: Baseline | None) -> Baseline:
        raise UsageError("no")

    with pytest.raises(UsageError):
        update_baseline(place, fail)
    assert place.read_bytes() == before
    assert [found.name for found in tmp_path.iterdir()] == ["baseline.json"]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "cannot be read as a baseline"),
        (b"\xff\xfe", "cannot be read as a baseline"),
        (b"[]", "cannot be read as a baseline"),
        (b"{}", "is no leakguard baseline"),
        (b'{"schema": "leakguard-baseline/9", "entries": {}}', "another version"),
        (b'{"schema": "leakguard-baseline/1", "entries": [{"rule": "x"}]}', "cannot be read as a baseline"),
        (b'{"schema": "leakguard-baseline/1", "extra": 1}', "cannot be read as a baseline"),
    ],
)
def test_what_is_no_baseline_of_this_version_is_one_sentence(data: bytes, words: str) -> None:
    with pytest.raises(UsageError, match=words) as caught:
        parse_baseline(data, "b.json")
    assert "\n" not in str(caught.value)


def test_a_baseline_is_the_same_after_writing_and_reading() -> None:
    made = Baseline(check="abcd").with_entries([Entry("2", "b", "why"), Entry("1", "a", "why", keyed=True)])
    assert parse_baseline(render_baseline(made), "b.json") == made
    assert [entry.rule for entry in made.entries] == ["a", "b"]


def test_the_key_lives_in_the_git_folder_that_all_worktrees_share(repo: GitRepo, tmp_path: Path) -> None:
    repo.commit(a="x")
    repo.git("worktree", "add", "--quiet", str(tmp_path / "tree"))
    place = write_key(tmp_path / "tree")
    assert place == key_file(repo.path / "deep" / "er")
    assert len(read_key(repo.path)) == 64
    assert place.stat().st_mode & 0o077 == 0 or place.drive
    assert repo.git("status", "--porcelain") == ""
