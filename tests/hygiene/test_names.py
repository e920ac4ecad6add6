"""Names are told apart at little cost, and none that the catalogue knows is lost on the way."""

from __future__ import annotations

import subprocess
import sys

import pytest

from leakguard.globs import glob_expression, path_matches
from leakguard.hygiene.catalogue import GROUPS
from leakguard.hygiene.names import _may_be, groups_of, remark
from tests.conftest import ROOT

GLOBS = sorted({glob for group in GROUPS for glob in group.globs})


@pytest.mark.parametrize("glob", GLOBS)
def test_a_name_that_fits_a_glob_of_the_catalogue_is_looked_at(glob: str) -> None:
    for filling in ("", "x", "a.b-c_1"):
        path = glob.replace("*", filling)
        assert glob_expression(glob).fullmatch(path)
        assert _may_be(path.rsplit("/", 1)[-1])


def test_the_catalogue_has_no_wildcard_but_the_star() -> None:
    assert not [glob for glob in GLOBS if set(glob) & set("?[]{}")]


def test_names_of_source_files_belong_to_no_group() -> None:
    names = ["src/app.py", "index.js", "README.md", "Makefile", "a/environment.ts", "keyboard.c", "package.json"]
    assert [name for name in names if groups_of(name)] == []


def test_a_remark_names_the_first_and_counts_the_others() -> None:
    line = remark(["a.py", ".env", "b/id_rsa"], lambda path: b"-----BEGIN RSA PRIVATE KEY-----")
    assert line == "hygiene: .env and 1 more should not be tracked; `leakguard hygiene` says what to do"
    assert remark(["a.pem"], lambda path: b"-----BEGIN CERTIFICATE-----") == ""


@pytest.mark.parametrize(
    ("glob", "path", "fits"),
    [
        ("*.min.js", "web/a.min.js", True),
        ("vendor/**", "vendor/a/b", True),
        ("vendor", "lib/vendor/a", True),
        ("a/*", "a/b", True),
        ("a/*.c", "a/b/c.c", False),
        ("**/x", "x", True),
        ("[!a]b", "cb", True),
        ("[!a]b", "ab", False),
        ("a.b", "axb", False),
    ],
)
def test_globs_mean_what_they_mean_in_gitignore(glob: str, path: str, fits: bool) -> None:
    assert path_matches(path, (glob,)) is fits


def test_asking_for_names_imports_no_engine() -> None:
    """A hook asks about every new file."""
    code = "import sys, leakguard.hygiene.names; print(*sorted({'regex', 'pygit2', 'hyperscan'} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "\n"
