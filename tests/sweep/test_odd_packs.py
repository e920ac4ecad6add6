"""Packs and what git keeps beside them: several, old, damaged, or changing meanwhile."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

import msgspec
import pytest

from leakguard.errors import RepositoryError
from leakguard.sweep.run import sweep
from tests.conftest import GitRepo, posix
from tests.sweep.by_hand import packs


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
    def test_a_multi_pack_index_is_never_believed(self, several: GitRepo, swept, damage: str) -> None:
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
        result = swept()
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

    @pytest.mark.parametrize("way", ["index-pack", "repack"])
    def test_indexes_of_version_1(self, several: GitRepo, swept, way: str) -> None:
        wanted = swept().findings
        if way == "repack":
            several.git("-c", "pack.indexVersion=1", "repack", "-adfkq")
        else:
            for pack in packs(several, ".pack"):
                pack.with_suffix(".idx").unlink()
                several.git("index-pack", "--index-version=1", str(pack))
        assert not any(index.read_bytes().startswith(b"\xfftOc") for index in packs(several, ".idx"))
        result = swept()
        assert result.findings == wanted
        assert result.coverage.complete
        assert not result.coverage.notes

    @pytest.mark.parametrize("keep", [0, 2, 500, 1030, -1])
    def test_an_index_of_version_1_that_is_cut_off_is_never_clean(self, repo: GitRepo, swept, keep: int) -> None:
        repo.commit(a="1")
        repo.git("-c", "pack.indexVersion=1", "repack", "-adfq")
        (index,) = packs(repo, ".idx")
        index.write_bytes(index.read_bytes()[:keep])
        assert any("cannot be used" in item.reason for item in swept().coverage.skipped)

    def test_what_only_libgit2_can_read_is_said(self, several: GitRepo, swept) -> None:
        several.git("repack", "-adfkq")
        wanted = swept().findings
        (index,) = packs(several, ".idx")
        content = index.read_bytes()
        index.write_bytes(content[:-40] + bytes(4) + content[-40:])
        result = swept()
        assert result.findings == wanted
        assert any("were read by libgit2" in note for note in result.coverage.notes)
        assert not result.coverage.complete

    def test_what_only_libgit2_can_read_is_read_beside_a_multi_pack_index_that_lies(
        self, several: GitRepo, rules, settings, swept
    ) -> None:
        wanted = swept().findings
        several.git("multi-pack-index", "write")
        place = several.path / ".git" / "objects" / "pack" / "multi-pack-index"
        place.chmod(0o644)
        place.write_bytes(place.read_bytes()[:200])
        for index in packs(several, ".idx"):
            content = index.read_bytes()
            index.write_bytes(content[:-40] + bytes(4) + content[-40:])
        result = sweep(several.path, rules, settings)
        assert result.findings == wanted

    def test_one_index_that_lies_hides_nothing_of_other_packs(self, repo: GitRepo, swept, token) -> None:
        for seed in "ab":
            repo.commit(**{seed: token(seed)})
            repo.git("repack", "-dq")
        blob = repo.git("rev-parse", "HEAD:b")
        for bad in packs(repo, ".idx"):
            whole = bad.read_bytes()
            bad.write_bytes(whole[:-30])
            result = swept()
            left = "a" if blob in repo.git("show-index", stdin=whole) else "b"
            assert [finding.secret.reveal().decode() for finding in result.findings] == [token(left)]
            assert f"pack {bad.stem}.pack" in [item.what for item in result.coverage.skipped]
            bad.write_bytes(whole)

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
