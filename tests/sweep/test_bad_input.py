"""Bad input costs one clear sentence, loses nothing else, and never passes as clean."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import HERMETIC, ROOT, GitRepo, make_repo


def objects(repo: GitRepo) -> Path:
    return repo.path / ".git" / "objects"


def test_a_folder_without_a_repository_is_wrong_usage(leakguard, tmp_path: Path) -> None:
    ran = leakguard("sweep", tmp_path)
    assert ran.status == 2
    assert "is not in a git repository" in ran.err
    assert "leakguard scan" in ran.err
    assert ran.out == ""


def test_a_path_that_does_not_exist_is_wrong_usage(leakguard, tmp_path: Path) -> None:
    ran = leakguard("sweep", tmp_path / "nowhere")
    assert (ran.status, ran.err.count("\n")) == (2, 1)
    assert "does not exist" in ran.err


def test_an_empty_repository_is_clean(leakguard, repo: GitRepo) -> None:
    ran = leakguard("sweep", repo.path)
    assert ran.status == 0, ran.err
    assert "no secrets" in ran.out


def test_a_bare_repository_is_swept(leakguard, repo: GitRepo, tmp_path: Path, token) -> None:
    repo.commit(a=token("a"))
    repo.git("clone", "--quiet", "--bare", ".", str(tmp_path / "bare.git"))
    ran = leakguard("sweep", tmp_path / "bare.git")
    assert ran.status == 1
    assert "1 secret" in ran.out


def test_a_shallow_clone_says_so(leakguard, repo: GitRepo, tmp_path: Path, token) -> None:
    repo.commit(a=token("a"))
    repo.commit(a="clean")
    repo.git("clone", "--quiet", "--depth=1", f"file://{repo.path}", str(tmp_path / "shallow"))
    ran = leakguard("sweep", tmp_path / "shallow")
    assert ran.status == 0
    assert "shallow" in ran.out
    assert "--unshallow" in ran.out


def test_a_partial_clone_says_so(leakguard, repo: GitRepo, tmp_path: Path, token) -> None:
    repo.commit(a=token("a"))
    repo.commit(a="clean")
    repo.git("config", "uploadpack.allowFilter", "true")
    repo.git(
        "clone", "--quiet", "--filter=blob:none", "--no-checkout", f"file://{repo.path}", str(tmp_path / "partial")
    )
    ran = leakguard("sweep", tmp_path / "partial")
    assert ran.status == 0
    assert "partial" in ran.out


def test_a_sha256_repository_is_refused_with_the_next_step(leakguard, tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "new", "--object-format=sha256")
    repo.commit(a="text")
    ran = leakguard("sweep", repo.path)
    assert ran.status == 2, ran.out
    assert "SHA-256" in ran.err
    assert "leakguard scan" in ran.err


def test_a_corrupt_loose_object_is_named_and_the_rest_is_swept(leakguard, repo: GitRepo, token) -> None:
    repo.commit(a=token("a"))
    bad = repo.git("hash-object", "-w", "--stdin", stdin=b"some other text")
    place = objects(repo) / bad[:2] / bad[2:]
    place.chmod(0o644)
    place.write_bytes(b"garbage")
    ran = leakguard("sweep", repo.path)
    assert ran.status == 1
    assert bad in ran.out
    assert "1 secret" in ran.out


def test_a_corrupt_loose_object_alone_is_incomplete_not_clean(leakguard, repo: GitRepo) -> None:
    repo.commit(a="text")
    bad = repo.git("hash-object", "-w", "--stdin", stdin=b"some other text")
    place = objects(repo) / bad[:2] / bad[2:]
    place.chmod(0o644)
    place.write_bytes(b"garbage")
    ran = leakguard("sweep", repo.path)
    assert ran.status == 3
    assert bad in ran.out


def packed(repo: GitRepo) -> Path:
    repo.git("repack", "-adfq")
    (pack,) = (objects(repo) / "pack").glob("*.pack")
    pack.chmod(0o644)
    return pack


def test_a_damaged_object_in_a_pack_is_named_and_the_rest_is_swept(leakguard, repo: GitRepo, token) -> None:
    repo.commit(a=token("a"), b=os.urandom(3000), c="plain text\n" * 50)
    victim = repo.git("rev-parse", "HEAD:b")
    pack = packed(repo)
    listing = repo.git("verify-pack", "-v", str(pack))
    offset = next(int(row.split()[4]) for row in listing.splitlines() if row.startswith(victim))
    content = bytearray(pack.read_bytes())
    content[offset + 500 : offset + 700] = bytes(200)
    pack.write_bytes(content)
    ran = leakguard("sweep", repo.path)
    assert ran.status == 1
    assert victim in ran.out
    assert "1 secret" in ran.out


@pytest.mark.parametrize("cut", [0, 10, 100])
def test_a_truncated_pack_is_never_clean(leakguard, repo: GitRepo, cut: int) -> None:
    repo.commit(a=os.urandom(3000))
    pack = packed(repo)
    pack.write_bytes(pack.read_bytes()[:cut])
    ran = leakguard("sweep", repo.path)
    assert ran.status == 3, (ran.out, ran.err)
    assert pack.name in ran.out
    assert "Traceback" not in ran.err


def test_an_index_that_lies_is_never_clean(leakguard, repo: GitRepo) -> None:
    repo.commit(a="text\n" * 100, b="other\n" * 100)
    pack = packed(repo)
    index = pack.with_suffix(".idx")
    index.chmod(0o644)
    content = bytearray(index.read_bytes())
    content[len(content) // 2 :] = bytes(len(content) - len(content) // 2)
    index.write_bytes(content)
    ran = leakguard("sweep", repo.path)
    assert ran.status == 3, (ran.out, ran.err)
    assert "Traceback" not in ran.err


def test_a_large_blob_over_the_limit_is_counted(leakguard, repo: GitRepo, token) -> None:
    repo.commit(a=token("a"), big=b"x" * 3_000_000)
    ran = leakguard("sweep", repo.path, "--max-blob-size", "1M")
    assert ran.status == 1
    assert "over the limit of 1048576" in ran.out


@pytest.mark.parametrize("packed_first", [False, True])
def test_a_blob_of_200_megabytes_is_swept(leakguard, repo: GitRepo, token, packed_first: bool) -> None:
    half = b"0123456789abcde\n" * (100 << 16)
    repo.commit(big=half + token("a").encode() + b"\n" + half)
    if packed_first:
        repo.git("repack", "-adfq")
    ran = leakguard("sweep", repo.path)
    assert ran.status == 1, ran.err
    assert f"big:{(100 << 16) + 1}" in ran.out


def test_a_line_of_50_megabytes_is_searched_and_cut_in_the_report(leakguard, repo: GitRepo, token) -> None:
    repo.commit(line=b"a b " * (6 << 20) + token("a").encode() + b" c d" * (6 << 20))
    ran = leakguard("sweep", repo.path)
    assert ran.status == 1, ran.err
    assert len(ran.out) < 10_000
    assert token("a") not in ran.out


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not take such file names")
@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (b"caf\xe9.txt", r"caf\xe9.txt"),
        (b"two\nlines.txt", r"two\nlines.txt"),
        (b"\x1b[31mred\x1b[0m.txt", r"\x1b[31mred\x1b[0m.txt"),
        ("right\u202eto\u202cleft.txt".encode(), r"right\u202eto\u202cleft.txt"),
    ],
)
def test_hostile_file_names_are_escaped(leakguard, repo: GitRepo, token, name: bytes, shown: str) -> None:
    repo.write(name, token("a"))
    repo.commit()
    ran = leakguard("sweep", repo.path)
    assert ran.status == 1
    assert f"{shown}:1" in ran.out
    assert "\x1b" not in ran.out


def test_hostile_commit_text_is_escaped(leakguard, repo: GitRepo, token) -> None:
    repo.git("config", "user.name", "x")
    repo.commit("evil \x1b]0;title\x07 subject", a=token("a"))
    ran = leakguard("sweep", repo.path)
    assert "evil" in ran.out
    assert "\x1b" not in ran.out
    assert "\x07" not in ran.out


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="needs a user whom permissions bind")
def test_an_unreadable_folder_is_counted(leakguard, tmp_path: Path, token) -> None:
    (tmp_path / "locked").mkdir()
    (tmp_path / "locked" / "a").write_text(token("a"))
    (tmp_path / "locked").chmod(0)
    try:
        ran = leakguard("scan", tmp_path)
    finally:
        (tmp_path / "locked").chmod(0o755)
    assert ran.status == 3
    assert "locked cannot be read" in ran.out


def test_a_link_that_leads_nowhere_does_not_end_a_scan(leakguard, tmp_path: Path, token) -> None:
    (tmp_path / "a").write_text(token("a"))
    (tmp_path / "broken").symlink_to(tmp_path / "nowhere")
    assert leakguard("scan", tmp_path).status == 1


def environment(tmp_path: Path) -> dict[str, str]:
    return {**os.environ, **HERMETIC, "PYTHONPATH": str(ROOT), "LEAKGUARD_CACHE": str(tmp_path / "cache")}


@pytest.mark.skipif(os.name != "posix", reason="pipes break differently elsewhere")
def test_a_broken_pipe_ends_quietly(repo: GitRepo, token, tmp_path: Path) -> None:
    repo.commit(**{f"f{at}": token(str(at)) for at in range(200)})
    command = f"{sys.executable} -m leakguard sweep {repo.path} | head -n 1"
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command}; echo status ${{PIPESTATUS[0]}}"],
        capture_output=True,
        text=True,
        env=environment(tmp_path),
        check=False,
    )
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_ctrl_c_ends_at_once_and_leaves_no_process(repo: GitRepo, tmp_path: Path) -> None:
    for at in range(4):
        repo.commit(big=os.urandom(2_000_000) + bytes([at]))
    done = subprocess.Popen(
        [sys.executable, "-m", "leakguard", "sweep", str(repo.path), "--jobs", "2"],
        env=environment(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    time.sleep(0.7)
    os.killpg(done.pid, signal.SIGINT)
    _, err = done.communicate(timeout=30)
    assert done.returncode in (130, 0), err
    assert b"Traceback" not in err
    with pytest.raises(ProcessLookupError):
        os.killpg(done.pid, 0)
