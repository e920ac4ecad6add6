"""SARIF that code scanning and other consumers take."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from leakguard.diff import compare
from leakguard.model import Excerpt, Result, Secret
from leakguard.report.sarif import render
from leakguard.sweep.run import sweep
from tests.report.samples import finding, hostile, place, sample

if TYPE_CHECKING:
    from leakguard.config import Settings
    from leakguard.detect.ruleset import RuleSet
    from tests.conftest import GitRepo

RELATIVE = re.compile(r"(?:[A-Za-z0-9._~!/-]|%[0-9A-F]{2})+")


def log(*results: Result) -> dict:
    return json.loads(render(results or [sample()], show_secrets=False, colour=False))


def run(*results: Result) -> dict:
    return log(*results)["runs"][0]


def only(*places) -> dict:
    return run(msgspec.structs.replace(sample(), findings=(finding("a", *places),), suppressed=()))["results"][0]


def uri(location: dict) -> str:
    return location["physicalLocation"]["artifactLocation"]["uri"]


def test_a_rule_carries_help_in_markdown_a_score_a_precision_and_tags() -> None:
    (rule,) = [rule for rule in run()["tool"]["driver"]["rules"] if rule["id"] == "github-pat-classic"]
    assert "1. Delete it." in rule["help"]["markdown"]
    assert "Acts as its owner." in rule["help"]["text"]
    assert rule["properties"]["security-severity"] == "9.5"
    assert rule["properties"]["precision"] == "very-high"
    assert {"security", "secret", "external/cwe/cwe-798"} <= set(rule["properties"]["tags"])
    assert rule["helpUri"] == "https://example.com/t"


def test_a_rule_without_a_finding_has_no_name_that_repeats_its_id() -> None:
    (rule,) = [rule for rule in run()["tool"]["driver"]["rules"] if rule["id"] == "aws-key"]
    assert "name" not in rule


def test_the_fingerprint_is_the_finding_s_own() -> None:
    marks = run()["results"][0]["partialFingerprints"]
    assert marks["leakguard/v1"] == sample().findings[0].fingerprint
    assert marks["primaryLocationLineHash"] == f"{sample().findings[0].fingerprint[:16]}:1"


def test_introduction_and_removal_are_related_locations() -> None:
    related = run()["results"][1]["relatedLocations"]
    assert [item["id"] for item in related] == [1, 2]
    assert related[0]["message"]["text"].startswith(f"Introduced by commit {1:040x}")
    assert related[1]["message"]["text"].startswith(f"Removed by commit {5:040x}")


def test_held_back_results_are_suppressed_with_their_justification() -> None:
    held = [result for result in run()["results"] if "suppressions" in result]
    assert [item["suppressions"][0]["kind"] for item in held] == ["inSource", "external"]
    assert "revoked in May" in held[0]["suppressions"][0]["justification"]
    assert all(item["locations"] for item in held)


def test_the_address_of_origin_becomes_a_uri() -> None:
    (control,) = run()["versionControlProvenance"]
    assert control["repositoryUri"] == "ssh://example.com/ada/app.git"
    assert control["revisionId"] == f"{9:040x}"


def test_a_local_origin_is_no_uri_and_left_out() -> None:
    assert "versionControlProvenance" not in run(msgspec.structs.replace(sample(), remote="/srv/git/app.git"))


def test_columns_count_characters_where_the_line_is_ascii() -> None:
    region = only(place("a.py", 2, "TOKEN = '{}'"))["locations"][0]["physicalLocation"]["region"]
    assert (region["startColumn"], region["endColumn"]) == (10, 50)
    assert run()["columnKind"] == "unicodeCodePoints"


@pytest.mark.parametrize("text", ["é = '{}'", "\\u200b = '{}'", "…cut {}"])
def test_a_line_where_bytes_and_characters_may_differ_has_no_columns(text: str) -> None:
    region = only(place("a.py", 2, text))["locations"][0]["physicalLocation"]["region"]
    assert region["startLine"] == 2
    assert "startColumn" not in region


def test_the_end_column_counts_the_secret_s_characters() -> None:
    spot = msgspec.structs.replace(place("a.py", 2, "pw={}"), end_column=4 + 10)
    item = msgspec.structs.replace(finding("a", spot), secret=Secret(("ää" + "b" * 6).encode()))
    region = run(msgspec.structs.replace(sample(), findings=(item,)))["results"][0]["locations"][0]["physicalLocation"]
    assert (region["region"]["startColumn"], region["region"]["endColumn"]) == (4, 12)


@pytest.mark.parametrize(
    ("path", "source", "oid", "expected"),
    [
        ("src/a b.py", "blob", "", "src/a%20b.py"),
        ("C:/src/a.py", "file", "", "file:///C:/src/a.py"),
        ("/srv/a.py", "file", "", "file:///srv/a.py"),
        ("a:b/c#d?e", "blob", "", "a%3Ab/c%23d%3Fe"),
        ("日本.txt", "blob", "", "%E6%97%A5%E6%9C%AC.txt"),
        ("lib.zip!inner/a.txt", "blob", "", "lib.zip!inner/a.txt"),
        (f"commit {77:040x}"[:19], "commit", f"{77:040x}", f".git/commit/{77:040x}"),
        (f"blob {'ab' * 6}", "blob", "ab" * 20, f".git/blob/{'ab' * 20}"),
        (f"blob {'ab' * 6}", "blob", "cd" * 20, f"blob%20{'ab' * 6}"),
        (".git/config", "repository", "", ".git/config"),
        ("ref names", "repository", "", ".git/ref-names"),
        ("standard input", "file", "", "standard%20input"),
    ],
)
def test_every_place_has_a_legal_uri(path: str, source: str, oid: str, expected: str) -> None:
    assert uri(only(place(path, 3, "x{}", source, oid))["locations"][0]) == expected


def test_the_cut_excerpt_of_a_long_key_is_no_context() -> None:
    first = place("key.pem", 2, "{}")
    long = msgspec.structs.replace(first, end_line=28, excerpt=(*first.excerpt, Excerpt(3, "****", True)))
    physical = only(long)["locations"][0]["physicalLocation"]
    assert (physical["region"]["startLine"], physical["region"]["endLine"]) == (2, 28)
    assert "contextRegion" not in physical
    assert "contextRegion" in only(first)["locations"][0]["physicalLocation"]


def test_what_is_no_file_is_named_as_an_object() -> None:
    found = only(place("ref names", 2, "{}", "repository"))["locations"][0]
    assert found["logicalLocations"] == [{"fullyQualifiedName": "ref names", "kind": "object"}]


def test_a_secret_in_a_file_name_claims_no_more_than_the_file() -> None:
    found = only(place("keys/ghp_****", 1, "{}", "file name"))["locations"][0]
    assert found["physicalLocation"]["region"] == {"startLine": 1}


def test_hostile_paths_stay_uris() -> None:
    for result in run(hostile())["results"]:
        for location in result["locations"]:
            assert RELATIVE.fullmatch(uri(location)), uri(location)


def test_runs_of_one_log_have_categories_of_their_own() -> None:
    other = msgspec.structs.replace(sample(), target="/srv/other")
    ids = [item["automationDetails"]["id"] for item in log(sample(), other, sample())["runs"]]
    assert ids == ["leakguard/sweep/app/", "leakguard/sweep/other/", "leakguard/sweep/app~2/"]
    assert run()["automationDetails"]["id"] == "leakguard/sweep/"


def test_no_more_results_than_code_scanning_takes_and_the_rest_is_counted() -> None:
    bare = msgspec.structs.replace(finding("a"), places=(), provenance=None, advice=None, parts=(), reasons=())
    many = tuple(msgspec.structs.replace(bare, fingerprint=f"{number:032x}") for number in range(25_003))
    big = run(msgspec.structs.replace(sample(), findings=many))
    assert len(big["results"]) == 25_000
    told = [item["message"]["text"] for item in big["invocations"][0]["toolExecutionNotifications"]]
    assert any(text.startswith("5 more results are left out") for text in told)


def test_a_comparison_says_what_is_new_in_sarif_s_own_words() -> None:
    old = msgspec.structs.replace(sample(), findings=(finding("b"), finding("x")))
    new = msgspec.structs.replace(sample(), findings=(finding("a"), finding("b")), suppressed=())
    states = [item["baselineState"] for item in run(*compare([old], [new]))["results"]]
    assert states == ["new", "unchanged", "absent"]


def _sarif_tools() -> str:
    beside = Path(sys.executable).with_name("sarif")
    found = os.environ.get("SARIF_TOOLS") or (str(beside) if beside.exists() else shutil.which("sarif"))
    if not found:
        pytest.skip("sarif-tools is not installed (pip install sarif-tools)")
    return found


def _has_multitool() -> str:
    return os.environ.get("SARIF_MULTITOOL") or shutil.which("Sarif.Multitool") or shutil.which("sarif-multitool") or ""


def _multitool() -> str:
    found = _has_multitool()
    if not found:
        pytest.skip(
            "Sarif.Multitool is not installed (npm package @microsoft/sarif-multitool; SARIF_MULTITOOL names it)"
        )
    return found


def written(folder: Path, *results: Result) -> Path:
    path = folder / "log.sarif"
    path.write_bytes(render(results, show_secrets=False, colour=False))
    return path


def complaints(path: Path) -> list[str]:
    """What Microsoft's validator says of a log, by GitHub's rules too, above the level of a note."""
    report = path.with_suffix(".validated.sarif")
    rules = ["--rule-kind", "Sarif;Gh;Ghas", "--level", "Error;Warning"]
    done = subprocess.run(
        [_multitool(), "validate", str(path), *rules, "-o", str(report)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    validated = json.loads(report.read_text("utf-8-sig"))["runs"][0]
    return [f"{item['ruleId']} {item['message']}" for item in validated.get("results", [])]


def test_multitool_finds_nothing_worse_than_a_note(tmp_path: Path) -> None:
    assert complaints(written(tmp_path, sample(), hostile(), *compare([sample()], [hostile()]))) == []


def test_multitool_would_have_found_a_broken_log(tmp_path: Path) -> None:
    path = written(tmp_path, sample())
    broken = json.loads(path.read_text("utf-8"))
    broken["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"]["startLine"] = -1
    path.write_text(json.dumps(broken), "utf-8")
    assert complaints(path)


def test_sarif_tools_reads_every_result_back(tmp_path: Path) -> None:
    tool, path = _sarif_tools(), written(tmp_path, sample(), hostile())
    table = tmp_path / "out.csv"
    done = subprocess.run([tool, "csv", "-o", str(table), str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    results = sum(len(item["results"]) for item in json.loads(path.read_text("utf-8"))["runs"])
    assert len(table.read_text("utf-8").splitlines()) == results + 1
    checked = subprocess.run([tool, "--check", "error", "summary", str(path)], capture_output=True, check=False)
    assert checked.returncode != 0


def test_every_kind_of_place_of_a_real_repository_is_a_legal_uri(
    repo: GitRepo, rules: RuleSet, settings: Settings, token, tmp_path: Path
) -> None:
    repo.commit(f"oops {token('message')}", **{"a b#c": f"x = {token('blob')}\n"})
    repo.git("tag", "-a", "v1", "-m", f"release {token('tag')}")
    repo.git("branch", f"try-{token('ref')}")
    repo.git("remote", "add", "origin", f"https://ada:{token('config')}@example.com/app.git")
    repo.git("hash-object", "-w", "--stdin", stdin=token("loose").encode())
    repo.write(f"keys/{token('name')}.txt", "nothing here\n")
    repo.write("latin\u00e9.txt".encode("latin-1"), token("bytes"))
    repo.commit("more")
    result = sweep(repo.path, rules, settings)
    found = run(result)
    uris = {
        uri(location)
        for item in found["results"]
        for location in (*item["locations"], *item.get("relatedLocations", []))
    }
    assert all(RELATIVE.fullmatch(text) for text in uris), uris
    kinds = {text.rsplit("/", 1)[0] for text in uris if text.startswith(".git/")}
    assert kinds >= {".git", ".git/blob", ".git/commit", ".git/tag"}
    assert {"a%20b%23c", ".git/config", "latin%5Cxe9.txt"} <= uris
    assert found["versionControlProvenance"][0]["repositoryUri"] == "https://example.com/app.git"
    for seed in ("message", "blob", "tag", "config", "loose", "name", "bytes"):
        assert token(seed)[4:] not in json.dumps(found), seed
    if _has_multitool():
        assert complaints(written(tmp_path, result)) == []
