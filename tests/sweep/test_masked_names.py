"""A secret in the name of a place is masked wherever the place is told, whatever was found there."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import GitRepo


def archive(member: str, content: str, *, encrypted: bool = False) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr(member, content)
    raw = bytearray(out.getvalue())
    if encrypted:  # by its flags alone
        raw[6] |= 1
        raw[raw.index(b"PK\x01\x02") + 8] |= 1
    return bytes(raw)


def make_archive(repo: GitRepo, token: Callable[[str], str]) -> None:
    repo.commit(a=archive(f"key-{token('name')}.txt", token("a")))


def make_encrypted_archive(repo: GitRepo, token: Callable[[str], str]) -> None:
    repo.commit(a=archive(f"key-{token('name')}.txt", "text", encrypted=True), b=token("a"))


def make_branch(repo: GitRepo, token: Callable[[str], str]) -> None:
    repo.git("checkout", "-q", "-b", f"wip/{token('name')}")
    repo.commit(f"says {token('a')}", a="1")


def make_broken_ref(repo: GitRepo, token: Callable[[str], str]) -> None:
    repo.commit(a=token("a"))
    (repo.path / ".git" / "refs" / "heads" / token("name")).write_text("1" * 40 + "\n")


def make_remote(repo: GitRepo, token: Callable[[str], str]) -> None:
    repo.commit(a=token("a"))
    repo.git("config", "remote.origin.url", f"https://example.com/{token('name')}/app.git")


MAKERS = [make_archive, make_encrypted_archive, make_branch, make_broken_ref, make_remote]


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_in_a_sweep(leakguard, repo: GitRepo, token, make: Callable[..., None]) -> None:
    make(repo, token)
    ran = leakguard("sweep", repo.path, "--no-cache", "--format", "json")
    assert ran.status == 1
    assert token("name")[8:] not in ran.out + ran.err
    shown = leakguard("sweep", repo.path, "--no-cache", "--format", "json", "--show-secrets")
    assert token("a") in shown.out


def test_in_what_is_staged(leakguard, repo: GitRepo, token) -> None:
    repo.commit(a="1")
    repo.write("b", archive(f"key-{token('name')}.txt", token("a")))
    repo.git("add", "b")
    ran = leakguard("staged", cwd=repo.path)
    assert ran.status == 1
    assert token("name")[8:] not in ran.out + ran.err
