"""Packs that lie: one clear sentence each, the rest swept, no crash, no runaway memory."""

from __future__ import annotations

import resource
import sys
import zlib

import pytest

from leakguard.sweep.run import sweep
from tests.conftest import GitRepo
from tests.git.deltas import copy, insert, make_delta, size
from tests.git.packs import BLOB, OFS_DELTA, REF_DELTA, Entry, blob_id, write_pack

BASE = b"an honest text\n" * 20


@pytest.fixture
def found(repo: GitRepo, rules, settings, token):
    """Sweeps a hand-made pack beside an honest blob with a token, which must be found whatever else is there."""

    def run(*entries: Entry, complete: bool = False):
        honest = token("a").encode() + b"\n"
        pack = write_pack(
            repo.path / ".git" / "objects" / "pack",
            [Entry(BLOB, honest, blob_id(honest)), Entry(BLOB, BASE, blob_id(BASE)), *entries],
        )
        result = sweep(repo.path, rules, settings)
        assert [finding.secret.reveal().decode() for finding in result.findings] == [token("a")]
        assert result.coverage.complete is complete
        assert pack.exists()
        return {item.what: item.reason for item in result.coverage.skipped}

    return run


def oid(number: int) -> str:
    return f"{number:040x}"


def test_a_copy_beyond_the_base(found) -> None:
    bad = size(len(BASE)) + size(50) + copy(len(BASE) - 10, 50)
    skipped = found(Entry(OFS_DELTA, bad, oid(1), base=1))
    assert "blob " + oid(1) in skipped


def test_a_delta_for_another_base_size(found) -> None:
    bad = size(len(BASE) + 1) + size(4) + insert(b"text")
    assert "blob " + oid(1) in found(Entry(OFS_DELTA, bad, oid(1), base=1))


def test_a_result_of_another_size_than_claimed(found) -> None:
    bad = size(len(BASE)) + size(400) + insert(b"text")
    assert "blob " + oid(1) in found(Entry(OFS_DELTA, bad, oid(1), base=1))


def test_the_reserved_instruction(found) -> None:
    bad = size(len(BASE)) + size(4) + b"\0" + insert(b"text")
    assert "blob " + oid(1) in found(Entry(OFS_DELTA, bad, oid(1), base=1))


def test_a_claim_of_ten_gigabytes(found) -> None:
    bad = size(len(BASE)) + size(10 << 30) + insert(b"text")
    skipped = found(Entry(OFS_DELTA, bad, oid(1), base=1), Entry(BLOB, b"tiny", oid(2), claimed=10 << 30))
    assert {"blob " + oid(1), "blob " + oid(2)} <= set(skipped)
    assert memory() < 1 << 30


def test_an_object_that_unfolds_to_more_than_it_claims(found) -> None:
    bomb = zlib.compress(bytes(400 << 20), 9)
    skipped = found(Entry(BLOB, b"", oid(1), claimed=100, raw=bomb))
    assert "blob " + oid(1) in skipped
    assert memory() < 1 << 30


def test_a_truncated_stream(found) -> None:
    cut = zlib.compress(b"some text that is long enough" * 9)[:-8]
    assert "blob " + oid(1) in found(Entry(BLOB, b"", oid(1), claimed=261, raw=cut))


def test_a_wrong_checksum_of_a_stream(found) -> None:
    raw = bytearray(zlib.compress(b"some text"))
    raw[-1] ^= 0xFF
    assert "blob " + oid(1) in found(Entry(BLOB, b"", oid(1), claimed=9, raw=bytes(raw)))


def test_a_cycle_of_reference_deltas(found) -> None:
    delta = size(len(BASE)) + size(4) + insert(b"text")
    skipped = found(Entry(REF_DELTA, delta, oid(1), base=oid(2)), Entry(REF_DELTA, delta, oid(2), base=oid(1)))
    assert {name.split()[-1] for name in skipped} >= {oid(1), oid(2)}


def test_a_base_that_is_not_there(found) -> None:
    delta = size(len(BASE)) + size(4) + insert(b"text")
    skipped = found(Entry(REF_DELTA, delta, oid(1), base=oid(99)))
    assert any(name.endswith(oid(1)) for name in skipped)


def test_what_is_built_on_a_broken_object_is_named_too(found) -> None:
    bad = size(len(BASE)) + size(50) + copy(len(BASE) - 10, 50)
    child = size(50) + size(4) + insert(b"text")
    skipped = found(Entry(OFS_DELTA, bad, oid(1), base=1), Entry(OFS_DELTA, child, oid(2), base=2))
    assert {"blob " + oid(1), "blob " + oid(2)} <= set(skipped)


def test_an_unknown_object_type(found) -> None:
    assert any(name.endswith(oid(1)) for name in found(Entry(5, b"text", oid(1))))


def test_a_chain_of_a_hundred_thousand_deltas(repo: GitRepo, rules, settings, token) -> None:
    content = BASE
    entries = [Entry(BLOB, content, blob_id(content))]
    for number in range(100_000):
        tail = b"%08d\n" % number
        changed = BASE + (token("a").encode() + b"\n" if number == 77_777 else b"") + tail
        delta = size(len(content)) + size(len(changed)) + copy(0, len(BASE)) + insert(changed[len(BASE) :])
        entries.append(Entry(OFS_DELTA, delta, oid(number + 1), base=number))
        content = changed
    write_pack(repo.path / ".git" / "objects" / "pack", entries)
    result = sweep(repo.path, rules, settings)
    assert [finding.secret.reveal().decode() for finding in result.findings] == [token("a")]
    assert result.coverage.objects["blob"] == 100_001
    assert memory() < 1 << 30


def test_a_pack_that_is_removed_while_it_is_read_is_still_read(
    repo: GitRepo, rules, settings, token, monkeypatch
) -> None:
    from leakguard.sweep import opening as module

    if sys.platform == "win32":
        pytest.skip("open files cannot be removed there")
    repo.commit(a=token("a"))
    repo.git("repack", "-adfq")
    honest = module.open_objects

    def then_remove(repository):
        opened = honest(repository)
        for file in (repo.path / ".git" / "objects" / "pack").iterdir():
            file.rename(repo.path / ".git" / file.name)
        return opened

    monkeypatch.setattr(module, "open_objects", then_remove)
    result = sweep(repo.path, rules, settings)
    assert len(result.findings) == 1


def test_deltas_made_by_the_tests_are_what_git_reads(repo: GitRepo) -> None:
    other = BASE[:100] + b"new\n" + BASE[100:]
    delta = make_delta(BASE, other)
    write_pack(
        repo.path / ".git" / "objects" / "pack",
        [Entry(BLOB, BASE, blob_id(BASE)), Entry(OFS_DELTA, delta, blob_id(other), base=0)],
    )
    assert repo.git("cat-file", "blob", blob_id(other)) == other.decode().rstrip("\n")


def memory() -> int:
    """The most bytes that this process has had resident so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
