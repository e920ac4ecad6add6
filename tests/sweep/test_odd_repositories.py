"""Repositories as they are met: odd, damaged or changing meanwhile. Each is swept, or refused with a sentence."""

from __future__ import annotations

import hashlib
import os
import sys
import threading
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from leakguard.errors import RepositoryError
from leakguard.sweep.run import sweep
from tests.conftest import GitRepo, make_repo

if TYPE_CHECKING:
    from collections.abc import Callable

    from leakguard.model import Finding, Result

posix = pytest.mark.skipif(sys.platform != "linux", reason="other systems do not take such names or files")


@pytest.fixture
def swept(rules, settings, repo: GitRepo) -> Callable[..., Result]:
    """A sweep of a repository by both engines, which must say the same."""

    def both(path: Path = repo.path, **changes: object) -> Result:
        results = [
            sweep(path, rules, msgspec.structs.replace(settings, **{"engine": engine, **changes}))
            for engine in ("pack", "plain")
        ]
        assert results[0].findings == results[1].findings
        return results[0]

    return both


@pytest.fixture
def found(swept, token) -> Callable[..., Finding]:
    """The one finding of a complete sweep, which must be the token of seed "a"."""

    def only(path: Path | None = None) -> Finding:
        result = swept(path) if path else swept()
        assert [finding.secret.reveal().decode() for finding in result.findings] == [token("a")]
        assert result.coverage.complete, result.coverage.skipped
        return result.findings[0]

    return only


def put(repo: GitRepo, kind: str, content: bytes, level: int = 1) -> str:
    """A loose object of any content, which git itself might not make."""
    whole = b"%s %d\0" % (kind.encode(), len(content)) + content
    oid = hashlib.sha1(whole).hexdigest()
    place = loose(repo, oid)
    place.parent.mkdir(exist_ok=True)
    place.write_bytes(zlib.compress(whole, level))
    return oid


def loose(repo: GitRepo, oid: str) -> Path:
    return repo.path / ".git" / "objects" / oid[:2] / oid[2:]


def put_commit(repo: GitRepo, tree: str, more: str = "", message: str = "words") -> str:
    """A commit that is made by hand, and the branch main moved to it."""
    who = "A <a@example.org> 1600000000 +0000"
    content = f"tree {tree}\nauthor {who}\ncommitter {who}\n{more}\n{message}\n"
    oid = put(repo, "commit", content.encode())
    (repo.path / ".git" / "refs" / "heads" / "main").write_text(f"{oid}\n")
    return oid


def entry(name: bytes, oid: str, mode: bytes = b"100644") -> bytes:
    return mode + b" " + name + b"\0" + bytes.fromhex(oid)


def packs(repo: GitRepo, suffix: str) -> list[Path]:
    found = sorted((repo.path / ".git" / "objects" / "pack").glob(f"*{suffix}"))
    for place in found:
        place.chmod(0o644)
    return found


class TestRefs:
    @posix
    def test_a_ref_whose_name_is_not_utf8(self, repo: GitRepo, found, token) -> None:
        commit = repo.commit(a="1")
        heads = os.fsencode(repo.path / ".git" / "refs" / "heads")
        Path(os.fsdecode(heads + b"/caf\xe9-" + token("a").encode())).write_text(f"{commit}\n")
        assert found().places[0].path == "ref names"
        repo.git("pack-refs", "--all")
        assert {place.path for place in found().places} == {"ref names", ".git/packed-refs"}

    @pytest.mark.parametrize("annotated", [False, True])
    def test_a_tag_of_a_blob_reaches_it(self, repo: GitRepo, found, token, annotated: bool) -> None:
        repo.commit(a="1")
        blob = repo.git("hash-object", "-w", "--stdin", stdin=token("a").encode())
        repo.git("tag", *(("-a", "-m", "key") if annotated else ()), "key", blob)
        finding = found()
        assert (finding.provenance.refs, finding.provenance.unreachable) == (("refs/tags/key",), False)

    def test_a_tag_of_a_tag_of_a_tree_reaches_what_is_in_it(self, repo: GitRepo, found, token) -> None:
        repo.commit(a="1")
        tree = put(repo, "tree", entry(b"f", put(repo, "blob", token("a").encode())))
        repo.git("tag", "-a", "-m", "inner", "inner", put(repo, "tree", entry(b"d", tree, b"40000")))
        repo.git("tag", "-a", "-m", "outer", "outer", "inner")
        assert found().provenance.refs == ("refs/tags/inner", "refs/tags/outer")

    def test_an_inner_tags_message_is_reached_by_the_outer_tag(self, repo: GitRepo, found, token) -> None:
        repo.commit(a="1")
        repo.git("tag", "-a", "-m", f"with {token('a')}", "inner")
        repo.git("tag", "-a", "-m", "outer", "outer", "inner")
        repo.git("tag", "-d", "inner")
        assert found().provenance.refs == ("refs/tags/outer",)

    def test_a_ref_to_an_object_that_is_not_here_is_named(self, repo: GitRepo, swept) -> None:
        repo.commit(a="1")
        (repo.path / ".git" / "refs" / "heads" / "gone").write_text("1" * 40 + "\n")
        skipped = {item.what: item.reason for item in swept().coverage.skipped}
        assert "is not here" in skipped["refs/heads/gone"]

    def test_replace_refs_and_grafts_hide_nothing(self, repo: GitRepo, found, token) -> None:
        first = repo.commit(a="1")
        bad = repo.commit(a=token("a"))
        last = repo.commit(a="2")
        clean = repo.git("commit-tree", f"{first}^{{tree}}", "-p", first, "-m", "clean")
        repo.git("replace", bad, clean)
        assert [event.commit.id for event in found().provenance.introduced] == [bad]
        repo.git("replace", "-d", bad)
        (repo.path / ".git" / "info" / "grafts").write_text(f"{last} {first}\n")
        assert [event.commit.id for event in found().provenance.introduced] == [bad]

    def test_a_stash_of_untracked_files(self, repo: GitRepo, found, token) -> None:
        repo.commit(a="1")
        repo.write("new", token("a"))
        repo.git("stash", "--quiet", "--include-untracked")
        finding = found()
        assert [place.path for place in finding.places] == ["new"]
        assert not finding.provenance.unreachable


class TestWorktrees:
    @pytest.fixture
    def other(self, repo: GitRepo, tmp_path: Path) -> GitRepo:
        """A linked worktree without a branch."""
        repo.commit(a="1")
        repo.git("worktree", "add", "--quiet", "--detach", str(tmp_path / "other"))
        return GitRepo(tmp_path / "other", repo.clock)

    def test_what_another_worktree_has_checked_out_is_reached(
        self, repo: GitRepo, other: GitRepo, found, token
    ) -> None:
        other.commit(b=token("a"))
        assert found().provenance.refs == ("worktrees/other/HEAD",)
        assert found(other.path).provenance.in_head

    def test_the_main_worktree_is_another_ones_other(self, repo: GitRepo, other: GitRepo, found, token) -> None:
        repo.git("checkout", "--quiet", "--detach")
        repo.commit(b=token("a"))
        assert found(other.path).provenance.refs == ("main-worktree/HEAD",)

    def test_its_configuration(self, repo: GitRepo, other: GitRepo, found, token) -> None:
        repo.git("config", "extensions.worktreeConfig", "true")
        other.git("config", "--worktree", "remote.x.url", f"https://u:{token('a')}@github.com/acme/app.git")
        assert [place.path for place in found().places] == [".git/worktrees/other/config.worktree"]
        assert [place.path for place in found(other.path).places] == [".git/worktrees/other/config.worktree"]

    def test_its_reflog(self, repo: GitRepo, other: GitRepo, found, token) -> None:
        log = repo.path / ".git" / "worktrees" / "other" / "logs" / "HEAD"
        log.parent.mkdir(exist_ok=True)
        with log.open("a") as file:
            file.write(f"{'0' * 40} {other.commit()} Ada <a@example.com> 1600000000 +0000\twith {token('a')}\n")
        assert [place.path for place in found().places] == [".git/worktrees/other/logs/HEAD"]


class TestBesideTheObjects:
    @pytest.mark.parametrize("name", ["hooks/pre-push", "COMMIT_EDITMSG", "info/exclude", "rebase-apply/patch"])
    def test_text_in_the_git_folder(self, repo: GitRepo, found, token, name: str) -> None:
        repo.commit(a="1")
        repo.write(f".git/{name}", f"#!/bin/sh\ncurl -H 'Authorization: token {token('a')}'\n")
        assert [place.path for place in found().places] == [f".git/{name}"]

    @posix
    def test_links_and_pipes_are_not_followed(self, repo: GitRepo, swept, token, tmp_path: Path) -> None:
        repo.commit(a="1")
        (tmp_path / "outside").write_text(token("a"))
        (repo.path / ".git" / "hooks").mkdir(exist_ok=True)
        (repo.path / ".git" / "hooks" / "link").symlink_to(tmp_path / "outside")
        os.mkfifo(repo.path / ".git" / "hooks" / "pipe")
        assert swept().findings == ()

    def test_submodules_own_repositories_are_told_of(self, repo: GitRepo, swept, tmp_path: Path) -> None:
        lib = make_repo(tmp_path / "lib")
        lib.commit(a="1")
        repo.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(lib.path), "lib")
        repo.commit()
        assert any("repositories of submodules" in note for note in swept().coverage.notes)


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


class TestPacks:
    @pytest.fixture
    def several(self, repo: GitRepo, token) -> GitRepo:
        """A repository of four packs, the last of which has what the others have as well."""
        for at in range(3):
            repo.commit(f"says {token(f'm{at}')}", a="line\n" * 90 + f"{at}\n{token(str(at))}\n")
            repo.git("repack", "-dq")
        repo.git("update-ref", "refs/heads/gone", repo.commit(b=token("lost")))
        repo.git("repack", "-dq")
        repo.git("update-ref", "-d", "refs/heads/gone")
        everything = repo.git("rev-list", "--objects", "--no-object-names", "--all").encode()
        repo.git("pack-objects", "-q", str(repo.path / ".git/objects/pack/pack"), stdin=everything)
        assert len(packs(repo, ".pack")) > 3
        return repo

    def test_what_lies_in_two_packs_counts_once(self, several: GitRepo, swept) -> None:
        result = swept()
        assert result.coverage.complete
        several.git("repack", "-adfq")
        assert swept().findings == result.findings

    def test_a_remembered_pack_beside_a_larger_one_that_repeats_it(
        self, several: GitRepo, rules, settings, tmp_path: Path
    ) -> None:
        remembering = msgspec.structs.replace(settings, memory=tmp_path / "memory")
        newest = max(packs(several, ".pack"), key=lambda place: place.stat().st_mtime_ns)
        kept = {place: place.read_bytes() for place in (newest, newest.with_suffix(".idx"))}
        for place in kept:
            place.unlink()
        sweep(several.path, rules, remembering)
        for place, content in kept.items():
            place.write_bytes(content)
        assert sweep(several.path, rules, remembering).findings == sweep(several.path, rules, settings).findings

    def test_a_pack_that_is_gone_is_not_remembered_by_another(
        self, several: GitRepo, rules, settings, tmp_path: Path
    ) -> None:
        remembering = msgspec.structs.replace(settings, memory=tmp_path / "memory")
        several.git("repack", "-adfq")
        several.commit("says more", b="1")
        several.git("repack", "-dq")
        sweep(several.path, rules, remembering)
        largest = max(packs(several, ".pack"), key=lambda place: place.stat().st_size)
        for place in (largest, largest.with_suffix(".idx")):
            place.unlink()
        assert sweep(several.path, rules, remembering).findings == sweep(several.path, rules, settings).findings

    @pytest.mark.parametrize("damage", ["stale", "bits", "cut", "chain"])
    def test_a_multi_pack_index_is_never_believed(self, several: GitRepo, rules, settings, swept, damage: str) -> None:
        wanted = swept().findings
        several.git("multi-pack-index", "write", "--bitmap")
        place = several.path / ".git" / "objects" / "pack" / "multi-pack-index"
        content = bytearray(place.read_bytes())
        place.chmod(0o644)
        if damage == "stale":
            several.git("repack", "-adfq")
        if damage == "bits":
            content[-400:-40:3] = bytes(len(content[-400:-40:3]))
        if damage == "cut":
            del content[len(content) // 2 :]
        if damage == "chain":
            place.unlink()
            place = place.parent / "multi-pack-index.d" / f"multi-pack-index-{'1' * 40}.midx"
            place.parent.mkdir()
            (place.parent / "multi-pack-index-chain").write_text("1" * 40 + "\n")
        place.write_bytes(content)
        result = sweep(several.path, rules, settings)
        assert result.findings == wanted
        assert result.coverage.complete

    @pytest.mark.parametrize("damage", ["none", "stale", "bits"])
    def test_a_commit_graph_is_never_needed(self, several: GitRepo, swept, damage: str) -> None:
        several.git("commit-graph", "write", "--reachable")
        place = several.path / ".git" / "objects" / "info" / "commit-graph"
        place.chmod(0o644)
        if damage == "stale":
            several.commit(c="1")
        if damage == "bits":
            place.write_bytes(bytes(byte ^ 0x55 if at % 7 == 0 else byte for at, byte in enumerate(place.read_bytes())))
        with_graph = swept()
        place.unlink()
        assert swept().findings == with_graph.findings
        assert with_graph.coverage.complete

    def test_offsets_of_64_bits(self, several: GitRepo, swept) -> None:
        wanted = swept().findings
        for pack in packs(several, ".pack"):
            pack.with_suffix(".idx").unlink()
            several.git("index-pack", "--index-version=2,0x40", str(pack))
        result = swept()
        assert result.findings == wanted
        assert result.coverage.complete
        assert not result.coverage.notes

    def test_what_only_libgit2_can_read_is_said(self, several: GitRepo, swept) -> None:
        several.git("repack", "-adfq")
        wanted = swept().findings
        (pack,) = packs(several, ".pack")
        pack.with_suffix(".idx").unlink()
        several.git("index-pack", "--index-version=1", str(pack))
        result = swept()
        assert result.findings == wanted
        assert any("were read by libgit2" in note for note in result.coverage.notes)

    def test_a_pack_without_an_index_is_never_clean(self, repo: GitRepo, swept) -> None:
        repo.commit(a="1")
        repo.git("repack", "-adfq")
        (index,) = packs(repo, ".idx")
        index.unlink()
        assert [item.reason for item in swept().coverage.skipped if item.what.startswith("pack ")] == [
            "has no index; make one with `git index-pack`"
        ]

    @posix
    def test_a_pipe_for_a_pack_is_refused(self, repo: GitRepo, rules, settings) -> None:
        repo.commit(a="1")
        (repo.path / ".git" / "objects" / "pack").mkdir(exist_ok=True)
        os.mkfifo(repo.path / ".git" / "objects" / "pack" / "pack-1.idx")
        with pytest.raises(RepositoryError, match="is no file; remove it"):
            sweep(repo.path, rules, settings)

    @pytest.mark.skipif(sys.platform == "win32", reason="open files cannot be removed there")
    def test_packs_that_are_made_and_removed_meanwhile(self, several: GitRepo, rules, settings) -> None:
        wanted = len(sweep(several.path, rules, settings).findings)
        done = threading.Event()

        def repack() -> None:
            ways = [("-adfkq",), ("-Adq",), ("-dq", "--cruft")]
            while not done.is_set():
                for way in ways:
                    several.git("repack", *way, check=False)
                    several.git("prune-packed", "-q", check=False)

        thread = threading.Thread(target=repack)
        thread.start()
        try:
            for _ in range(40):
                result = sweep(several.path, rules, settings)
                assert len(result.findings) == wanted
                assert result.coverage.complete, result.coverage.skipped
                assert all(finding.places for finding in result.findings)
        finally:
            done.set()
            thread.join()


class TestAlternates:
    def test_alternates_of_alternates_by_relative_paths(self, tmp_path: Path, swept, token) -> None:
        made = [make_repo(tmp_path / name) for name in "abc"]
        for at, repo in enumerate(made):
            repo.commit(a=token(str(at)))
            repo.git("repack", "-adfq")
            alternates = repo.path / ".git" / "objects" / "info" / "alternates"
            alternates.write_text(f"# the next\n../../../{'abc'[at - 1]}/.git/objects\n")  # in a circle
        assert len(swept(made[0].path).findings) == 3

    def test_one_that_is_missing_is_named_once(self, repo: GitRepo, swept) -> None:
        repo.commit(a="1")
        (repo.path / ".git" / "objects" / "info" / "alternates").write_text("/nowhere/objects\n")
        assert [item.what for item in swept().coverage.skipped] == ["/nowhere/objects"]


class TestKinds:
    def test_a_reftable_is_refused_with_the_next_step(self, repo: GitRepo, rules, settings) -> None:
        extend(repo, "refStorage = reftable")
        with pytest.raises(RepositoryError, match=r"reftable.*--ref-format=files"):
            sweep(repo.path, rules, settings)

    def test_what_an_early_partial_clone_is_marked_with(self, repo: GitRepo, found, token) -> None:
        repo.commit(a=token("a"))
        extend(repo, "partialClone = origin")
        found()

    def test_a_mirror(self, repo: GitRepo, found, token, tmp_path: Path) -> None:
        repo.commit(a="1")
        repo.git("notes", "add", "-m", token("a"))
        repo.git("clone", "--quiet", "--mirror", ".", str(tmp_path / "mirror.git"))
        assert found(tmp_path / "mirror.git").provenance.refs == ("refs/notes/commits",)

    @pytest.mark.parametrize("left_out", ["blob:none", "tree:0"])
    def test_a_partial_clone_says_what_it_is(self, repo: GitRepo, swept, tmp_path: Path, left_out: str) -> None:
        repo.commit(a="1")
        repo.git("config", "uploadpack.allowFilter", "true")
        source = f"file://{repo.path}"
        repo.git("clone", "--quiet", f"--filter={left_out}", "--no-checkout", source, str(tmp_path / "clone"))
        result = swept(tmp_path / "clone")
        assert result.coverage.complete
        assert any("the clone is partial" in note for note in result.coverage.notes)

    @pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root gives files away")
    def test_somebody_elses_repository_is_swept(self, repo: GitRepo, found, token) -> None:
        repo.commit(a=token("a"))
        for place in [repo.path, *repo.path.rglob("*")]:
            os.chown(place, 12345, 12345)
        found()


def extend(repo: GitRepo, line: str) -> None:
    config = repo.path / ".git" / "config"
    content = config.read_text().replace("repositoryformatversion = 0", "repositoryformatversion = 1")
    config.write_text(f"{content}[extensions]\n\t{line}\n")
