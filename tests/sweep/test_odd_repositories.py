"""Repositories as they are met: odd or of another kind. Each is swept, or refused with a sentence."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from leakguard.errors import RepositoryError
from leakguard.sweep.run import sweep
from tests.conftest import GitRepo, make_repo, posix
from tests.sweep.by_hand import entry, put


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


class TestAlternates:
    def test_alternates_of_alternates_by_relative_paths(self, tmp_path: Path, swept, token) -> None:
        made = [make_repo(tmp_path / name) for name in "abc"]
        for at, repo in enumerate(made):
            repo.commit(a=token(str(at)))
            repo.git("repack", "-adfq")
            alternates = repo.path / ".git" / "objects" / "info" / "alternates"
            alternates.write_text(f"# the next\n../../../{'abc'[at - 1]}/.git/objects\n")  # in a circle
        assert len(swept(made[0].path).findings) == 3

    @posix
    @pytest.mark.parametrize("name", ['"quoted', "caf\xe9", "two\nlines", 'tab\t\\ and "', "# no comment"])
    def test_paths_that_are_quoted_like_a_string_of_c(self, tmp_path: Path, found, token, name: str) -> None:
        other = make_repo(tmp_path / name)
        other.commit(a=token("a"))
        repo = make_repo(tmp_path / "clone")
        alternates = repo.path / ".git" / "objects" / "info" / "alternates"
        path = os.fsencode(other.path / ".git" / "objects")
        for escaped in (b"".join(b"\\%03o" % byte for byte in path), re.sub(rb'(["\\])', rb"\\\1", path)):
            alternates.write_bytes(b'# a comment\n"%s"\n' % escaped)
            assert repo.git("cat-file", "-t", other.git("rev-parse", "HEAD")) == "commit"
            assert found(repo.path).places[0].path == "a"

    @posix
    def test_a_quote_that_does_not_end_is_a_part_of_the_path(self, repo: GitRepo, tmp_path: Path, found, token) -> None:
        other = make_repo(tmp_path / '"other')
        other.commit(a=token("a"))
        repo.commit(b="1")
        alternates = repo.path / ".git" / "objects" / "info" / "alternates"
        alternates.write_text('../../../"other/.git/objects\n')
        assert found().places[0].path == "a"

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
