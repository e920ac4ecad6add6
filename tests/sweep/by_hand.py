"""Objects that are written by hand into real repositories, because git itself might not make them."""

from __future__ import annotations

import hashlib
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import GitRepo


def put(repo: GitRepo, kind: str, content: bytes, level: int = 1) -> str:
    """A loose object of any content, which git itself might not make."""
    whole = b"%s %d\0" % (kind.encode(), len(content)) + content
    oid = hashlib.sha1(whole).hexdigest()
    place = loose(repo, oid)
    place.parent.mkdir(exist_ok=True)
    place.write_bytes(zlib.compress(whole, level))
    return oid


def loose(repo: GitRepo, oid: str) -> Path:
    return repo.path / ".git" / "objects" / oid[:2] / oid[2:]


def put_commit(repo: GitRepo, tree: str, more: str = "", message: str = "words") -> str:
    """A commit that is made by hand, and the branch main moved to it."""
    who = "A <a@example.org> 1600000000 +0000"
    content = f"tree {tree}\nauthor {who}\ncommitter {who}\n{more}\n{message}\n"
    oid = put(repo, "commit", content.encode())
    (repo.path / ".git" / "refs" / "heads" / "main").write_text(f"{oid}\n")
    return oid


def entry(name: bytes, oid: str, mode: bytes = b"100644") -> bytes:
    return mode + b" " + name + b"\0" + bytes.fromhex(oid)


def packs(repo: GitRepo, suffix: str) -> list[Path]:
    found = sorted((repo.path / ".git" / "objects" / "pack").glob(f"*{suffix}"))
    for place in found:
        place.chmod(0o644)
    return found
