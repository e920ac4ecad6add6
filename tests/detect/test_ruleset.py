"""Rules are compiled once, kept in a cache that may be broken at any time, and found however leakguard is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from leakguard.detect import ruleset
from leakguard.detect.detector import Detector
from leakguard.detect.ruleset import load_ruleset
from leakguard.errors import RuleError
from tests.conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable

RULES = """[provider]
id = "acme"
name = "Acme"
[[rules]]
id = "acme-key"
name = "Acme key"
severity = "high"
value = 'acme_[0-9a-f]{32}'
"""
TEXT = b"acme_" + b"0f1e2d3c4b5a69788796a5b4c3d2e1f0"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "patterns"
    made.mkdir()
    (made / "acme.toml").write_text(RULES)
    return made


def works(cache: Path | None, folder: Path) -> bool:
    return [match.rule for match in Detector(load_ruleset(cache, folder=folder)).detect(TEXT).matches] == ["acme-key"]


def only(cache: Path) -> Path:
    (found,) = cache.glob("rules-*.bin")
    return found


def test_a_warm_cache_is_used_and_not_compiled_again(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert works(tmp_path / "cache", folder)
    monkeypatch.setattr(ruleset, "build_ruleset", lambda _rules: pytest.fail("compiled again"))
    assert works(tmp_path / "cache", folder)


@pytest.mark.parametrize(
    "damage",
    [lambda data: b"", lambda data: data[:40], lambda data: data[:-1] + bytes([data[-1] ^ 1]), lambda data: b"\0" * 99],
)
def test_a_broken_cache_is_made_again_in_silence(
    tmp_path: Path, folder: Path, damage: Callable[[bytes], bytes]
) -> None:
    cache = tmp_path / "cache"
    assert works(cache, folder)
    place = only(cache)
    good = place.read_bytes()
    place.write_bytes(damage(good))
    assert works(cache, folder)
    assert only(cache).read_bytes() == good


def test_a_cache_of_another_library_is_not_used(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert works(tmp_path / "cache", folder)
    monkeypatch.setattr("leakguard.detect.anchors.platform_key", lambda: "another machine")
    assert works(tmp_path / "cache", folder)
    assert len(list((tmp_path / "cache").glob("rules-*.bin"))) >= 1


def test_an_edited_rule_file_is_read_again(tmp_path: Path, folder: Path) -> None:
    assert works(tmp_path / "cache", folder)
    (folder / "acme.toml").write_text(RULES.replace("acme_[", "acmex_["))
    assert not works(tmp_path / "cache", folder)


@pytest.mark.skipif(os.name == "nt" or getattr(os, "geteuid", lambda: 1)() == 0, reason="permissions do not bind here")
def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path, folder: Path) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    assert works(locked / "cache", folder)


def test_a_cache_folder_that_is_a_file_is_no_error(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "cache").write_text("in the way")
    assert works(tmp_path / "cache", folder)


def test_no_cache_at_all_works(folder: Path) -> None:
    assert works(None, folder)


def test_no_rule_files_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(RuleError, match="no rule file was found"):
        load_ruleset(None, folder=tmp_path / "nowhere")


def ask(home: Path, cwd: Path) -> str:
    """Where a fresh interpreter that imports leakguard from `home` finds its rules, and how many files there are."""
    code = "from leakguard.detect.rules import *; f = patterns_folder(); print(f, len(rule_files(f)) > 800)"
    found = {**os.environ, "PYTHONPATH": str(home)}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=cwd, env=found, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_a_checkout_uses_the_rules_beside_the_package(tmp_path: Path) -> None:
    assert ask(ROOT, tmp_path) == f"{ROOT / 'patterns'} True"


def test_a_wheel_brings_its_rules(tmp_path: Path) -> None:
    """Built from a copy, without build isolation, so that nothing is fetched."""
    pytest.importorskip("setuptools")
    pytest.importorskip("wheel")
    source = tmp_path / "source"
    source.mkdir()
    skipped = shutil.ignore_patterns("__pycache__", "*.so", "*.pyd")
    for name in ("leakguard", "patterns"):
        shutil.copytree(ROOT / name, source / name, ignore=skipped)
    for name in ("pyproject.toml", "setup.py", "MANIFEST.in", "README.md", "LICENSE", "CHANGELOG.md"):
        (source / name).write_bytes((ROOT / name).read_bytes() if (ROOT / name).exists() else b"")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    wheels, target = tmp_path / "wheels", tmp_path / "site"
    options = ["--no-deps", "--no-index"]
    subprocess.run([*pip, "wheel", *options, "--no-build-isolation", "-w", wheels, source], check=True, cwd=tmp_path)
    (wheel,) = wheels.glob("leakguard-*.whl")
    subprocess.run([*pip, "install", *options, "--target", target, wheel], check=True, cwd=tmp_path)
    (target / "patterns").mkdir()
    assert ask(target, tmp_path) == f"{target / 'leakguard' / 'patterns'} True"
