"""Pack indexes of version 1 are what git's own of version 2 are, but for checksums that nobody asks for."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest

from leakguard.git.old_index import as_version_2
from leakguard.git.packs import open_packs
from tests.conftest import GitRepo
from tests.sweep.by_hand import packs

if TYPE_CHECKING:
    from types import ModuleType

HEAD = 8 + 4 * 256


def old_index(offsets: list[int]) -> bytes:
    """An index of version 1 whose ids begin with the bytes 0, 1, 2, …"""
    fanout = [min(byte + 1, len(offsets)) for byte in range(256)]
    rows = b"".join(struct.pack(">I20s", offset, bytes([at])) for at, offset in enumerate(offsets))
    return struct.pack(">256I", *fanout) + rows + b"p" * 20 + b"i" * 20


def test_both_versions_that_git_writes_give_the_same_table(repo: GitRepo, kernel: ModuleType) -> None:
    for at in range(4):
        repo.commit(f"change {at}", a="line\n" * 50 + f"{at}\n")
    repo.git("repack", "-adfq")
    (place,) = packs(repo, ".pack")
    tables = []
    for version in "12":
        index = repo.path / f"version-{version}.idx"
        repo.git("index-pack", f"--index-version={version}", "-o", str(index), str(place))
        tables.append(kernel.pack_table(as_version_2(index.read_bytes(), 20), place.read_bytes(), 20))
    old, new = ([getattr(table, name) for name in ("oids", "offsets", "order", "broken")] for table in tables)
    assert old == new


def test_offsets_beyond_two_gigabytes() -> None:
    told = as_version_2(old_index([12, 0xFFFFFFFF, 1 << 31, (1 << 31) - 1]), 20)[HEAD + 4 * 24 :]
    assert struct.unpack(">4I2Q", told[:32]) == (12, 1 << 31, 1 << 31 | 1, (1 << 31) - 1, 0xFFFFFFFF, 1 << 31)
    assert told[32:] == b"p" * 20 + b"i" * 20


def test_an_index_of_nothing() -> None:
    assert len(as_version_2(old_index([]), 20)) == HEAD + 40


@pytest.mark.parametrize("keep", [0, 3, 4, 1023, 1024, -1, -24])
def test_one_that_is_cut_off_is_refused(keep: int) -> None:
    with pytest.raises(ValueError, match="neither of version 2 nor a whole one of version 1"):
        as_version_2(old_index([12, 40, 90])[:keep], 20)


def test_an_index_that_is_refused_is_a_problem_with_either_kernel(
    repo: GitRepo, kernel: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("leakguard.git.packs.kernel.pack_table", kernel.pack_table)
    repo.commit(a="1")
    repo.git("repack", "-adfq")
    (index,) = packs(repo, ".idx")
    index.write_bytes(index.read_bytes()[:-1])
    assert [name for name, _ in open_packs([index], 20)[1]] == [index.with_suffix(".pack").name]
