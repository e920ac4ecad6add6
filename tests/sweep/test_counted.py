"""What is only counted is counted once a value, whoever has it, and read only where somebody else may have it too."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from tests.sweep.test_revival import rewrite

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from leakguard.model import Result
    from leakguard.sweep.memory import PackMemory
    from tests.conftest import GitRepo

    Sweep = Callable[[], Result]

WORDS = ("changeme_one", "changeme_two", "placeholder1", "your-password-here")


def text(*words: str, before: str = "") -> str:
    return before + "".join(f'password = "{word}"\n' for word in words)


def held(result: Result) -> int:
    return sum(result.coverage.held.values())


@pytest.fixture
def two_packs(repo: GitRepo) -> GitRepo:
    """Two packs that share two values which are only counted, each with one of its own."""
    repo.commit(a=text(*WORDS[:3]))
    repo.git("repack", "-dq")
    repo.commit(b=text(*WORDS[1:], before="later\n"))
    repo.git("repack", "-dq")
    return repo


def test_a_value_in_two_packs_is_counted_once_and_then_not_read_again(
    two_packs: GitRepo, remember: Sweep, afresh: Sweep, passes: list[str], objects_read: list[str]
) -> None:
    first = remember()
    assert held(first) == 4
    objects_read.clear()
    passes.clear()
    assert remember() == first
    assert passes == []
    blobs = {two_packs.git("rev-parse", name) for name in ("HEAD:a", "HEAD:b")}
    assert not blobs & set(objects_read)
    assert afresh() == first


def test_what_a_fetch_brings_is_counted_once(
    repo: GitRepo, remember: Sweep, afresh: Sweep, passes: list[str], objects_read: list[str]
) -> None:
    repo.commit(a=text(*WORDS[:3]))
    repo.git("repack", "-dq")
    remember()
    repo.commit(b=text(*WORDS[1:], before="later\n"))
    assert remember() == afresh()  # loose
    repo.git("repack", "-dq")
    first = remember()
    assert first == afresh()
    assert remember() == first  # compared
    passes.clear()
    objects_read.clear()
    assert remember() == first
    assert passes == []
    assert repo.git("rev-parse", "HEAD:b") not in objects_read


def test_what_the_configuration_repeats_is_counted_once(repo: GitRepo, remember: Sweep, afresh: Sweep) -> None:
    repo.commit(a=text(*WORDS))
    repo.git("repack", "-adfq")
    before = held(remember())
    config = repo.path / ".git" / "config"
    config.write_text(config.read_text() + text(WORDS[0], "changeme_other"))
    result = remember()
    assert held(result) == before + 1
    assert result == afresh()


def test_what_a_file_name_repeats_is_counted_once(repo: GitRepo, remember: Sweep, afresh: Sweep) -> None:
    stand_in = f'AppKey: "{"x" * 40}"'
    repo.commit(a=f"{stand_in}\n", b=f"AppKey: {'x' * 41}\n", **{stand_in: "a name\n"})
    repo.git("repack", "-adfq")
    first = remember()
    assert first.coverage.held["placeholder"]
    assert remember() == first == afresh()


def test_of_the_same_length_is_not_yet_the_same(repo: GitRepo, remember: Sweep, afresh: Sweep) -> None:
    for number in range(4):
        repo.commit(**{f"f{number}": text(f"changeme_{number}")})
        repo.git("repack", "-dq")
    first = remember()
    assert held(first) == 4
    assert remember() == first == afresh()


def test_a_spot_that_cannot_be_compared_has_its_pack_read_again(
    two_packs: GitRepo, remember: Sweep, afresh: Sweep, tmp_path: Path, passes: list[str]
) -> None:
    remember()

    def tampered(memory: PackMemory) -> PackMemory:
        rows = [
            msgspec.structs.replace(row, spot=msgspec.structs.replace(row.spot, holder="1" * 40)) for row in memory.held
        ]
        return msgspec.structs.replace(memory, held=rows)

    rewrite(tmp_path, tampered)
    passes.clear()
    assert remember() == afresh()
    assert passes.count("read_texts") >= 2
