"""Of a git folder that is laid out in the usual way we read what libgit2 would; of another one we say nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from leakguard.git.by_libgit2 import references
from leakguard.git.layout import find_git_folder, read_refs
from leakguard.git.libgit2 import pygit2
from tests.conftest import ROOT, make_repo, posix
from tests.git.kernels import unhurried

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import GitRepo

A, B = "a" * 40, "b" * 40


def by_libgit2(folder: Path) -> list[tuple[bytes, str]]:
    """What there is to tell; an error where there is something that cannot be told."""
    return [(name, target()) for name, target in references(pygit2.Repository(str(folder)))]


def bare(folder: Path, **files: str | bytes) -> Path:
    """A git folder made by hand, with these files; a double underscore stands for a slash, one for a hyphen."""
    contents: dict[str, str | bytes] = {"HEAD": f"{A}\n", "refs__heads__main": f"{A}\n", **files}
    for name in ("objects", "refs"):
        folder.joinpath(name).mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        place = folder.joinpath(*name.replace("__", "/").replace("_", "-").split("/"))
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def test_refs_are_those_that_libgit2_tells(repo: GitRepo) -> None:
    repo.commit(a="one")
    for name in ("refs/heads/feature/1.2-x", "refs/tags/v1.0", "refs/pull/7/head", "refs/stash", "refs/notes/commits"):
        repo.git("update-ref", name, "HEAD")
    repo.git("tag", "--annotate", "--message", "heavy", "heavy")
    repo.git("pack-refs", "--all")
    packed = read_refs(repo.path / ".git")
    assert packed == by_libgit2(repo.path)
    repo.commit(a="two")
    repo.git("update-ref", "refs/heads/feature/loose", "HEAD")
    repo.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/heads/feature/loose")
    mixed = read_refs(repo.path / ".git")
    assert mixed == by_libgit2(repo.path)
    assert packed is not None
    assert mixed is not None
    assert (len(packed), len(mixed), dict(packed)[b"HEAD"] != dict(mixed)[b"HEAD"]) == (8, 10, True)


@pytest.mark.parametrize(
    "files",
    [
        {"HEAD": "ref: refs/heads/none\n"},
        {"HEAD": ""},
        {"refs__heads__x": ""},
        {"refs__heads__x": f"{A}"[:39]},
        {"refs__heads__x": f"{A} \n"},
        {"refs__heads__x": A.upper()},
        {"refs__heads__x": "ref: refs/heads/none\n"},
        {"refs__heads__x": "ref: refs/heads/x\n"},
        {"refs__heads__x": "ref:\trefs/heads/main\n"},
        {"refs__heads__x.lock": f"{A}\n"},
        {"refs__heads__.x": f"{A}\n"},
        {"refs__heads__x~1": f"{A}\n"},
        {"refs__heads__é": f"{A}\n"},
        {"packed_refs": f"{A} refs/heads/x"},
        {"packed_refs": f"{A} refs/heads/x\r\n"},
        {"packed_refs": f"{A} refs/heads/x\n\n"},
        {"packed_refs": f"{A} refs/heads/x\n# late\n"},
        {"packed_refs": f"{A} refs/heads/x\n^{A[:39]}\n"},
        {"packed_refs": f"{A} refs/heads/x\n^{A[:39]}g\n"},
        {"packed_refs": f"{A[:39]}g refs/heads/x\n"},
        {"packed_refs": f"{A} refs/heads/x\n{B} refs/heads/x\n"},
        {"packed_refs": f"^{A}\n"},
        {"packed_refs": f"{A} refs/tags/x\n^{A}\n^{A}\n"},
        {"packed_refs": f"{A} heads/x\n"},
        {"packed_refs": f"{A} refs/heads/a..b\n"},
        {"packed_refs": f"{A} refs/heads/a.lock/b\n"},
        {"packed_refs": f"{A} refs/heads/a@{{b\n"},
        {"packed_refs": f"{A} refs/heads//b\n"},
        {"packed_refs": f"{A} refs/heads/\n"},
        {"packed_refs": f"{A} refs/heads/a b\n"},
    ],
)
@posix
def test_refs_that_are_unusual_are_left_to_libgit2(files: dict[str, str], tmp_path: Path) -> None:
    assert read_refs(bare(tmp_path)) is not None
    assert read_refs(bare(tmp_path, **files)) is None


@posix
def test_links_pipes_and_names_of_two_lines_among_refs_are_left_to_libgit2(tmp_path: Path) -> None:
    for number, make in enumerate(
        (lambda place: place.symlink_to("main"), os.mkfifo, lambda place: place.with_name("x\nrefs").write_text(A))
    ):
        folder = bare(tmp_path / str(number))
        make(folder / "refs" / "heads" / "x")
        assert read_refs(folder) is None


NAMES = st.sampled_from(["main", "x", "x/y", "a.b", "a..b", ".a", "a.", "a.lock", "a b", "a~", "é", "@", "a@{", "-"])
TEXTS = st.sampled_from([A, f"{A}\n", f"{B}\n", f"{A}x\n", "", "ref: refs/heads/main\n", "ref: refs/heads/x\n"])
LISTED = [f"{oid} refs/{kind}/{name}\n" for oid in (A, B) for kind in ("heads", "tags") for name in ("main", "x", "a.")]
ODD = ["# pack-refs with: peeled \n", f"^{A}\n", f"{A} refs/x", "\n", "\r\n", f"{B[1:]} refs/x\n"]
PACKED = st.lists(st.sampled_from([*LISTED, *ODD]), max_size=4).map("".join)


@posix
@unhurried
@given(st.dictionaries(NAMES, TEXTS, max_size=3), PACKED, TEXTS)
@example({"x": f"{B}\n"}, f"{A} refs/heads/main\n{A} refs/heads/x\n", "ref: refs/heads/x\n")
def test_what_is_read_of_any_refs_is_what_libgit2_tells(loose: dict[str, str], packed: str, head: str) -> None:
    with TemporaryDirectory() as made:
        folder = bare(Path(made), HEAD=head, packed_refs=packed)
        for name, text in loose.items():
            place = folder / "refs" / "heads" / name
            if not place.is_dir() and not place.parent.is_file():
                place.parent.mkdir(exist_ok=True)
                place.write_text(text)
        told = read_refs(folder)
        assert told is None or told == by_libgit2(folder)


def test_a_git_folder_is_found_in_a_work_tree_and_where_it_is_named(repo: GitRepo, tmp_path: Path) -> None:
    repo.git("remote", "add", "origin", "https://example.com/a.git")
    repo.git("config", "branch.main.remote", "origin")
    repo.commit(a="one")
    repo.git("clone", "--quiet", "--mirror", ".", str(tmp_path / "bare.git"))
    for place in (repo.path, repo.path / ".git", tmp_path / "bare.git"):
        assert find_git_folder(place) == Path(pygit2.discover_repository(str(place)) or ""), place


def test_what_lies_elsewhere_is_left_to_libgit2(repo: GitRepo, tmp_path: Path) -> None:
    repo.commit(a="one")
    (repo.path / "sub").mkdir()
    repo.git("worktree", "add", "--quiet", "--detach", str(tmp_path / "tree"))
    inner = make_repo(tmp_path / "inner")
    inner.git("init", "--quiet", "--separate-git-dir", str(tmp_path / "apart"), ".")
    broken = tmp_path / "broken"
    (broken / ".git").mkdir(parents=True)
    folder = repo.path / ".git"
    for place in (repo.path / "sub", tmp_path / "tree", inner.path, broken, tmp_path, tmp_path / "none"):
        assert find_git_folder(place) is None, place
    for worktree in (folder / "worktrees").iterdir():
        assert find_git_folder(worktree) is None


@pytest.mark.parametrize(
    ("config", "usual"),
    [
        ("", True),
        ("[core]\n\trepositoryformatversion = 0\n\tbare = true\n", True),
        ('; remark\n[remote "origin"]\n\turl = git@example.com:a/b.git # remark\n\tfetch = +refs/*:refs/*\n', True),
        ("[core]\n\trepositoryformatversion = 1\n", False),
        ("[core]\nRepositoryFormatVersion=\n", False),
        ("[extensions]\n\tpartialclone = origin\n", False),
        ("[Extensions]\n\tobjectformat = sha256\n", False),
        ("[include]\n\tpath = other\n", False),
        ('[includeIf "gitdir:x"]\n\tpath = other\n', False),
        ("[core] bare = true\n", False),
        ("[core]\n\tbare\n", False),
        ("[a.b]\nc = d\n", False),
        ('[alias]\n\tx = "!f"\n', False),
        ("[core]\n\tx = a\\\n\n", False),
        ("[core]\r\n\tbare = true\r\n", True),
        ("[core\n", False),
        ("\ufeff[core]\n", False),
    ],
)
def test_a_configuration_that_may_change_how_things_are_kept_is_left_to_libgit2(
    config: str, usual: bool, tmp_path: Path
) -> None:
    folder = bare(tmp_path / "made", config=config)
    assert (find_git_folder(folder) is not None) == usual


SECTIONS = ["[core]", "[extensions]", "[a", '[a "b"]', '[a "b\\c"]', "[]", "# c", ";", "\t", "\f"]
VALUES = ["bare = true", "x", "x=", "1x = 2", "y = a # b", 'z = "a', "w = a\\"]
VERSIONS = [f"repositoryformatversion = {number}" for number in (0, 1, 2)]
LINES = st.lists(st.sampled_from([*SECTIONS, *VALUES, *VERSIONS]), max_size=5).map("\n".join)


@unhurried
@given(LINES)
def test_what_passes_as_usual_is_opened_by_libgit2_as_well(config: str) -> None:
    with TemporaryDirectory() as made:
        folder = bare(Path(made), config=config)
        found = find_git_folder(folder)
        assert found is None or found == Path(pygit2.Repository(pygit2.discover_repository(str(folder)) or "").path)


def test_a_usual_repository_is_swept_without_libgit2(repo: GitRepo, token: Callable[[str], str], leakguard) -> None:
    repo.commit(a=token("a"))
    repo.git("tag", "--annotate", "--message", "heavy", "heavy")
    repo.commit(a="clean")
    mirror = repo.path.parent / "mirror.git"
    repo.git("clone", "--quiet", "--mirror", ".", str(mirror))
    code = "import sys; sys.modules['pygit2'] = None; from leakguard.cli.main import run; run()"
    command = [sys.executable, "-c", code, "sweep", "--no-cache", "--format", "json", str(mirror)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout == leakguard("sweep", "--no-cache", "--format", "json", mirror).out
