"""A scan finds what lies in files, whoever many workers look, and says what it could not read."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from leakguard.config import Settings
from leakguard.errors import UsageError
from leakguard.scan import run as scanning
from leakguard.scan.run import scan
from leakguard.scan.walk import MOST, SPAN, Walk

if TYPE_CHECKING:
    from collections.abc import Callable

    from leakguard.detect.ruleset import RuleSet
    from leakguard.model import Result

    Scan = Callable[..., Result]


@pytest.fixture
def run(rules: RuleSet) -> Scan:
    def scanned(*paths: Path, **changes: object) -> Result:
        settings = Settings(jobs=1, fingerprint_key="test")
        return scan(paths, rules, msgspec.structs.replace(settings, **changes), lambda *_: None)

    return scanned


def places(result: Result) -> list[tuple[str, int]]:
    return [(place.path.rpartition("/")[2], place.line) for finding in result.findings for place in finding.places]


def mixed(folder: Path, token: Callable[[str], str]) -> Path:
    """A folder of many small files, an archive, another encoding, and a secret that stands in several of them."""
    folder.mkdir()
    for number in range(40):
        body = f"# file {number}\nvalue = {number}\n" * 50
        if number % 5 == 0:
            body += f"token = '{token(str(number % 10))}'\npassword = 'kT9-vQ2m!x{number}Lw'\n"
        (folder / f"part{number:02}.py").write_text(body)
    (folder / "wide.txt").write_bytes(f"token = {token('wide')}\n".encode("utf-16"))
    with zipfile.ZipFile(folder / "inner.zip", "w") as archive:
        archive.writestr("deep/config.ini", f"[a]\ntoken = {token('zip')}\n")
    (folder / "log.gz").write_bytes(gzip.compress(f"Authorization: token {token('gz')}\n".encode(), mtime=0))
    (folder / "broken.zip").write_bytes(b"PK\x03\x04 and no more")
    return folder


def test_every_number_of_workers_and_every_hash_seed_gives_the_same_bytes(
    tmp_path: Path, token, leakguard, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = mixed(tmp_path / "data", token)
    (folder / "large.txt").write_bytes(
        b"nothing to see here, line after line\n" * 120_000
    )  # over what one process does
    outs = {
        leakguard("scan", folder, "--format", "json", "--jobs", jobs, PYTHONHASHSEED=seed).out
        for jobs, seed in ((1, "0"), (2, "1"), (5, "2"))
    }
    assert len(outs) == 1
    found = json.loads(outs.pop())["results"][0]
    assert found["coverage"]["objects"] == {"file": 45}
    assert len(found["findings"]) >= 5


def test_a_small_folder_starts_no_processes(tmp_path: Path, run: Scan, token, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a process was started")

    monkeypatch.setattr("concurrent.futures.ProcessPoolExecutor", refuse)
    assert run(mixed(tmp_path / "data", token), jobs=8).findings


def test_a_large_folder_is_shared_among_processes(
    tmp_path: Path, run: Scan, token, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = mixed(tmp_path / "data", token)
    alone = run(folder)
    monkeypatch.setattr(scanning, "SMALL", 1)
    monkeypatch.setattr("leakguard.scan.walk.SPAN", 4000)
    assert run(folder, jobs=3) == alone


def test_archives_and_other_encodings_are_looked_into(tmp_path: Path, run: Scan, token) -> None:
    result = run(mixed(tmp_path / "data", token))
    shown = {place.path.rpartition("/data/")[2] for finding in result.findings for place in finding.places}
    assert {"wide.txt", "inner.zip!deep/config.ini", "log.gz"} <= shown
    assert [item.what.rpartition("/")[2] for item in result.coverage.skipped] == ["broken.zip"]
    assert not result.coverage.complete


def test_a_secret_in_many_files_is_one_finding_with_at_most_fifty_places(tmp_path: Path, run: Scan, token) -> None:
    for number in range(60):
        (tmp_path / f"{number:02}.env").write_text(f"TOKEN={token('a')}\n")
    (finding,) = run(tmp_path).findings
    assert finding.occurrences == 60
    assert len(finding.places) == 50
    assert finding.places[0].path.endswith("00.env")


def test_what_its_format_shows_beside_a_finding_is_masked_in_the_excerpt(tmp_path: Path, run: Scan, token) -> None:
    value = "vR7" + "xQ2mLw9Tz4Kp"
    (tmp_path / "secret.yaml").write_text(f"token: {token('a')}\ndatabase:\n  password:\n    {value}\n")
    for finding in run(tmp_path).findings:
        assert all(value not in line.text for place in finding.places for line in place.excerpt)


def test_a_file_that_cannot_be_read_is_named_and_the_scan_goes_on(tmp_path: Path, run: Scan, token) -> None:
    (tmp_path / "a.env").write_text(f"TOKEN={token('a')}\n")
    locked = tmp_path / "locked"
    locked.mkdir()
    (locked / "b.env").write_text("x=1\n")
    locked.chmod(0)
    try:
        if os.access(locked, os.R_OK):
            pytest.skip("this user may read everything")
        result = run(tmp_path)
    finally:
        locked.chmod(0o700)
    assert places(result) == [("a.env", 1)]
    assert [item.reason for item in result.coverage.skipped] == ["cannot be read (Permission denied)"]


def test_a_file_over_the_limit_is_named(tmp_path: Path, run: Scan) -> None:
    (tmp_path / "big.txt").write_bytes(b"x" * 2000)
    result = run(tmp_path, max_blob_size=1000)
    assert [item.reason for item in result.coverage.skipped] == ["is 2000 bytes, over the limit of 1000"]


def test_links_are_not_followed_and_git_folders_are_left_to_sweep(tmp_path: Path, run: Scan, token) -> None:
    outside = tmp_path / "outside.env"
    outside.write_text(f"TOKEN={token('a')}\n")
    inside = tmp_path / "inside"
    (inside / ".git").mkdir(parents=True)
    (inside / ".git" / "config").write_text(f"token = {token('b')}\n")
    try:
        (inside / "link.env").symlink_to(outside)
    except OSError:
        pytest.skip("links cannot be made here")
    assert run(inside).findings == ()


def test_excluded_folders_are_not_entered(tmp_path: Path, run: Scan, token) -> None:
    (tmp_path / "vendor").mkdir()
    (tmp_path / "vendor" / "a.env").write_text(f"TOKEN={token('a')}\n")
    result = run(tmp_path, exclude=("vendor/**", "**/vendor"))
    assert result.findings == ()
    assert result.coverage.objects == {}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no paths as deep as this")
def test_folders_may_be_nested_deeper_than_pythons_stack(tmp_path: Path) -> None:
    here = Path.cwd()
    depth = sys.getrecursionlimit() + 200
    os.chdir(tmp_path)
    try:
        for _ in range(depth):
            Path("d").mkdir()
            os.chdir("d")
        os.chdir(tmp_path)
        walk = Walk([str(tmp_path)], ())
        assert list(walk.batches()) == []
    finally:
        os.chdir(tmp_path)
        subprocess.run(["rm", "-rf", "d"], check=True)  # Python's own way of removing trees cannot remove this one
        os.chdir(here)


def test_batches_are_bounded_in_files_and_bytes(tmp_path: Path) -> None:
    for number in range(MOST + 10):
        (tmp_path / f"{number:04}").write_bytes(b"")
    for number in range(3):
        (tmp_path / f"z{number}").write_bytes(bytes(SPAN - 1))
    batches = list(Walk([str(tmp_path)], ()).batches())
    assert all(len(batch.files) <= MOST for batch in batches)
    assert all(batch.size <= SPAN for batch in batches)
    assert sum(len(batch.files) for batch in batches) == MOST + 13


def test_standard_input_is_scanned_beside_files(tmp_path: Path, leakguard, token) -> None:
    (tmp_path / "a.env").write_text(f"TOKEN={token('a')}\n")
    ran = leakguard("scan", tmp_path, "-", "--format", "json", stdin=f"x = {token('b')}\n".encode())
    found = json.loads(ran.out)["results"][0]["findings"]
    assert sorted(item["places"][0]["path"].rpartition("/")[2] for item in found) == ["a.env", "standard input"]


def test_a_path_that_is_not_there_is_wrong_usage(tmp_path: Path, run: Scan) -> None:
    with pytest.raises(UsageError, match="does not exist"):
        run(tmp_path / "nowhere")


def test_positions_of_ascending_offsets_are_those_of_a_fresh_count(tmp_path: Path) -> None:
    from leakguard.excerpt import TextView

    text = b"one\ntwo three\n\nfour\n"
    view = TextView(text, None)
    for offset in (0, 4, 8, 14, 15, 3, 19):
        assert view.position(offset) == TextView(text, None).position(offset)
