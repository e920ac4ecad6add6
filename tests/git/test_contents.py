"""Single objects: what our own chains of deltas give is what git gives, and what they do not give is looked for."""

from __future__ import annotations

import pickle
import zlib
from typing import TYPE_CHECKING

import pytest

from leakguard.git import contents as module
from leakguard.git.objects import open_objects
from leakguard.git.packs import BLOB, KINDS
from leakguard.git.repository import open_repository
from tests.git.deltas import copy, insert, make_delta, size
from tests.git.kernels import int32s
from tests.git.packs import OFS_DELTA, REF_DELTA, Entry, blob_id, write_pack

if TYPE_CHECKING:
    from pathlib import Path

    from leakguard.git.objects import Objects
    from tests.conftest import GitRepo

TEXT = b"".join(b"line %d of a text\n" % number for number in range(300))


def objects_of(repo: GitRepo) -> Objects:
    return open_objects(open_repository(repo.path))[0]


def folder(repo: GitRepo) -> Path:
    return repo.path / ".git" / "objects" / "pack"


@pytest.fixture
def history(repo: GitRepo) -> GitRepo:
    """Many versions of two files, in one pack with long chains, and one commit that is loose."""
    edited = TEXT
    for number in range(40):
        edited = edited.replace(b"line %d " % (7 * number), b"changed %d and longer " % number)
        repo.commit(f"version {number}", a=edited, b=edited[::-1] if number % 3 else TEXT)
    repo.git("tag", "-a", "-m", "a tag", "v1")
    repo.git("repack", "-adfq", "--depth=30", "--window=30")
    repo.commit("loose", c="loose\n")
    return repo


@pytest.mark.parametrize("kept", [0, 1 << 24], ids=["nothing is kept", "all is kept"])
def test_every_object_is_read_as_git_reads_it(history: GitRepo, kept: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_KEPT", kept)
    objects = objects_of(history)
    oids = history.git("cat-file", "--batch-all-objects", "--batch-check=%(objectname)").split()
    assert max(int32s(objects.packs[0].table.depths)) > 3
    for oid in [*oids, *reversed(oids)]:
        kind, content = objects.read(oid)
        assert (kind, content) == objects.read_elsewhere(oid)
        assert history.git("cat-file", "-t", oid) == KINDS[kind]


def test_single_objects_are_read_after_the_last_walk(history: GitRepo) -> None:
    objects = objects_of(history)
    objects.end_walks()
    [pack] = objects.packs
    for held in (objects, pickle.loads(pickle.dumps(objects))):
        for oid in map(pack.oid, range(pack.count)):
            assert held.read(oid) == held.read_elsewhere(oid)
    with pytest.raises(AttributeError):
        pack.families(1 << 20)


def test_what_is_kept_is_bounded(history: GitRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_KEPT", 20_000)
    objects = objects_of(history)
    reader = module.Contents()
    for number in range(objects.packs[0].count):
        reader.read(objects.packs[0], number)
        assert sum(map(len, reader._kept.values())) == reader._size <= 20_000


def test_nothing_is_asked_of_libgit2_that_a_sound_pack_has(history: GitRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    objects = objects_of(history)
    monkeypatch.setattr(type(objects), "read_elsewhere", None)
    for number in range(objects.packs[0].count):
        objects.read(objects.packs[0].oid(number))


def test_what_is_not_read_here_is_read_by_libgit2(history: GitRepo) -> None:
    objects = objects_of(history)
    objects._contents = module.Contents(100)
    oid = history.git("rev-parse", "HEAD:a")
    with pytest.raises(ValueError, match="over the limit of 100"):
        objects._contents.read(objects.packs[0], objects.find(oid))
    assert objects.read(oid) == objects.read_elsewhere(oid)


def test_a_damaged_object_is_a_value_error(repo: GitRepo) -> None:
    oid = blob_id(TEXT)
    write_pack(folder(repo), [Entry(BLOB, b"", oid, claimed=len(TEXT), raw=zlib.compress(TEXT)[:-9])])
    with pytest.raises(ValueError, match=r"\w"):
        objects_of(repo).read(oid)


def test_what_stands_on_a_damaged_base_is_damaged(repo: GitRepo) -> None:
    other = TEXT + b"more\n"
    base = Entry(BLOB, b"", blob_id(TEXT), claimed=len(TEXT), raw=zlib.compress(TEXT)[:-9])
    write_pack(folder(repo), [base, Entry(OFS_DELTA, make_delta(TEXT, other), blob_id(other), base=0)])
    with pytest.raises(ValueError, match=r"\w"):
        objects_of(repo).read(blob_id(other))


def test_a_delta_that_lies_is_damaged(repo: GitRepo) -> None:
    bad = size(len(TEXT)) + size(50) + copy(len(TEXT) - 10, 50)
    write_pack(folder(repo), [Entry(BLOB, TEXT, blob_id(TEXT)), Entry(OFS_DELTA, bad, "1" * 40, base=0)])
    objects = objects_of(repo)
    assert objects.read(blob_id(TEXT)) == (BLOB, TEXT)
    with pytest.raises(ValueError, match=r"\w"):
        objects.read("1" * 40)


def test_a_delta_whose_base_is_not_there_is_not_followed(repo: GitRepo) -> None:
    delta = size(len(TEXT)) + size(4) + insert(b"text")
    write_pack(folder(repo), [Entry(BLOB, TEXT, blob_id(TEXT)), Entry(REF_DELTA, delta, "1" * 40, base="2" * 40)])
    objects = objects_of(repo)
    number = next(number for number in range(2) if objects.packs[0].oid(number) == "1" * 40)
    with pytest.raises(ValueError, match="is broken in its pack"):
        module.Contents().read(objects.packs[0], number)


def test_an_object_of_a_hostile_size_is_not_inflated(repo: GitRepo) -> None:
    write_pack(folder(repo), [Entry(BLOB, b"tiny", "1" * 40, claimed=10 << 30)])
    with pytest.raises(ValueError, match="over the limit"):
        module.Contents().read(objects_of(repo).packs[0], 0)


def test_an_object_that_is_nowhere_is_a_key_error(history: GitRepo) -> None:
    with pytest.raises(KeyError):
        objects_of(history).read("1" * 40)
