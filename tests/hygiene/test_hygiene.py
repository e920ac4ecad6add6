"""Hygiene tells what could leak, writes only the lines that are missing, and says what it did."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from leakguard.git.repository import open_repository
from leakguard.hygiene.inspect import groups_of, inspect
from leakguard.hygiene.tracked import summary

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import GitRepo

KEY = "-----BEGIN RSA PRIVATE " + "KEY-----\n"


def kinds(repo: GitRepo) -> dict[str, set[str]]:
    """Path -> what is wrong with it; gaps left out."""
    found: dict[str, set[str]] = {}
    for problem in inspect(repo.path, lambda data: data.count(b"REAL")).problems:
        if problem.kind != "gap":
            found.setdefault(problem.path, set()).add(problem.kind)
    return found


def test_a_tracked_sensitive_file_is_told_and_a_harmless_twin_is_not(repo: GitRepo) -> None:
    repo.write("app/.env", "A=1")
    repo.write("server.pem", KEY)
    repo.write("ca.pem", "-----BEGIN CERTIFICATE-----")
    repo.write(".env.example", "A=")
    repo.write(".npmrc", "save-exact=true")
    repo.commit()
    assert kinds(repo) == {"app/.env": {"tracked"}, "server.pem": {"tracked"}}


def test_an_example_with_real_values_is_told(repo: GitRepo) -> None:
    repo.write(".env.sample", "A=REAL")
    repo.commit()
    assert kinds(repo) == {".env.sample": {"real-example"}}


def test_what_lies_there_unignored_is_one_add_away(repo: GitRepo) -> None:
    repo.commit(a="x")
    repo.write("deep/er/id_rsa", KEY)
    assert kinds(repo) == {"deep/er/id_rsa": {"exposed"}}


def test_ignored_but_tracked_is_told(repo: GitRepo) -> None:
    repo.write(".env", "A=1")
    repo.write(".gitignore", ".env\n")
    repo.commit()
    assert kinds(repo) == {".env": {"ignored-but-tracked"}}


def test_a_rule_in_info_exclude_or_a_global_file_protects_only_this_machine(repo: GitRepo, tmp_path: Path) -> None:
    repo.commit(a="x")
    repo.write(".env", "A=1")
    repo.write("x.jks", "k")
    (repo.path / ".git/info/exclude").write_text(".env\n")
    (tmp_path / "global").write_text("*.jks\n")
    repo.git("config", "core.excludesFile", str(tmp_path / "global"))
    assert kinds(repo) == {".env": {"unshared"}, "x.jks": {"unshared"}}


def test_a_negation_that_lets_a_file_back_in_is_named_with_its_line(repo: GitRepo) -> None:
    repo.commit(__gitignore="x\n")
    repo.write(".gitignore", ".env*\n!.env.example\n!.env.prod*\n")
    repo.write(".env.production", "A=1")
    found = inspect(repo.path, lambda _: 0).problems
    assert [(item.kind, item.path, item.line) for item in found if item.kind != "gap"] == [
        ("negated", ".env.production", 3)
    ]
    assert "'!.env.prod*'" in found[0].detail


def test_what_was_ignored_too_late_is_in_the_history(repo: GitRepo) -> None:
    repo.write("infra/prod.tfstate", "{}")
    repo.commit()
    repo.git("rm", "--cached", "--quiet", "infra/prod.tfstate")
    repo.write(".gitignore", "*.tfstate\n*.tfstate.*\n")
    repo.git("add", ".gitignore")
    repo.git("commit", "--quiet", "-m", "ignore it")
    assert kinds(repo) == {"infra/prod.tfstate": {"too-late"}}


@pytest.mark.parametrize(
    ("rules", "shipped"),
    [
        (None, {".env", "app/.env"}),
        (".env\n", {"app/.env"}),
        ("**/.env\n", set()),
        ("*\n!app\n", {"app/.env"}),
        ("**/.env\n!app/.env\n", {"app/.env"}),
        ("app\n.env*\n", set()),
    ],
)
def test_an_image_takes_what_dockerignore_does_not_hide(repo: GitRepo, rules: str | None, shipped: set[str]) -> None:
    repo.write(".gitignore", ".env\n")
    repo.write("Dockerfile", "FROM scratch\nCOPY --chown=1 . \\\n  /app\n")
    if rules is not None:
        repo.write(".dockerignore", rules)
    repo.git("add", ".")
    repo.git("commit", "--quiet", "-m", "x")
    repo.write(".env", "A=1")
    repo.write("app/.env", "A=1")
    assert {path for path, found in kinds(repo).items() if "shipped" in found} == shipped


def test_a_dockerfile_that_copies_one_folder_ships_that_folder_only(repo: GitRepo) -> None:
    repo.write(".gitignore", ".env\n")
    repo.write("Dockerfile", "FROM scratch\nCOPY src/ /app\nCOPY --from=0 . /x\n")
    repo.write("src/.env", "A=1")
    repo.write(".env", "A=1")
    assert kinds(repo) == {"src/.env": {"shipped"}}


@pytest.mark.parametrize(
    ("package", "npmignore", "shipped"),
    [
        ({"name": "x"}, None, False),
        ({"name": "x"}, "node_modules\n", True),
        ({"name": "x"}, "config\n", False),
        ({"name": "x", "files": ["config"]}, None, True),
        ({"name": "x", "files": ["dist"]}, None, False),
        ({"name": "x", "files": ["config", "!config/.env"]}, None, False),
        ({"name": "x", "private": True}, "node_modules\n", False),
    ],
)
def test_npm_does_not_look_at_gitignore_where_it_has_rules_of_its_own(
    repo: GitRepo, package: dict[str, object], npmignore: str | None, shipped: bool
) -> None:
    repo.write(".gitignore", ".env\n")
    repo.write("package.json", json.dumps(package))
    if npmignore:
        repo.write(".npmignore", npmignore)
    repo.write("config/.env", "A=1")
    assert kinds(repo) == ({"config/.env": {"shipped"}} if shipped else {})


@pytest.mark.parametrize(
    ("name", "text", "shipped"),
    [
        ("MANIFEST.in", "include README.md\n", False),
        ("MANIFEST.in", "graft conf\n", True),
        ("MANIFEST.in", "recursive-include conf *\nglobal-exclude .env\n", False),
        ("MANIFEST.in", "prune conf\ninclude conf/.env\n", True),
        (".gcloudignore", "*.log\n", True),
        (".gcloudignore", "*.log\n#!include:.gitignore\n", False),
        ("serverless.yml", "service: x\n", True),
        ("serverless.yml", "useDotenv: true\n", False),
        ("serverless.yml", "package:\n  patterns:\n    - '!conf/**'\nfunctions: {}\n", False),
    ],
)
def test_each_way_out_has_rules_of_its_own(repo: GitRepo, name: str, text: str, shipped: bool) -> None:
    repo.write(".gitignore", ".env\n")
    repo.write(name, text)
    repo.write("conf/.env", "A=1")
    assert kinds(repo) == ({"conf/.env": {"shipped"}} if shipped else {})


def test_fix_appends_what_is_missing_once_and_touches_nothing_else(repo: GitRepo, leakguard) -> None:
    repo.write(".gitignore", "node_modules\r\n# end")
    repo.write("package.json", "{}")
    repo.commit()
    repo.write(".env", "A=1")
    repo.write("we ird/a[1].jks", "k")
    ran = leakguard("hygiene", "--fix", repo.path)
    first = (repo.path / ".gitignore").read_bytes()
    assert first.startswith(
        b"node_modules\r\n# end\r\n\r\n# leakguard hygiene: environment files\r\n.env\r\n.env.*\r\n"
    )
    assert b"!.env.example\r\n" in first
    assert b"*.jks\r\n" in first
    assert b"\n" not in first.replace(b"\r\n", b"")
    assert ran.status == 0
    assert leakguard("hygiene", "--fix", repo.path).status == 0
    assert (repo.path / ".gitignore").read_bytes() == first
    assert repo.git("status", "--porcelain") == " M .gitignore"
    assert repo.git("check-ignore", "--no-index", ".env.example", check=False) == ""


def test_a_tracked_file_gets_its_untrack_line_and_the_status_is_1(repo: GitRepo, leakguard) -> None:
    repo.write("it's/.env", "A=1")
    repo.commit()
    ran = leakguard("hygiene", repo.path)
    assert ran.status == 1
    assert """git rm --cached -- 'it'"'"'s/.env'""" in ran.out
    log = json.loads(leakguard("hygiene", "--format", "sarif", repo.path).out)
    assert [item["ruleId"] for item in log["runs"][0]["results"]][:1] == ["hygiene/tracked"]
    assert json.loads(leakguard("hygiene", "--format", "json", repo.path).out)["untrack"] == ["it's/.env"]


def test_hostile_names_are_inert_and_odd_bytes_are_fine(repo: GitRepo, leakguard) -> None:
    repo.write(b"e\x1b[31m/.env", "A=1")
    repo.write(b"bytes\xff/.env", "A=1")
    repo.commit()
    for form in ("text", "json", "sarif"):
        ran = leakguard("hygiene", "--format", form, repo.path)
        assert ran.status == 1
        assert "\x1b" not in ran.out


@pytest.mark.parametrize("state", ["corrupt", "bare", "nowhere"])
def test_what_cannot_be_looked_at_is_one_sentence_and_status_2(
    repo: GitRepo, tmp_path: Path, leakguard, state: str
) -> None:
    place = repo.path
    if state == "corrupt":
        (repo.path / ".git/index").write_bytes(b"junk")
    elif state == "bare":
        place = tmp_path / "bare.git"
        repo.git("init", "--quiet", "--bare", str(place))
    else:
        place = tmp_path / "plain"
        place.mkdir()
    ran = leakguard("hygiene", place)
    assert (ran.status, len(ran.err.strip().splitlines())) == (2, 1)


def test_an_unmerged_index_and_an_unborn_branch_are_looked_at(repo: GitRepo) -> None:
    repo.write(".env", "A=0")
    repo.git("add", ".")
    assert kinds(repo) == {".env": {"tracked"}}
    repo.commit()
    repo.git("checkout", "--quiet", "-b", "side")
    repo.commit(__env="A=1")
    repo.git("checkout", "--quiet", "main")
    repo.commit(__env="A=2")
    repo.git("merge", "side", check=False)
    assert kinds(repo) == {".env": {"tracked"}}


def test_the_summary_for_other_commands_is_one_line_or_nothing(repo: GitRepo) -> None:
    repo.commit(a="x")
    found = open_repository(repo.path)
    assert summary(found) == ""
    repo.write(".env", "A=1")
    repo.commit()
    assert (
        summary(open_repository(repo.path))
        == "hygiene: .env should not be tracked; `leakguard hygiene` says what to do"
    )


@pytest.mark.parametrize(
    ("path", "group"),
    [
        ("deep/.aws/credentials", "cloud credentials"),
        (".aws/credentials", "cloud credentials"),
        ("src/credentials", None),
        ("infra/.terraform/providers/x", "Terraform state and variables"),
        ("app/config/master.key", "private keys"),
        ("a/.env.local", "environment files"),
        ("a/.env.example", None),
        ("a/environment.ts", None),
        ("debug.keystore", None),
        ("x/id_rsa.pub", None),
    ],
)
def test_names_are_told_apart_at_any_depth(path: str, group: str | None) -> None:
    found = groups_of(path)
    assert (found[0].name if found else None) == group


def test_a_rails_master_key_is_known_by_its_place(repo: GitRepo) -> None:
    repo.write("config/master.key", "0" * 32)
    repo.commit()
    assert kinds(repo) == {"config/master.key": {"tracked"}}


def test_a_sweep_tells_of_it_in_one_line(repo: GitRepo, leakguard) -> None:
    repo.write(".env", "A=1")
    repo.commit()
    ran = leakguard("sweep", repo.path)
    assert "note: hygiene: .env should not be tracked; `leakguard hygiene` says what to do" in ran.out
    assert ran.status == 0
