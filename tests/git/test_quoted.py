"""Lists of folders are read as git reads them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from leakguard.git.quoted import parse_folders
from leakguard.git.surroundings import parse_surroundings


@pytest.mark.parametrize(
    ("listed", "folders"),
    [
        (b"", []),
        (b"one:two", [b"one", b"two"]),
        (b"::one::", [b"one"]),
        (b"#one:two", [b"two"]),
        (b'"a:b":c', [b"a:b", b"c"]),
        (rb'"\303\251\t\"\\":c', ["é".encode() + b'\t"\\', b"c"]),
        (b'"never ends:c', [b'"never ends', b"c"]),
        (rb'"\q":c', [rb'"\q"', b"c"]),
        (rb'"\400":c', [rb'"\400"', b"c"]),
        (b'"":c', [b"c"]),
        (b'"a"', [b"a"]),
    ],
)
def test_folders_of_a_list(listed: bytes, folders: list[bytes]) -> None:
    assert parse_folders(listed, b":") == folders


def test_a_quarantines_folders_may_hold_the_separator() -> None:
    separator = os.pathsep
    said = {"GIT_OBJECT_DIRECTORY": '"own', "GIT_ALTERNATE_OBJECT_DIRECTORIES": f'"a{separator}b"{separator}c'}
    assert parse_surroundings(said).objects == (Path('"own'), Path(f"a{separator}b"), Path("c"))
