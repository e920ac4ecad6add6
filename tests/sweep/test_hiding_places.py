"""Every place in a repository where a secret can hide is looked at. Each test makes the place with git itself."""

from __future__ import annotations

import gzip
import sys
from typing import TYPE_CHECKING

import pytest

from leakguard.sweep.run import sweep
from tests.archives import tarred, zipped
from tests.conftest import GitRepo

if TYPE_CHECKING:
    from collections.abc import Callable

    from leakguard.config import Settings
    from leakguard.detect.ruleset import RuleSet
    from leakguard.model import Finding, Result


@pytest.fixture
def swept(rules: RuleSet, settings: Settings, repo: GitRepo) -> Callable[[], Result]:
    return lambda: sweep(repo.path, rules, settings)


@pytest.fixture
def found(swept, token) -> Callable[[], Finding]:
    """The one finding, which must be the token of seed "a"."""

    def only() -> Finding:
        findings = swept().findings
        assert [finding.secret.reveal().decode() for finding in findings] == [token("a")]
        return findings[0]

    return only


def test_a_commit_message(repo: GitRepo, found, token) -> None:
    repo.commit("start", a="1")
    commit = repo.commit(f"use {token('a')} for now", a="2")
    finding = found()
    assert [event.commit.id for event in finding.provenance.introduced] == [commit]
    assert finding.places[0].source == "commit"
    assert finding.provenance.refs == ("refs/heads/main",)
    assert finding.provenance.in_head
    assert token("a")[4:] not in finding.provenance.introduced[0].commit.subject


def test_an_author_field(repo: GitRepo, found, token) -> None:
    repo.write("a", "1")
    repo.git("add", ".")
    repo.git("commit", "--quiet", "-m", "x", "--author", f"Ada <{token('a')}@example.com>")
    finding = found()
    assert token("a")[4:] not in repr(finding.provenance)


def test_an_annotated_tags_message(repo: GitRepo, found, token) -> None:
    repo.commit(a="1")
    repo.git("tag", "-a", "v1", "-m", f"release with {token('a')}")
    finding = found()
    assert finding.places[0].source == "tag"
    assert finding.provenance.refs == ("refs/tags/v1",)


def test_a_note(repo: GitRepo, found, token) -> None:
    repo.commit(a="1")
    repo.git("notes", "add", "-m", f"token: {token('a')}")
    assert found().provenance.refs == ("refs/notes/commits",)


def test_a_ref_name(repo: GitRepo, found, token) -> None:
    repo.commit(a="1")
    repo.git("branch", f"wip/{token('a')}")
    assert found().places[0].path == "ref names"


def test_a_file_name(repo: GitRepo, found, token) -> None:
    commit = repo.commit(**{f"dump-{token('a')}.txt": "content"})
    finding = found()
    assert [event.commit.id for event in finding.provenance.introduced] == [commit]
    assert finding.provenance.in_head
    assert finding.places[0].source == "file name"
    assert token("a")[4:] not in finding.places[0].path


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_the_target_of_a_symbolic_link(repo: GitRepo, found, token) -> None:
    (repo.path / "link").symlink_to(f"/srv/{token('a')}")
    repo.commit()
    assert found().places[0].path == "link"


def test_a_submodule_url(repo: GitRepo, found, token) -> None:
    url = f"https://x-access-token:{token('a')}@github.com/acme/lib.git"
    repo.write(".gitmodules", f'[submodule "lib"]\n\tpath = lib\n\turl = {url}\n')
    repo.commit()
    assert found().places[0].path == ".gitmodules"


@pytest.mark.parametrize("key", ["remote.origin.url", "http.https://github.com/.extraheader", "credential.helper"])
def test_the_repositorys_own_configuration(repo: GitRepo, found, token, key: str) -> None:
    repo.commit(a="1")
    value = {
        "remote.origin.url": f"https://oauth2:{token('a')}@github.com/acme/app.git",
        "http.https://github.com/.extraheader": f"Authorization: token {token('a')}",
        "credential.helper": f"!f() {{ echo password={token('a')}; }}; f",
    }[key]
    repo.git("config", key, value)
    finding = found()
    assert finding.places[0].path == ".git/config"
    assert finding.places[0].source == "repository"


def test_what_only_the_reflog_reaches(repo: GitRepo, found, token) -> None:
    repo.commit(a="1")
    repo.commit(a=token("a"))
    repo.git("reset", "--quiet", "--hard", "HEAD~1")
    assert found().provenance.unreachable


def test_a_cruft_pack(repo: GitRepo, found, token) -> None:
    repo.commit(a="1")
    repo.git("hash-object", "-w", "--stdin", stdin=token("a").encode())
    repo.git("repack", "-dq", "--cruft")
    packs = list((repo.path / ".git" / "objects" / "pack").glob("*.mtimes"))
    if not packs:
        pytest.skip("this git makes no cruft packs")
    assert found().provenance.unreachable


def test_an_alternate_object_folder(repo: GitRepo, tmp_path, rules, settings, token) -> None:
    repo.commit(a=token("a"))
    repo.git("clone", "--quiet", "--shared", ".", str(tmp_path / "shared"))
    result = sweep(tmp_path / "shared", rules, settings)
    assert [finding.secret.reveal().decode() for finding in result.findings] == [token("a")]


def test_a_linked_worktree_is_swept_like_its_repository(repo: GitRepo, tmp_path, rules, settings, token) -> None:
    repo.commit(a=token("a"))
    repo.git("worktree", "add", "--quiet", str(tmp_path / "tree"), "-b", "other")
    result = sweep(tmp_path / "tree", rules, settings)
    assert [finding.secret.reveal().decode() for finding in result.findings] == [token("a")]
    assert result.findings[0].provenance.in_head


@pytest.mark.parametrize("attribute", ["-diff", "binary", "-text", "export-ignore", "linguist-generated"])
def test_attributes_hide_nothing(repo: GitRepo, found, token, attribute: str) -> None:
    repo.write(".gitattributes", f"* {attribute}\n")
    repo.commit(a=token("a"))
    assert found().places[0].path == "a"


def test_text_with_a_nul_byte(repo: GitRepo, found, token) -> None:
    repo.commit(a=b"\0\0binary\0" + token("a").encode() + b"\0")
    found()


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig"])
def test_wide_encodings_with_and_without_a_mark(repo: GitRepo, found, token, encoding: str) -> None:
    repo.commit(a=f"first\nkey: {token('a')}\n".encode(encoding))
    place = found().places[0]
    assert (place.path, place.line) == ("a", 2)


@pytest.mark.parametrize("ending", ["\r\n", "\r", "\n"])
def test_every_line_ending(repo: GitRepo, found, token, ending: str) -> None:
    repo.commit(a=f"one{ending}{token('a')}{ending}three")
    found()


def in_zip(content: bytes, name: str = "inner.txt", **others: bytes) -> bytes:
    return zipped(**{name: content, **others})


def in_tar(content: bytes) -> bytes:
    return tarred(**{"inner.txt": content})


@pytest.mark.parametrize(
    ("make", "path"),
    [
        (gzip.compress, "a"),
        (in_zip, "a!inner.txt"),
        (in_tar, "a!inner.txt"),
        (lambda content: gzip.compress(in_tar(content)), "a!inner.txt"),
        (lambda content: in_zip(in_zip(content), "in.zip"), "a!in.zip!inner.txt"),
    ],
    ids=["gzip", "zip", "tar", "tar.gz", "zip in zip"],
)
def test_archives(repo: GitRepo, found, token, make, path: str) -> None:
    repo.commit(a=make(f"one\ntwo {token('a')}\n".encode()))
    assert (path, 2) in [(place.path, place.line) for place in found().places]


def test_members_that_versions_of_an_archive_share_hide_nothing(repo: GitRepo, swept, token) -> None:
    clean, nested = b"nothing in here\n" * 50, in_zip(token("n").encode())
    repo.commit(a=in_zip(clean, one=nested, two=b"two"))
    repo.commit(a=in_zip(clean, one=nested, two=token("b").encode(), three=clean))
    blobs = [repo.git("rev-parse", f"{commit}:a") for commit in ("HEAD~1", "HEAD")]
    shown = {(finding.secret.reveal().decode(), finding.occurrences) for finding in swept().findings}
    assert shown == {(token("n"), 2), (token("b"), 1)}
    places = {(place.path, place.object) for finding in swept().findings for place in finding.places}
    assert ("a!two", blobs[1]) in places


def test_an_archive_bomb_is_cut_off_and_said(repo: GitRepo, swept, token) -> None:
    bomb = in_zip(gzip.compress(bytes(300 << 20)), "bomb.gz")
    repo.commit(a=bomb, b=token("a"))
    result = swept()
    assert len(result.findings) == 1
    assert not result.coverage.complete
    assert any("more bytes than the limit" in item.reason for item in result.coverage.skipped)


def test_a_broken_archive_is_said_and_hides_nothing(repo: GitRepo, swept, token) -> None:
    repo.commit(a=in_zip(b"x" * 1000)[:100], b=token("a"))
    result = swept()
    assert len(result.findings) == 1
    assert any("cannot be unfolded" in item.reason for item in result.coverage.skipped)


def test_one_line_of_many_megabytes(repo: GitRepo, found, token) -> None:
    repo.commit(a=b"x" * 5_000_000 + b" " + token("a").encode() + b" " + b"y" * 5_000_000)
    assert found().places[0].column == 5_000_002


def test_a_secret_that_straddles_an_edit(repo: GitRepo, found, token) -> None:
    filler = "".join(f"line {at}\n" for at in range(300))
    repo.commit(a=f"{filler}{token('a')[:18]}\n{filler}")
    commit = repo.commit(a=f"{filler}{token('a')}\n{filler}")
    repo.git("repack", "-adfq", "--depth=50")
    assert [event.commit.id for event in found().provenance.introduced] == [commit]


def test_several_packs_and_a_multi_pack_index(repo: GitRepo, found, token) -> None:
    repo.commit(a="1\n" * 500)
    repo.git("repack", "-dq")
    repo.commit(a="1\n" * 500 + token("a"))
    repo.git("repack", "-dq")
    repo.git("multi-pack-index", "write")
    assert len(list((repo.path / ".git" / "objects" / "pack").glob("*.idx"))) == 2
    found()


def test_reference_deltas(repo: GitRepo, found, token) -> None:
    for at in range(5):
        repo.commit(a="same\n" * 500 + f"{at}\n" + (token("a") if at == 3 else ""))
    repo.git("-c", "repack.useDeltaBaseOffset=false", "repack", "-adfq")
    found()
