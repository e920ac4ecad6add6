"""What is staged is told by path and blob, with the blobs that were at that place before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leakguard.git.staged import read_staged
from leakguard.git.steps import Blobs, Change
from leakguard.git.surroundings import Surroundings, parse_surroundings

if TYPE_CHECKING:
    from tests.conftest import GitRepo


def test_each_change_names_its_blob_and_the_one_before(repo: GitRepo) -> None:
    repo.commit(kept="same\n", edited="old\n", gone="gone\n")
    old = repo.git("rev-parse", "HEAD:edited")
    repo.write("edited", "new\n")
    repo.write("added", "fresh\n")
    (repo.path / "gone").unlink()
    repo.git("add", "--all")
    staged = read_staged(repo.path, Surroundings())
    assert staged.changes.files == (
        Change(b"added", repo.git("rev-parse", ":added")),
        Change(b"edited", repo.git("rev-parse", ":edited"), (old,)),
    )
    assert Blobs(staged.repository.git).content(staged.changes.files[0].blob) == b"fresh\n"


def test_a_rename_knows_the_blob_that_it_was_made_of(repo: GitRepo) -> None:
    repo.commit(a="".join(f"line {at}\n" for at in range(30)))
    old = repo.git("rev-parse", "HEAD:a")
    repo.git("mv", "a", "b")
    repo.write("b", (repo.path / "b").read_text() + "more\n")
    repo.git("add", "b")
    staged = read_staged(repo.path, Surroundings())
    assert staged.step.renamed_from(b"b") == [old]
    assert staged.step.renamed_from(b"a") == []


def test_git_and_libgit2_say_the_same_of_an_index(repo: GitRepo) -> None:
    repo.commit(a="one\n" * 9, b="two\n", c="three\n")
    repo.git("mv", "a", "moved")
    repo.write("b", "changed\n")
    repo.write("new", "new\n")
    repo.git("rm", "--quiet", "c")
    repo.git("add", "--all")
    plain = read_staged(repo.path, Surroundings())
    repo.git("update-index", "--split-index")
    asked = read_staged(repo.path, Surroundings())
    assert type(plain.step) is not type(asked.step)
    assert [change.path for change in asked.changes.files] == [change.path for change in plain.changes.files]
    assert asked.step.renamed_from(b"moved") == plain.step.renamed_from(b"moved")


def test_an_intent_to_add_holds_nothing(repo: GitRepo) -> None:
    repo.commit(a="a\n")
    repo.write("later", "content that is not staged\n")
    repo.git("add", "--intent-to-add", "later")
    staged = read_staged(repo.path, Surroundings())
    blobs = Blobs(staged.repository.git)
    assert [blobs.content(change.blob) for change in staged.changes.files] in ([], [b""])


def test_what_git_says_to_its_hooks_is_understood() -> None:
    side = "1" * 40
    found = parse_surroundings(
        {"GIT_DIR": "x", "GIT_INDEX_FILE": "y", "GIT_OBJECT_DIRECTORY": "q", f"GITHEAD_{side}": "s"}
    )
    assert (str(found.git_dir), str(found.index), [str(place) for place in found.objects]) == ("x", "y", ["q"])
    assert found.merging == (side,)
    assert parse_surroundings({}) == Surroundings()
