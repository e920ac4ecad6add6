"""Refs as git keeps them, loose and packed: each is told with its commit, or with what is wrong with it."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from leakguard.git.objects import open_objects
from leakguard.git.packs import TAG
from leakguard.git.repository import Ref, open_repository
from tests.conftest import ROOT

if TYPE_CHECKING:
    from tests.conftest import GitRepo


def test_each_ref_stands_for_its_commit(repo: GitRepo) -> None:
    first = repo.commit(a="one")
    repo.git("tag", "light")
    repo.git("tag", "--annotate", "--message", "heavy", "heavy")
    repo.git("pack-refs", "--all")
    second = repo.commit(a="two")
    heavy = repo.git("rev-parse", "heavy")
    repo.git("symbolic-ref", "refs/heads/other", "refs/heads/main")
    expected = [
        Ref("HEAD", second, second),
        Ref("refs/heads/main", second, second),
        Ref("refs/heads/other", second, second),
        Ref("refs/tags/heavy", heavy, first, (heavy,)),
        Ref("refs/tags/light", first, first),
    ]
    for again in range(2):
        found = open_repository(repo.path)
        objects, _ = open_objects(found)
        assert (found.refs(objects), found.problems) == (expected, []), again
        repo.git("repack", "--quiet", "-ad")


def test_a_ref_leads_through_tags_to_whatever_they_name(repo: GitRepo) -> None:
    commit = repo.commit(a="one")
    repo.git("tag", "--annotate", "--message", "plain", "plain")
    repo.git("tag", "--annotate", "--message", "a tag's tag", "nested", "plain")
    repo.git("tag", "--annotate", "--message", "a tree's", "tree", "HEAD^{tree}")
    for name, tagger in (("nobody", ""), ("odd", "tagger A > b\n"), ("timeless", "tagger A <a@b>\n")):
        text = f"object {commit}\ntype commit\ntag {name}\n{tagger}\nmessage\n"
        made = repo.git("hash-object", "-t", "tag", "-w", "--literally", "--stdin", stdin=text.encode())
        (repo.path / ".git" / "refs" / "tags" / name).write_text(f"{made}\n")
    for number in range(40):  # long enough and alike enough to be stored as differences
        repo.git("tag", "--annotate", "--message", f"{number} " + "said at length " * 40, f"like-{number}")
    names = repo.git("for-each-ref", "--format=%(refname)").split()
    repo.git("repack", "--quiet", "-adf")
    found = open_repository(repo.path)
    objects, _ = open_objects(found)
    led = {ref.name: ref for ref in found.refs(objects)}
    assert found.problems == []
    assert sorted(led) == ["HEAD", *names]
    assert {led[name].commit for name in names} == {commit, ""}
    plain, tree = repo.git("rev-parse", "plain"), repo.git("rev-parse", "HEAD^{tree}")
    assert led["refs/tags/nested"].leads == (repo.git("rev-parse", "nested"), plain)
    assert led["refs/tags/tree"] == Ref(
        "refs/tags/tree", repo.git("rev-parse", "tree"), "", (repo.git("rev-parse", "tree"), tree)
    )
    (pack,) = objects.packs
    assert {pack.parents[at] == -1 for at in range(pack.count) if pack.table.types[at] == TAG} == {True, False}


def test_a_broken_object_stands_for_no_commit(repo: GitRepo) -> None:
    commit = repo.commit(a="one")
    repo.git("tag", "--annotate", "--message", "plain", "plain")
    repo.git("repack", "--quiet", "-ad")
    found = open_repository(repo.path)
    objects, _ = open_objects(found)
    assert found.refs(objects, {commit}) == []
    assert [name for name, _ in found.problems] == ["HEAD", "refs/heads/main", "refs/tags/plain"]


def test_refs_that_cannot_be_resolved_are_told(repo: GitRepo) -> None:
    commit = repo.commit(a="one")
    folder = repo.path / ".git"
    (folder / "packed-refs").write_text(f"{commit} refs/heads/a..b\n{commit} refs/heads/whole\n")
    (folder / "refs" / "heads" / "nowhere").write_text("ref: refs/heads/none\n")
    found = open_repository(repo.path)
    assert [ref.name for ref in found.refs(open_objects(found)[0])] == ["HEAD", "refs/heads/main", "refs/heads/whole"]
    assert [name for name, _ in found.problems] == ["refs/heads/a..b", "refs/heads/nowhere"]
    assert all("is a ref that cannot be resolved" in reason for _, reason in found.problems)


def test_refs_that_cannot_be_listed_are_told_and_hide_nothing(repo: GitRepo, token, leakguard) -> None:
    repo.commit(a=token("a"))
    (repo.path / ".git" / "packed-refs").write_text("what is this\n")
    ran = leakguard("sweep", "--no-cache", repo.path)
    assert (ran.status, "github" in ran.out.lower()) == (1, True)
    assert "not scanned: refs cannot be listed (corrupted packed references file); run `git fsck`" in ran.out


def test_importing_libgit2_leaves_the_environment_as_it_was() -> None:
    code = "import os; before = dict(os.environ); import leakguard.git.repository; assert dict(os.environ) == before"
    for own in ({}, {"SSL_CERT_FILE": "own.pem", "SSL_CERT_DIR": "own"}):
        environment = {**os.environ, **own}
        subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, check=True)
