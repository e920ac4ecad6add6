"""pre-push and pre-receive, as real pushes run them: over a folder and over smart HTTP."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from tests.conftest import GitRepo, make_repo

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.hooks.conftest import Shell

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the tests' leakguard on the PATH is a shell script")


class _Backend(BaseHTTPRequestHandler):
    """Hands every request to `git http-backend`, as a web server does."""

    root: Path
    environment: dict[str, str]

    def log_message(self, *_arguments: object) -> None:
        return None

    def do_GET(self) -> None:
        self.answer(b"")

    def do_POST(self) -> None:
        if self.headers.get("Transfer-Encoding") == "chunked":
            parts = []
            while size := int(self.rfile.readline(), 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return self.answer(b"".join(parts))
        return self.answer(self.rfile.read(int(self.headers.get("Content-Length", "0"))))

    def answer(self, body: bytes) -> None:
        path, _, query = self.path.partition("?")
        variables = {
            "GIT_PROJECT_ROOT": str(self.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "REMOTE_USER": "ada",
            "REQUEST_METHOD": self.command,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "CONTENT_LENGTH": str(len(body)),
        }
        done = subprocess.run(
            ["git", "http-backend"], input=body, capture_output=True, check=False, env={**self.environment, **variables}
        )
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        fields = [line.split(": ", 1) for line in head.decode().split("\r\n")]
        status = next((value for name, value in fields if name == "Status"), "200")
        self.send_response(int(status.split()[0]))
        for name, value in fields:
            if name != "Status":
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


@pytest.fixture
def server(tmp_path: Path) -> GitRepo:
    """A bare repository that others push to."""
    return make_repo(tmp_path / "server" / "repo.git", "--bare")


@pytest.fixture(params=["file", "http"])
def address(request: pytest.FixtureRequest, server: GitRepo, shell: Shell) -> Iterator[str]:
    """Its address over a folder and over smart HTTP."""
    if request.param == "file":
        yield str(server.path)
        return
    server.git("config", "http.receivepack", "true")
    handler = type("Backend", (_Backend,), {"root": server.path.parent, "environment": shell.environment})
    service = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=service.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{service.server_port}/repo.git"
    service.shutdown()
    service.server_close()


@pytest.fixture
def clone(repo: GitRepo, server: GitRepo) -> GitRepo:
    """A repository whose first commit is on the server."""
    repo.commit(a="clean\n")
    repo.git("remote", "add", "origin", str(server.path))
    repo.git("push", "--quiet", "origin", "main")
    return repo


def test_the_server_refuses_what_a_push_adds_and_takes_the_rest(
    clone: GitRepo, server: GitRepo, address: str, shell: Shell, hooked, token
) -> None:
    hooked(server, "pre-receive")
    bad = clone.commit("brings it", b=token("a"))
    clone.commit("takes it out", b="clean\n")
    ran = shell("git", "push", address, "main", cwd=clone.path)
    assert ran.status == 1
    assert "leakguard stopped the push: 1 secret" in ran.err
    assert bad[:10] in ran.err
    assert "b:1" in ran.err
    assert token("a")[4:] not in ran.err
    clone.git("reset", "--quiet", "--hard", "HEAD~2")
    good = clone.commit("clean", c="clean\n")
    ran = shell("git", "push", address, "main", cwd=clone.path)
    assert ran.status == 0, ran.err
    assert server.git("rev-parse", "main") == good


def test_what_the_server_has_is_not_held_against_a_push(
    clone: GitRepo, server: GitRepo, shell: Shell, hooked, token
) -> None:
    clone.commit("before the hook", old=token("old"))
    clone.git("push", "--quiet", "origin", "main")
    hooked(server, "pre-receive")
    clone.git("checkout", "--quiet", "-b", "side")
    clone.commit("more", old=f"line\n{token('old')}\n")
    clone.git("tag", "--annotate", "-m", "fine", "v1")
    ran = shell("git", "push", "origin", "side", "v1", ":main", cwd=clone.path)
    assert "leakguard stopped" not in ran.err
    assert server.git("rev-parse", "side") == clone.git("rev-parse", "side")


def test_before_a_push_only_what_the_remote_lacks_is_looked_at(clone: GitRepo, shell: Shell, hooked, token) -> None:
    clone.commit("pushed before the hook", old=token("old"))
    clone.git("push", "--quiet", "origin", "main")
    hooked(clone, "pre-push")
    clone.git("checkout", "--quiet", "-b", "new")
    clone.commit("clean", b="clean\n")
    ran = shell("git", "push", "origin", "new", cwd=clone.path)
    assert ran.status == 0, ran.err
    assert "1 commit," in ran.out
    clone.commit("secret", c=token("c"))
    clone.commit("gone again", c="clean\n")
    ran = shell("git", "push", "origin", "new", cwd=clone.path)
    assert ran.status == 1
    assert "c:1" in ran.out
    assert "It was not pushed: rewrite" in ran.out
    assert shell("git", "push", "--no-verify", "origin", "new", cwd=clone.path).status == 0


def test_forced_deleted_and_several_refs_are_understood(
    clone: GitRepo, server: GitRepo, shell: Shell, hooked, token
) -> None:
    clone.git("push", "--quiet", "origin", "main:one", "main:two")
    hooked(clone, "pre-push")
    clone.git("commit", "--quiet", "--amend", "-m", "another root")
    assert shell("git", "push", "--force", "origin", "main", ":one", cwd=clone.path).status == 0
    assert server.git("branch", "--list", "one") == ""
    clone.commit("secret", b=token("b"))
    ran = shell("git", "push", "origin", "main~1:three", "main:four", cwd=clone.path)
    assert ran.status == 1
    assert server.git("branch", "--list", "three") == ""


def test_a_secret_in_a_tag_or_a_commit_message_is_stopped(clone: GitRepo, shell: Shell, hooked, token) -> None:
    hooked(clone, "pre-push")  # its standard output is the push's own
    clone.git("tag", "--annotate", "-m", f"key {token('tag')}", "v1")
    ran = shell("git", "push", "origin", "v1", cwd=clone.path)
    assert ran.status == 1
    assert "where   tag " in ran.out
    clone.commit(f"message with {token('message')}")
    ran = shell("git", "push", "origin", "main", cwd=clone.path)
    assert ran.status == 1
    assert "where   commit " in ran.out
    assert token("message")[4:] not in ran.out


def test_a_ref_may_stand_for_a_blob_or_a_tree(clone: GitRepo, shell: Shell, hooked, token) -> None:
    hooked(clone, "pre-push")
    blob = clone.git("hash-object", "-w", "--stdin", stdin=token("blob").encode())
    clone.git("update-ref", "refs/tags/blob", blob)
    ran = shell("git", "push", "origin", "refs/tags/blob", cwd=clone.path)
    assert ran.status == 1
    assert "refs/tags/blob:1" in ran.out
    tree = clone.git("mktree", stdin=f"100644 blob {blob}\tinner\n".encode())
    clone.git("update-ref", "refs/tags/tree", tree)
    ran = shell("git", "push", "origin", "refs/tags/tree", cwd=clone.path)
    assert ran.status == 1
    assert "inner:1" in ran.out


def test_lines_that_are_none_of_gits_block(clone: GitRepo, shell: Shell) -> None:
    for how in (("--pre-push", "origin"), ("--pre-receive",)):
        ran = shell("leakguard", "range", *how, cwd=clone.path, stdin=b"what is this\n")
        assert ran.status == 2
        assert "standard input does not hold the lines" in ran.err


def test_a_quarantine_that_is_not_there_blocks(clone: GitRepo, shell: Shell) -> None:
    ran = shell("leakguard", "range", "HEAD..HEAD", cwd=clone.path, GIT_OBJECT_DIRECTORY=os.devnull + "-not")
    assert ran.status == 2
    assert "is not there" in ran.err
