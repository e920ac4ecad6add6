"""A second sweep reads nothing that is known, says the same, and notices whatever changed."""

from __future__ import annotations

import io
import secrets
import tarfile
from typing import TYPE_CHECKING

import msgspec
import pytest

from leakguard.sweep.run import sweep
from leakguard.sweep.worker import Worker
from tests.conftest import GitRepo

if TYPE_CHECKING:
    from pathlib import Path

    from leakguard.model import Result


@pytest.fixture
def remembering(repo: GitRepo, rules, settings, tmp_path: Path, token):
    """A packed repository with some secrets, and a sweep of it that remembers."""
    for number in range(6):
        repo.commit(f"n{number}", a="line\n" * 50 + token(str(number % 3)) + "\n", b=f"secret {number}")
    repo.commit(f"says {token('message')}")
    repo.git("repack", "-adfq")
    memory = tmp_path / "memory"

    def run(**changes) -> Result:
        return sweep(repo.path, rules, msgspec.structs.replace(settings, **{"memory": memory, **changes}))

    run.folder = memory / "sweeps"
    return run


def plain(result: Result) -> Result:
    return msgspec.structs.replace(result, coverage=msgspec.structs.replace(result.coverage, notes=()))


def test_a_second_sweep_reads_no_pack_and_says_the_same(remembering, passes) -> None:
    first = remembering()
    assert passes
    passes.clear()
    assert plain(remembering()) == plain(first)
    assert passes == []


def test_without_memory_the_result_is_the_same(remembering) -> None:
    remembering()
    assert plain(remembering()) == plain(remembering(memory=None))


def test_new_objects_cost_only_themselves(repo: GitRepo, remembering, passes, token) -> None:
    remembering()
    passes.clear()
    commit = repo.commit(c=token("new"))
    result = remembering()
    found = {finding.secret.reveal().decode(): finding for finding in result.findings}
    assert [event.commit.id for event in found[token("new")].provenance.introduced] == [commit]
    assert passes.count("read_texts") == 1
    assert plain(remembering()) == plain(remembering(memory=None))


def test_a_new_pack_beside_a_known_one(repo: GitRepo, remembering, passes, token) -> None:
    remembering()
    repo.commit(c=token("new"))
    repo.git("repack", "-dq")
    passes.clear()
    result = remembering()
    assert passes.count("read_texts") == 1
    assert plain(result) == plain(remembering(memory=None))


def test_moved_refs_are_noticed(repo: GitRepo, remembering, passes, token) -> None:
    remembering()
    passes.clear()
    repo.git("branch", "other", "HEAD~3")
    result = remembering()
    assert passes == []
    assert plain(result) == plain(remembering(memory=None))
    assert any("refs/heads/other" in finding.provenance.refs for finding in result.findings)


def test_other_rules_read_everything_again(remembering, passes) -> None:
    remembering()
    passes.clear()
    remembering(only=("github-*",))
    assert "read_texts" in passes


@pytest.mark.parametrize("damage", [b"", b"garbage", None])
def test_a_damaged_memory_is_as_if_it_were_not_there(remembering, damage: bytes | None) -> None:
    first = remembering()
    for place in remembering.folder.iterdir():
        content = bytearray(place.read_bytes())
        content[len(content) // 2] ^= 0xFF
        place.write_bytes(bytes(content) if damage is None else damage)
    assert plain(remembering()) == plain(first)


def test_no_secret_is_ever_in_a_memory(repo: GitRepo, remembering, token) -> None:
    repo.commit(**{f"dump-{token('name')}.txt": "content"})
    repo.git("repack", "-adfq")
    remembering()
    kept = b"".join(place.read_bytes() for place in remembering.folder.iterdir())
    assert kept
    for seed in ("0", "1", "2", "message", "name"):
        assert token(seed)[4:].encode() not in kept


def test_a_folder_that_cannot_be_written_is_no_error(remembering, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    result = remembering(memory=tmp_path / "file")
    assert len(result.findings) == 4


def test_a_shallow_clone_is_not_remembered_as_if_it_were_whole(
    repo: GitRepo, remembering, rules, settings, tmp_path: Path
) -> None:
    clone = tmp_path / "clone"
    repo.git("clone", "--quiet", "--depth=2", f"file://{repo.path}", str(clone))
    settings = msgspec.structs.replace(settings, memory=tmp_path / "memory")
    sweep(clone, rules, settings)
    GitRepo(clone).git("fetch", "--quiet", "--unshallow")
    assert plain(sweep(clone, rules, settings)) == plain(
        sweep(clone, rules, msgspec.structs.replace(settings, memory=None))
    )


@pytest.fixture
def trees_read(monkeypatch) -> list[int]:
    """How many trees each task of the second pass read."""
    counts: list[int] = []
    honest = Worker.read_trees

    def counted(self, *arguments):
        out = honest(self, *arguments)
        counts.append(out.tree_count)
        return out

    monkeypatch.setattr(Worker, "read_trees", counted)
    return counts


def fetch_one(repo: GitRepo, **files: str) -> str:
    """A commit that comes in a pack of its own, with the bases of its deltas, as a fetch brings it."""
    commit = repo.commit(**files)
    repo.git("repack", "-dq")
    return commit


def test_after_a_fetch_only_the_new_trees_are_read(repo: GitRepo, remembering, trees_read, token) -> None:
    remembering()
    for change in ({"d": "nothing"}, {"d": token("new")}, {"a": "no secret any more"}, {"e": token("0")}):
        fetch_one(repo, **change)
        trees_read.clear()
        result = remembering()
        assert sum(trees_read) == 1
        assert plain(result) == plain(remembering(memory=None))


def test_trees_that_came_twice_are_counted_once(repo: GitRepo, remembering) -> None:
    before = remembering().coverage.objects["tree"]
    fetch_one(repo, d="new")
    listed = repo.git("rev-list", "--objects", "--no-object-names", "HEAD~2..HEAD").encode()
    repo.git("pack-objects", "-q", ".git/objects/pack/pack", stdin=listed)
    result = remembering()
    assert result.coverage.objects["tree"] == before + 1
    assert plain(result) == plain(remembering(memory=None))


def test_a_pack_that_is_gone_takes_its_memory_with_it(repo: GitRepo, remembering, trees_read, token) -> None:
    remembering()
    fetch_one(repo, c=token("new"))
    repo.git("repack", "-adfq", "--depth=1")
    trees_read.clear()
    result = remembering()
    assert sum(trees_read) == result.coverage.objects["tree"]
    assert plain(result) == plain(remembering(memory=None))


def test_a_new_secret_in_a_file_name_has_every_tree_read(repo: GitRepo, remembering, token) -> None:
    remembering()
    fetch_one(repo, **{f"dump-{token('name')}.txt": "content"})
    assert plain(remembering()) == plain(remembering(memory=None))
    fetch_one(repo, **{f"dump-{token('name')}.txt": "content", "c": token("new")})
    assert plain(remembering()) == plain(remembering(memory=None))


def test_a_ref_whose_name_is_no_utf8_is_swept_and_remembered(repo: GitRepo, remember, afresh, passes, token) -> None:
    commit = repo.commit(a=token("a"))
    repo.git("repack", "-adfq")
    head = b"# pack-refs with: peeled fully-peeled sorted\n"
    (repo.path / ".git" / "packed-refs").write_bytes(head + commit.encode() + b" refs/heads/caf\xe9\n")
    first = remember()
    assert len(first.findings) == 1
    passes.clear()
    assert remember() == first == afresh()
    assert passes.count("read_texts") == 1  # the fresh one's


def test_a_member_whose_name_is_no_utf8_is_swept_though_not_remembered(repo: GitRepo, remember, afresh, token) -> None:
    archive, content = io.BytesIO(), token("member").encode()
    with tarfile.open(fileobj=archive, mode="w", format=tarfile.GNU_FORMAT, encoding="utf-8") as file:
        member = tarfile.TarInfo("caf\udce9.txt")
        member.size = len(content)
        file.addfile(member, io.BytesIO(content))
    repo.commit(a=archive.getvalue())
    repo.git("repack", "-adfq")
    first = remember()
    assert len(first.findings) == 1
    assert remember() == first == afresh()


def test_a_commit_in_two_packs_is_one_commit(repo: GitRepo, remember, afresh, rules, settings, token) -> None:
    for number in range(5):
        repo.commit(a=f"{number}\n{token(str(number % 2))}")
    repo.git("repack", "-adfq")
    listed = repo.git("rev-list", "--objects", "--no-object-names", "HEAD~3..HEAD").encode()
    repo.git("pack-objects", "-q", ".git/objects/pack/pack", stdin=listed)
    first = remember()
    assert sorted(finding.provenance.commits for finding in first.findings if finding.provenance) == [2, 3]
    assert first.findings == sweep(repo.path, rules, msgspec.structs.replace(settings, engine="plain")).findings
    assert remember() == first == afresh()


def test_a_fetched_pack_may_become_the_first_one(repo: GitRepo, remember, afresh, token) -> None:
    for number in range(4):
        repo.commit(a=f"{number}\n{token('a')}", b=f"{number}")
    repo.git("repack", "-adfq")
    remember()
    tree = repo.git("rev-parse", "HEAD~2^{tree}")
    repo.commit(c=secrets.token_hex(20_000))
    objects = repo.git("rev-list", "--objects", "--no-object-names", "HEAD~1..HEAD")
    repo.git("pack-objects", "-q", ".git/objects/pack/pack", stdin=f"{objects}\n{tree}\n".encode())
    repo.git("prune-packed")
    first = remember()
    assert first == afresh()
    assert remember() == first
