"""Objects that are odd, damaged or not there. Each is swept, or named with a reason."""

from __future__ import annotations

import os

import pytest

from leakguard.sweep.run import sweep
from tests.conftest import GitRepo, posix
from tests.sweep.by_hand import entry, loose, put, put_commit


class TestObjects:
    @posix
    def test_a_file_name_with_a_newline(self, repo: GitRepo, found, token) -> None:
        repo.commit(**{f"dump\n{token('a')}.txt": "content"})
        finding = found()
        assert finding.places[0].source == "file name"
        assert token("a")[4:] not in finding.places[0].path

    def test_names_that_git_would_not_check_out(self, repo: GitRepo, found, token) -> None:
        blob = put(repo, "blob", token("a").encode())
        names = [b"..", b"..", b"/etc/passwd", b".git", b"a"]
        put_commit(repo, put(repo, "tree", b"".join(entry(name, blob) for name in names)))
        assert [place.path for place in found().places] == ["..", "..", ".git", "/etc/passwd", "a"]

    @pytest.mark.parametrize("header", ["gpgsig", "mergetag", "encoding", "x-made-up"])
    def test_every_header_of_a_commit(self, repo: GitRepo, found, token, header: str) -> None:
        commit = put_commit(repo, put(repo, "tree", b""), f"{header} one\n two {token('a')}\n")
        assert [event.commit.id for event in found().provenance.introduced] == [commit]

    def test_a_commit_without_a_tree_is_named_and_its_message_searched(self, repo: GitRepo, swept, token) -> None:
        repo.commit(a="1")
        bad = put(repo, "commit", b"author A <a> 1 +0000\n\nsays " + token("a").encode())
        result = swept()
        assert len(result.findings) == 1
        assert f"commit {bad}" in [item.what for item in result.coverage.skipped]

    def test_folders_ten_thousand_deep(self, repo: GitRepo, found, token) -> None:
        tree = put(repo, "tree", entry(b"f", put(repo, "blob", token("a").encode())))
        for _ in range(10_000):
            tree = put(repo, "tree", entry(b"d", tree, b"40000"), level=0)
        put_commit(repo, tree)
        assert found().places[0].path == "d/" * 10_000 + "f"

    def test_ten_billion_paths_to_one_secret(self, repo: GitRepo, found, token) -> None:
        blob = put(repo, "blob", token("a").encode())
        tree = put(repo, "tree", b"".join(entry(b"f%d" % at, blob) for at in range(10)))
        for _ in range(9):
            tree = put(repo, "tree", b"".join(entry(b"d%d" % at, tree, b"40000") for at in range(10)))
        put_commit(repo, tree)
        finding = found()
        assert finding.provenance.in_head
        assert [place.path for place in finding.places[:2]] == ["d0/" * 9 + "f0", "d0/" * 9 + "f1"]

    @pytest.mark.parametrize("keep", [0, 1, 20, 200])
    def test_a_loose_object_that_is_cut_off_is_named(self, repo: GitRepo, swept, token, keep: int) -> None:
        repo.commit(a=token("a"), b=os.urandom(2000).hex())
        place = loose(repo, repo.git("rev-parse", "HEAD:b"))
        content = place.read_bytes()[:keep]
        place.chmod(0o644)
        place.write_bytes(content)
        result = swept()
        assert len(result.findings) == 1
        assert any(place.name in item.what for item in result.coverage.skipped)

    def test_a_commit_that_is_cut_off_ends_nothing(self, repo: GitRepo, swept, token) -> None:
        repo.commit(a=token("a"))
        place = loose(repo, repo.git("rev-parse", "HEAD"))
        content = place.read_bytes()
        place.chmod(0o644)
        place.write_bytes(content[:-6])
        result = swept()
        assert len(result.findings) == 1
        assert any(place.name in item.what for item in result.coverage.skipped)

    @posix
    def test_what_lies_among_loose_objects_and_is_none(self, repo: GitRepo, rules, settings, token) -> None:
        repo.commit(a=token("a"))
        folder = repo.path / ".git" / "objects" / "ab"
        folder.mkdir(exist_ok=True)
        for name in ("z" * 38, "a" * 62, "tmp_obj_x"):
            (folder / name).write_text("x")
        os.mkfifo(folder / ("b" * 38))
        result = sweep(repo.path, rules, settings)
        assert len(result.findings) == 1
        assert [item.reason for item in result.coverage.skipped] == ["is no file"]

    def test_the_limit_is_for_blobs(self, repo: GitRepo, swept, token) -> None:
        repo.commit("m" * 3000, **{f"a_rather_long_name_{at}": "x" for at in range(60)})
        commit = repo.commit(a=token("a"))
        repo.git("repack", "-adfq")
        finding = swept(max_blob_size=1000).findings[0]
        assert [event.commit.id for event in finding.provenance.introduced] == [commit]
