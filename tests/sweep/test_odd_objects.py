"""Objects that are odd, damaged or not there. Each is swept, or named with a reason."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest

from leakguard.git.steps import EMPTY_TREE
from leakguard.sweep import run
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


class TestWhatIsNotThere:
    @pytest.fixture
    def history(self, repo: GitRepo) -> GitRepo:
        """Three commits, of which the one in the middle has things of its own."""
        repo.commit("first", a="1")
        repo.write("inner/deep/b", "2")
        repo.commit("second")
        repo.git("rm", "--quiet", "-r", "inner")
        repo.commit("third", a="3")
        return repo

    def lose(self, repo: GitRepo, name: str) -> str:
        oid = repo.git("rev-parse", name)
        loose(repo, oid).unlink()
        return oid

    @pytest.mark.parametrize("name", ["", "^{tree}", ":inner", ":inner/deep", ":inner/deep/b"])
    def test_what_commits_and_trees_name_is_told_and_never_clean(
        self, history: GitRepo, swept, leakguard, name: str
    ) -> None:
        lost = self.lose(history, f"HEAD~1{name}")
        result = swept()
        assert [(item.what, lost in item.reason) for item in result.coverage.skipped] == [("1 object", True)]
        assert not result.coverage.complete
        ran = leakguard("sweep", history.path)
        assert ran.status == 3
        assert f"1 object that commits or trees name cannot be found ({lost}); run `git fsck`" in ran.out

    def pack_all_but(self, history: GitRepo, what: str) -> str:
        """Leaves one pack, without an object; the id of that."""
        left = history.git("rev-list", "--objects", "--no-object-names", "--all").split()
        lost = history.git("rev-parse", what)
        kept = "\n".join(oid for oid in left if oid != lost)
        history.git("pack-objects", "-q", str(history.path / ".git/objects/pack/pack"), stdin=kept.encode())
        for oid in left:
            loose(history, oid).unlink()
        return lost

    def test_it_is_told_from_packs_and_by_a_second_sweep(
        self, history: GitRepo, rules, settings, tmp_path: Path
    ) -> None:
        lost = self.pack_all_but(history, "HEAD~1:inner/deep")
        remembering = msgspec.structs.replace(settings, memory=tmp_path / "memory")
        for _ in range(2):
            result = sweep(history.path, rules, remembering)
            assert [lost in item.reason for item in result.coverage.skipped] == [True]
        promise = next((history.path / ".git/objects/pack").glob("*.pack")).with_suffix(".promisor")
        promise.touch()
        assert sweep(history.path, rules, remembering).coverage.complete
        promise.unlink()
        assert not sweep(history.path, rules, remembering).coverage.complete

    @pytest.mark.parametrize("loose_left", [False, True])
    def test_files_are_looked_for_where_there_is_more_than_one_pack_that_git_made(
        self, history: GitRepo, rules, settings, loose_left: bool
    ) -> None:
        self.pack_all_but(history, "HEAD~1:inner/deep/b")
        if loose_left:
            history.git("hash-object", "-w", "--stdin", stdin=b"another")
        assert sweep(history.path, rules, settings).coverage.complete is not loose_left

    def test_it_is_told_while_several_workers_are_at_work(
        self, history: GitRepo, rules, settings, token, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(run, "SMALL", 0)
        lost = self.lose(history, "HEAD~1:inner")
        history.commit(**{f"f{at}": token(str(at)) for at in range(20)})
        packed = history.git("rev-parse", "HEAD:f1")
        history.git("pack-objects", "-q", str(history.path / ".git/objects/pack/pack"), stdin=packed.encode())
        results = [sweep(history.path, rules, msgspec.structs.replace(settings, jobs=jobs)) for jobs in (1, 2)]
        assert results[0] == results[1]
        assert [lost in item.reason for item in results[0].coverage.skipped] == [True]

    def test_many_are_counted_and_a_few_are_named(self, repo: GitRepo, swept) -> None:
        missing = [f"{at:040x}" for at in range(1, 8)]
        put_commit(
            repo, put(repo, "tree", b"".join(entry(b"%d" % at, oid, b"40000") for at, oid in enumerate(missing)))
        )
        [item] = swept().coverage.skipped
        assert item.what == "7 objects"
        assert f"({', '.join(missing[:3])}, …)" in item.reason

    def test_what_no_ref_leads_to_may_lack_something(self, history: GitRepo, swept) -> None:
        lost = self.lose(history, "HEAD~1:inner/deep")
        history.git("reset", "--quiet", "--hard", "HEAD~2")
        result = swept()
        assert [(item.what, lost in item.reason) for item in result.coverage.skipped] == [("1 object", True)]
        assert result.coverage.complete

    def test_a_tree_without_a_commit_that_a_tag_names(self, repo: GitRepo, swept) -> None:
        repo.commit(a="1")
        repo.git("tag", "tree", put(repo, "tree", entry(b"lost", "1" * 40, b"40000")))
        assert not swept().coverage.complete

    def test_the_empty_tree_is_always_there(self, repo: GitRepo, swept) -> None:
        repo.git("update-ref", "HEAD", repo.git("commit-tree", "-m", "nothing", EMPTY_TREE))
        assert not loose(repo, EMPTY_TREE).exists()
        assert swept().coverage.skipped == ()

    def test_parents_that_are_cut_off_by_a_graft(self, history: GitRepo, swept) -> None:
        last = history.git("rev-parse", "HEAD")
        self.lose(history, "HEAD~1")
        (history.path / ".git" / "info" / "grafts").write_text(f"{last}\n")
        assert swept().coverage.complete

    def test_a_shallow_clone_is_as_it_is_meant_to_be(self, history: GitRepo, swept, tmp_path: Path) -> None:
        source = f"file://{history.path}"
        history.git("clone", "--quiet", "--depth=1", source, str(tmp_path / "clone"))
        assert swept(tmp_path / "clone").coverage.skipped == ()
