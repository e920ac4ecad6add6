"""The hooks tell in one line of files that should not be tracked, by what is about to be added."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.conftest import GitRepo

LINE = "note: hygiene: .env should not be tracked; `leakguard hygiene` says what to do\n"


def test_a_new_environment_file_is_told_of_and_passes(repo: GitRepo, leakguard) -> None:
    repo.write(".env", "PORT=3000\n")
    repo.write(".env.example", "PORT=3000\n")
    repo.write("src/app.js", "x\n")
    repo.git("add", "--all")
    ran = leakguard("staged", cwd=repo.path)
    assert (ran.status, LINE in ran.out) == (0, True)
    repo.commit()
    repo.write(".env", "PORT=3001\n")
    repo.git("add", "--all")
    assert "hygiene" not in leakguard("staged", cwd=repo.path).out


def test_a_known_one_is_told_of_where_the_commit_is_stopped(repo: GitRepo, leakguard, token) -> None:
    repo.commit(__env="PORT=3000\n")
    repo.write(".env", f"TOKEN={token('a')}\n")
    repo.git("add", "--all")
    ran = leakguard("staged", cwd=repo.path)
    assert (ran.status, LINE in ran.out) == (1, True)


def test_a_push_is_told_of_too_and_a_certificate_is_no_key(repo: GitRepo, leakguard, token) -> None:
    repo.commit()
    repo.commit(a__pem="-----BEGIN CERTIFICATE-----\n", __env="A=1\n", id_rsa="nothing\n")
    ran = leakguard("range", "HEAD~1..HEAD", cwd=repo.path)
    assert (ran.status, LINE in ran.out) == (0, True)


def test_a_secret_in_the_name_of_such_a_file_is_masked(repo: GitRepo, leakguard, token) -> None:
    repo.write(f"{token('a')}.env", "A=1\n")
    repo.git("add", "--all")
    ran = leakguard("staged", cwd=repo.path)
    assert ran.status == 1
    assert "hygiene: ghp_****.env should not be tracked" in ran.out
    assert token("a") not in ran.out + ran.err
