"""What a range brought is told as its newest state has it, in every format."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import GitRepo, Ran

    Told = Callable[..., dict[str, Any]]


@pytest.fixture
def told(repo: GitRepo, leakguard: Callable[..., Ran]) -> Told:
    """The one finding of a range, from its JSON."""

    def run(*arguments: str, stdin: bytes | None = None) -> dict[str, Any]:
        ran = leakguard("range", *arguments, "--format", "json", cwd=repo.path, stdin=stdin)
        (finding,) = json.loads(ran.out)["results"][0]["findings"]
        return finding

    return run


def places(finding: dict[str, Any]) -> list[str]:
    return [f"{place['path']}:{place['line']}" for place in finding["places"]]


def life(finding: dict[str, Any]) -> tuple[bool, list[str]]:
    return finding["provenance"]["in_head"], finding["provenance"]["refs"]


def test_a_line_that_later_commits_moved_is_the_one_at_the_range_s_end(repo: GitRepo, told: Told, token) -> None:
    base = repo.commit(a="a\n")
    bad = repo.commit(b=f"{token('x')}\n")
    repo.commit(b=f"one\ntwo\n{token('x')}\n")
    found = told(f"{base}..HEAD")
    assert places(found) == ["b:3"]
    assert life(found) == (True, ["refs/heads/main"])
    (event,) = found["provenance"]["introduced"]
    assert (event["commit"]["id"], event["places"][0]["line"]) == (bad, 1)


def test_a_file_that_was_moved_after_is_followed(repo: GitRepo, told: Told, token) -> None:
    base = repo.commit(a="a\n")
    repo.commit(b=f"{token('x')}\n")
    repo.git("mv", "b", "c")
    repo.commit("move")
    found = told(f"{base}..HEAD")
    assert places(found) == ["c:1", "b:1"]
    assert life(found) == (True, ["refs/heads/main"])


def test_what_a_later_commit_took_out_again_is_at_no_ref(repo: GitRepo, told: Told, token) -> None:
    base = repo.commit(a="a\n")
    repo.commit(b=f"{token('x')}\n")
    repo.commit(b="clean\n")
    found = told(f"{base}..HEAD")
    assert places(found) == ["b:1"]
    assert life(found) == (False, [])


def test_only_the_refs_of_a_push_that_have_it_are_named(repo: GitRepo, told: Told, token) -> None:
    base = repo.commit(a="a\n")
    repo.git("checkout", "--quiet", "-b", "bad")
    bad = repo.commit(b=f"{token('x')}\n")
    repo.git("checkout", "--quiet", "-b", "mended")
    mended = repo.commit(b="clean\n")
    lines = [f"refs/heads/{name} {tip} refs/heads/{name} {'0' * 40}\n" for name, tip in (("bad", bad), ("m", mended))]
    repo.git("update-ref", "refs/remotes/origin/main", base)
    found = told("--pre-push", "origin", stdin="".join(lines).encode())
    assert life(found) == (True, ["refs/heads/bad"])


def test_a_message_and_a_file_name_stand_where_their_commit_and_their_file_do(
    repo: GitRepo, leakguard: Callable[..., Ran], token
) -> None:
    base = repo.commit(a="a\n")
    repo.commit(f"key {token('m')}")
    repo.write(f"keys/{token('n')}", "nothing\n")
    repo.commit("add")
    ran = leakguard("range", f"{base}..HEAD", "--format", "json", cwd=repo.path)
    found = json.loads(ran.out)["results"][0]["findings"]
    assert {item["places"][0]["source"]: life(item) for item in found} == {
        "commit": (True, ["refs/heads/main"]),
        "file name": (True, ["refs/heads/main"]),
    }


def test_a_path_that_is_not_utf_8_is_found_at_the_end_too(repo: GitRepo, told: Told, token) -> None:
    base = repo.commit(a="a\n")
    name = "latin\u00e9 \u202e.txt".encode("latin-1", "replace") + b"\xff"
    repo.write(name, f"{token('x')}\n")
    repo.commit("add")
    repo.write(name, f"above\n{token('x')}\n")
    repo.commit("edit")
    assert places(told(f"{base}..HEAD")) == ["latin\\xe9 ?.txt\\xff:2"]


def test_every_format_tells_file_and_line_of_the_range_s_end(
    repo: GitRepo, leakguard: Callable[..., Ran], token
) -> None:
    base = repo.commit(a="a\n")
    repo.commit(src__py=f"key = '{token('x')}'\n")
    repo.commit(src__py=f"# above\nkey = '{token('x')}'\n")

    def out(form: str) -> str:
        ran = leakguard("range", f"{base}..HEAD", "--format", form, cwd=repo.path)
        assert ran.status == 1, ran.err
        return ran.out

    github = next(line for line in out("github").splitlines() if line.startswith("::error"))
    assert "file=src.py,line=2,endLine=2,col=8" in github
    location = json.loads(out("sarif"))["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert (location["artifactLocation"]["uri"], location["region"]["startLine"]) == ("src.py", 2)
    gitlab = json.loads(out("gitlab"))["vulnerabilities"][0]["location"]
    assert (gitlab["file"], gitlab["start_line"]) == ("src.py", 2)
    case = ElementTree.fromstring(out("junit")).find(".//testcase[failure]")
    assert case is not None
    assert (case.get("file"), case.get("line")) == ("src.py", "2")
    row = next(csv.DictReader(io.StringIO(out("csv"))))
    assert (row["path"], row["line"]) == ("src.py", "2")
    (line,) = (json.loads(text) for text in out("jsonl").splitlines() if '"type":"finding"' in text)
    assert places(line) == ["src.py:2"]
    assert '"src.py"' in out("html")
    for form in ("text", "block", "markdown", "comment"):
        assert "src.py:2" in out(form), form
