"""`leakguard staged` stops what a commit would add, nothing else, and says what it looked at."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.conftest import GitRepo, make_repo

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Ran

    Run = Callable[..., Ran]


@pytest.fixture
def staged(leakguard: Run) -> Callable[..., list[tuple[str, str, int]]]:
    """(rule, path, line) of what `leakguard staged` finds; its exit status must say the same."""

    def run(repo: GitRepo, *arguments: str, status: int | None = None, **env: str) -> list[tuple[str, str, int]]:
        ran = leakguard("staged", "--format", "json", *arguments, cwd=repo.path, **env)
        found = json.loads(ran.out)["results"][0]["findings"]
        assert ran.status == (bool(found) if status is None else status), ran.err
        return [(item["rule"], place["path"], place["line"]) for item in found for place in item["places"]]

    return run


def test_the_very_first_commit_is_looked_at(repo: GitRepo, staged, token) -> None:
    repo.write("a.py", f"x = 1\nT = '{token('a')}'\n")
    repo.git("add", ".")
    assert staged(repo) == [("github-pat-classic", "a.py", 2)]


def test_a_staged_secret_counts_although_the_file_was_cleaned_afterwards(repo: GitRepo, staged, token) -> None:
    repo.commit(a="clean\n")
    repo.write("a", token("a"))
    repo.git("add", "a")
    repo.write("a", "clean again\n")
    assert staged(repo) == [("github-pat-classic", "a", 1)]


def test_an_unstaged_secret_is_not_blamed(repo: GitRepo, staged, token) -> None:
    repo.commit(a="clean\n")
    repo.write("b", "fine\n")
    repo.git("add", "b")
    repo.write("a", token("a"))
    repo.write("new", token("b"))
    assert staged(repo) == []


def test_a_secret_that_head_has_at_that_place_does_not_block_and_a_second_one_does(
    repo: GitRepo, staged, token
) -> None:
    repo.commit(a=f"one\n{token('old')}\n")
    repo.write("a", f"more\nlines\n{token('old')}\n")
    repo.git("add", "a")
    assert staged(repo) == []
    repo.write("a", f"{token('new')}\n{token('old')}\n")
    repo.git("add", "a")
    assert staged(repo) == [("github-pat-classic", "a", 1)]


def test_the_same_secret_in_another_file_is_an_addition(repo: GitRepo, staged, token) -> None:
    repo.commit(a=token("a"))
    repo.write("b", f"copy of {token('a')}\nwith much else that makes it no rename\n" * 3)
    repo.git("add", "b")
    assert {path for _, path, _ in staged(repo)} == {"b"}


def test_a_renamed_file_brings_nothing_new(repo: GitRepo, staged, token) -> None:
    repo.commit(a="".join(f"line {at}\n" for at in range(20)) + token("a") + "\n")
    repo.git("mv", "a", "b")
    assert staged(repo) == []
    repo.write("b", (repo.path / "b").read_text() + token("b") + "\n")
    repo.git("add", "b")
    assert staged(repo) == [("github-pat-classic", "b", 22)]


def test_a_merge_adds_only_what_neither_side_has(repo: GitRepo, staged, token) -> None:
    repo.commit(a="base\n")
    repo.git("checkout", "--quiet", "-b", "side")
    repo.commit(side=token("side"))
    repo.git("checkout", "--quiet", "main")
    repo.commit(a="main\n")
    repo.git("merge", "--quiet", "--no-commit", "side")
    assert staged(repo) == []
    repo.write("side", f"{token('side')}\n{token('own')}\n")
    repo.git("add", "side")
    assert staged(repo) == [("github-pat-classic", "side", 2)]


def test_an_unmerged_path_is_told_and_blocks(repo: GitRepo, leakguard: Run) -> None:
    repo.commit(a="base\n")
    repo.git("checkout", "--quiet", "-b", "side")
    repo.commit(a="side\n")
    repo.git("checkout", "--quiet", "main")
    repo.commit(a="main\n")
    repo.git("merge", "--quiet", "side", check=False)
    ran = leakguard("staged", cwd=repo.path)
    assert ran.status == 3
    assert "not read  a is unmerged; resolve it and `git add` it" in ran.out
    assert "git commit --no-verify" in ran.out


def test_the_index_that_git_names_is_read(repo: GitRepo, staged, token) -> None:
    """`git commit FILE` and `git commit -a` hand their hook an index of their own."""
    repo.commit(a="clean\n", b="clean\n")
    repo.write("a", token("a"))
    repo.git("add", "a")
    index = repo.path / ".git" / "other-index"
    index.write_bytes((repo.path / ".git" / "index").read_bytes())
    repo.git("reset", "--quiet")
    assert staged(repo) == []
    assert staged(repo, GIT_INDEX_FILE=".git/other-index") == [("github-pat-classic", "a", 1)]


@pytest.mark.parametrize("form", ["split", "sparse"])
def test_indexes_that_only_git_can_read_are_read_by_git(repo: GitRepo, staged, token, form: str) -> None:
    repo.write("in/a", "a\n")
    repo.write("out/b", "b\n")
    repo.commit()
    if form == "split":
        repo.git("update-index", "--split-index")
    else:
        repo.git("sparse-checkout", "set", "--cone", "--sparse-index", "in")
    repo.write("in/a", f"a\n{token('a')}\n")
    repo.git("add", "in/a")
    assert staged(repo) == [("github-pat-classic", "in/a", 2)]


def test_a_linked_worktree_has_its_own_index(repo: GitRepo, staged, token, tmp_path: Path) -> None:
    repo.commit(a="clean\n")
    repo.git("worktree", "add", "--quiet", "-b", "side", str(tmp_path / "linked"))
    linked = GitRepo(tmp_path / "linked")
    linked.write("a", token("a"))
    linked.git("add", "a")
    assert staged(linked) == [("github-pat-classic", "a", 1)]
    assert staged(repo) == []


def test_a_submodule_is_counted_and_its_own_index_is_looked_at_in_it(
    repo: GitRepo, leakguard: Run, staged, token, tmp_path: Path
) -> None:
    other = make_repo(tmp_path / "other")
    other.commit(a="clean\n")
    repo.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(other.path), "sub")
    ran = leakguard("staged", cwd=repo.path)
    assert ran.status == 0
    assert "1 submodule" in ran.out
    inner = GitRepo(repo.path / "sub")
    inner.write("a", token("a"))
    inner.git("add", "a")
    assert staged(inner) == [("github-pat-classic", "a", 1)]
    assert staged(repo) == []


def test_a_bare_repository_with_a_work_tree_elsewhere_works(tmp_path: Path, leakguard: Run, token) -> None:
    bare = make_repo(tmp_path / "dotfiles.git", "--bare")
    home = tmp_path / "home"
    home.mkdir()
    (home / "netrc").write_text(token("a"))
    assert leakguard("staged", bare.path).status == 0
    bare.git("--work-tree", str(home), "add", str(home / "netrc"))
    ran = leakguard("staged", cwd=home, GIT_DIR=str(bare.path), GIT_WORK_TREE=str(home))
    assert ran.status == 1
    assert "netrc:1" in ran.out


def test_a_partial_clone_is_looked_at_without_fetching(repo: GitRepo, staged, token, tmp_path: Path) -> None:
    repo.commit(a="one\n", b="two\n")
    repo.git("config", "uploadpack.allowFilter", "true")
    url = repo.path.as_uri()
    repo.git("clone", "--quiet", "--filter=blob:none", "--no-checkout", url, str(tmp_path / "partial"))
    partial = GitRepo(tmp_path / "partial")
    partial.git("reset", "--quiet", check=False)
    partial.write("a", token("a"))
    partial.git("add", "a")
    assert staged(partial) == [("github-pat-classic", "a", 1)]


def test_removed_files_links_and_names_that_are_no_utf8_are_no_trouble(repo: GitRepo, staged, token) -> None:
    repo.commit(gone=token("gone"))
    (repo.path / "gone").unlink()
    (repo.path / "link").symlink_to("nowhere")
    repo.write(b"caf\xe9\x1b[31m", token("a"))
    repo.git("add", "--all")
    assert staged(repo) == [("github-pat-classic", "caf\\xe9\\x1b[31m", 1)]


def test_a_secret_in_a_file_name_counts_and_is_masked(repo: GitRepo, leakguard: Run, token) -> None:
    repo.commit(a="clean\n")
    repo.write(f"backup-{token('a')}.txt", "nothing\n")
    repo.git("add", ".")
    for form in ("block", "text", "json", "sarif"):
        ran = leakguard("staged", "--format", form, cwd=repo.path)
        assert ran.status == 1
        assert token("a")[4:] not in ran.out


def test_a_comment_with_a_reason_allows_it(repo: GitRepo, leakguard: Run, token) -> None:
    repo.write("a.py", f"T = '{token('a')}'  # leakguard:allow[github-pat-classic] revoked in May\n")
    repo.git("add", ".")
    ran = leakguard("staged", cwd=repo.path)
    assert ran.status == 0
    assert "1 allowed" in ran.out


def test_a_clean_commit_is_told_in_one_line(repo: GitRepo, leakguard: Run) -> None:
    repo.write("a", "12345678\n")
    repo.git("add", ".")
    ran = leakguard("staged", cwd=repo.path)
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.startswith("leakguard: no secrets; looked at 1 file, 9 bytes, with ")
    assert ran.out.count("\n") == 1


def test_the_message_of_a_block_fits_one_screen_and_masks(repo: GitRepo, leakguard: Run, token) -> None:
    for number in range(30):
        repo.write(f"{'deep/' * 30}file-{number}.py", f"TOKEN = '{token(str(number))}' " + "x" * 500 + "\n")
    repo.git("add", ".")
    ran = leakguard("staged", cwd=repo.path)
    assert ran.status == 1
    lines = ran.out.splitlines()
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 100
    assert lines[0] == "leakguard stopped the commit: 30 secrets (30 critical)"
    assert "leakguard:allow[github-pat-classic]" in ran.out
    assert not any(token(str(number))[4:] in ran.out for number in range(30))


def test_a_file_over_the_limit_blocks_unless_the_limit_was_chosen(repo: GitRepo, leakguard: Run) -> None:
    repo.write("big", b"x" * 3000)
    repo.git("add", ".")
    ran = leakguard("staged", "--max-blob-size", "1k", "--format", "json", cwd=repo.path)
    assert ran.status == 0
    assert (
        json.loads(ran.out)["results"][0]["coverage"]["skipped"][0]["reason"] == "is 3000 bytes, over the limit of 1024"
    )


@pytest.mark.parametrize(
    ("spoil", "status", "says"),
    [
        ("index", 2, "if the index is damaged, delete"),
        ("blob", 3, "run `git fsck`"),
        ("head", 2, "HEAD cannot be resolved"),
        ("no head", 2, "is not in a git repository"),
        ("merge", 2, "finish or abort the merge"),
    ],
)
def test_what_cannot_be_read_blocks_in_one_sentence(
    repo: GitRepo, leakguard: Run, spoil: str, status: int, says: str
) -> None:
    repo.commit(a="clean\n")
    repo.write("a", "changed\n")
    repo.git("add", "a")
    git = repo.path / ".git"
    if spoil == "index":
        (git / "index").write_bytes(b"DIRC\0\0\0\x02\0\0\0\x09")
    elif spoil == "blob":
        oid = repo.git("rev-parse", ":a")
        place = git / "objects" / oid[:2] / oid[2:]
        place.chmod(0o644)
        place.write_bytes(b"garbage")
    elif spoil == "head":
        (git / "refs" / "heads" / "main").write_text("1" * 40 + "\n")
    elif spoil == "no head":
        (git / "HEAD").unlink()
    else:
        (git / "MERGE_HEAD").write_bytes(b"\xff\xfe")
    ran = leakguard("staged", cwd=repo.path)
    assert ran.status == status, ran.out + ran.err
    assert says in ran.out + ran.err
    assert "Traceback" not in ran.err
    assert status == 3 or ran.err.count("\n") == 1


def test_outside_of_a_repository_it_says_so(tmp_path: Path, leakguard: Run) -> None:
    ran = leakguard("staged", cwd=tmp_path)
    assert ran.status == 2
    assert "is not in a git repository" in ran.err


def test_a_repository_that_is_named_is_looked_at_whatever_git_says(
    repo: GitRepo, leakguard: Run, tmp_path: Path
) -> None:
    repo.write("a", "clean\n")
    repo.git("add", "a")
    ran = leakguard("staged", repo.path, cwd=tmp_path, GIT_DIR=str(tmp_path), GIT_INDEX_FILE="nowhere")
    assert ran.status == 0
    assert "1 file," in ran.out


def test_a_detached_head_is_a_head(repo: GitRepo, staged, token) -> None:
    first = repo.commit(a=token("a"))
    repo.commit(a="clean\n")
    repo.git("checkout", "--quiet", first)
    repo.write("a", f"{token('a')}\nmore\n")
    repo.git("add", "a")
    assert staged(repo) == []


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("conf/.env", "`git rm --cached -- conf/.env` (your file stays), then `leakguard hygiene --fix` ignores it."),
        ("conf/.env.example", "take it out of conf/.env.example:1, keep it in an ignored .env file"),
        ("app.js", "take it out of app.js:1"),
    ],
)
def test_the_advice_for_an_environment_file_is_to_keep_it_and_not_commit_it(
    repo: GitRepo, leakguard: Run, token, name: str, says: str
) -> None:
    repo.write(name, f"TOKEN={token('a')}\n")
    repo.git("add", "--all")
    ran = leakguard("staged", cwd=repo.path)
    assert ran.status == 1
    assert says in " ".join(ran.out.split())


def test_modules_that_lie_in_the_repository_are_never_imported(repo: GitRepo, leakguard: Run) -> None:
    for name in (
        "copy.py",
        "regex.py",
        "pathlib.py",
        "click/__init__.py",
        "msgspec.py",
        "sitecustomize.py",
        "tomli.py",
    ):
        repo.write(name, "raise SystemExit('this was run')\n")
    repo.write("a.py", f"password = {chr(39)}Xk29fjQlq3pz{chr(39)}\n")
    repo.git("add", "--all")
    ran = leakguard("staged", cwd=repo.path)
    assert (ran.status, ran.err) == (1, "")
    assert leakguard("scan", ".", cwd=repo.path).status == 1
    assert leakguard("sweep", cwd=repo.path).status == 1


def test_a_clean_commit_imports_nothing_that_it_does_not_use(repo: GitRepo, leakguard: Run) -> None:
    repo.commit(a__py="x = 1\n")
    repo.write("a.py", "x = 2\n")
    repo.git("add", "--all")
    ran = leakguard("staged", cwd=repo.path, PYTHONPROFILEIMPORTTIME="1")
    assert ran.status == 0
    imported = {line.rpartition("|")[2].strip() for line in ran.err.splitlines()}
    unused = {
        "regex",
        "rich",
        "jinja2",
        "cryptography",
        "httpx",
        "detect_secrets",
        "json",
        "subprocess",
        "multiprocessing",
    }
    unused |= {"leakguard.assemble", "leakguard.detect.matching", "leakguard.detect.judgement", "leakguard.ledger"}
    unused |= {"leakguard.hygiene.names", "leakguard.changes.tips", "leakguard.advice.steps", "leakguard.sweep.run"}
    assert "leakguard.changes.staged" in imported
    assert not unused & imported
