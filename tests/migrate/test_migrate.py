"""What was decided in other tools holds here, and what could not be taken over is told line by line."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from leakguard.detect.template import expand
from leakguard.migrate.gitleaks_config import _globs, _with_secret

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import GitRepo


def aws() -> str:
    return expand("AKIA{chars:A-Z2-7:16}", "aws")


def detect_secrets(repo: GitRepo, *arguments: str, stdin: str = "") -> str:
    done = subprocess.run(
        [sys.executable, "-m", "detect_secrets", *arguments],
        cwd=repo.path, input=stdin, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def baseline(repo: GitRepo) -> list[dict]:
    return json.loads((repo.path / ".leakguard-baseline.json").read_bytes())["entries"]


def test_a_gitleaks_configuration_becomes_rules_and_allowances(repo: GitRepo, leakguard, token) -> None:
    repo.write(
        ".gitleaks.toml",
        r"""
title = "ours"
[extend]
useDefault = true
disabledRules = ["jwt", "no-such-rule"]
[[rules]]
id = "acme_token"
description = "Acme token"
regex = '''(?i)acme_([a-z0-9]{24})\b'''
secretGroup = 1
keywords = ["acme_"]
[[rules.allowlists]]
regexes = ['''^z+$''']
[[rules]]
id = "by-path"
path = '''\.p12$'''
[allowlist]
description = "test data"
paths = ['''(^|/)fixtures/.*\.(json|txt)$''', '''a{2,3}/[x-z]''']
regexes = ['''EXAMPLE$''']
stopwords = ["dummy"]
commits = ["abc"]
""",
    )
    acme = expand("acme_{lowernum:24}", "x")
    repo.write("app.py", f"T = '{acme}'\nU = 'acme_{'z' * 24}'\n")
    repo.write("fixtures/deep/a.json", token("a"))
    repo.write("other/a.json", token("b"))
    repo.commit()
    ran = leakguard("migrate", "--repo", repo.path)
    assert ran.status == 0, ran.err
    assert "LEFT   .gitleaks.toml:5  extend.disabledRules no-such-rule" in ran.out
    assert "taken  .gitleaks.toml:7  rule acme_token: rule own-acme-token" in ran.out
    assert "LEFT   .gitleaks.toml:15  rule by-path: has no regex" in ran.out
    assert "LEFT   .gitleaks.toml:19  allowlist path a{2,3}/[x-z]" in ran.out
    assert "LEFT   .gitleaks.toml:22  allowlist commit abc" in ran.out
    found = json.loads(leakguard("sweep", "--format", "json", repo.path).out)["results"][0]["findings"]
    assert sorted((item["rule"], item["places"][0]["path"]) for item in found) == [
        ("github-pat-classic", "other/a.json"),
        ("own-acme-token", "app.py"),
    ]
    before = (repo.path / ".leakguard.toml").read_bytes()
    assert leakguard("migrate", "--repo", repo.path).status == 0
    assert (repo.path / ".leakguard.toml").read_bytes() == before


def test_gitleaks_fingerprints_become_baseline_entries_of_the_secret_that_lies_there(
    repo: GitRepo, leakguard, token
) -> None:
    first = repo.commit(a__py=f"x = 1\nT = '{token('a')}'\n")
    repo.commit(a__py="x = 1\n", b__py=f"T = '{token('b')}'\n")
    repo.write(
        ".gitleaksignore",
        f"# known\n{first}:a.py:github-pat:2\nb.py:github-pat:1\nb.py:github-pat:9\ngone.py:x:1\nnonsense\n",
    )
    ran = leakguard("migrate", "--repo", repo.path)
    assert "taken  .gitleaksignore:2" in ran.out
    assert "taken  .gitleaksignore:3" in ran.out
    assert ".gitleaksignore:4  b.py:github-pat:9: leakguard finds nothing there" in ran.out
    assert "LEFT   .gitleaksignore:5" in ran.out
    assert "LEFT   .gitleaksignore:6  nonsense: is no gitleaks fingerprint" in ran.out
    assert len(baseline(repo)) == 2
    assert leakguard("sweep", repo.path).status == 0


def test_a_redacted_gitleaks_report_is_taken_over(repo: GitRepo, leakguard, token) -> None:
    commit = repo.commit(a__py=f"T = '{token('a')}'\n")
    item = {"RuleID": "github-pat", "File": "a.py", "StartLine": 1, "Secret": "REDACTED", "Commit": commit}
    repo.write("report.json", json.dumps([item, {"x": 1}]))
    ran = leakguard("migrate", "--repo", repo.path, repo.path / "report.json")
    assert "1 taken over, 1 left" in ran.out
    assert leakguard("sweep", repo.path).status == 0


def test_a_detect_secrets_baseline_is_read_with_its_verdicts(repo: GitRepo, leakguard, token) -> None:
    repo.commit(a__py=f"T = '{token('a')}'\n", b__py=f"K = '{aws()}'\n")
    table = json.loads(detect_secrets(repo, "scan"))
    for found in table["results"]["a.py"]:
        found["is_secret"] = False
        found["line_number"] = 77
    table["plugins_used"].append({"name": "Evil", "path": "file://evil.py"})
    repo.write("evil.py", "open('ran', 'w')\n")
    repo.write(".secrets.baseline", json.dumps(table))
    ran = leakguard("migrate", "--repo", repo.path)
    assert ran.status == 0, ran.err
    assert "LEFT   .secrets.baseline" in ran.out
    assert not (repo.path / "ran").exists()
    reasons = {entry["path"]: entry["reason"] for entry in baseline(repo)}
    assert reasons["a.py"] == "audited as no secret in .secrets.baseline"
    assert reasons["b.py"] == "not audited in .secrets.baseline"


def test_a_baseline_for_detect_secrets_passes_its_own_audit(repo: GitRepo, leakguard, token) -> None:
    repo.commit(a__py=f"x = 1\nT = '{token('a')}'\n", b__py=f"K = '{aws()}'\n")
    ran = leakguard("migrate", "--repo", repo.path, "--to-detect-secrets", repo.path / ".secrets.baseline")
    assert ran.status == 0, ran.err
    table = json.loads((repo.path / ".secrets.baseline").read_bytes())
    assert {path: found[0]["line_number"] for path, found in table["results"].items()} == {"a.py": 2, "b.py": 1}
    report = json.loads(detect_secrets(repo, "audit", "--report", "--json", ".secrets.baseline"))
    assert {(item["filename"], item["secrets"]) for item in report["results"]} == {
        ("a.py", token("a")),
        ("b.py", aws()),
    }
    assert token("a") not in (repo.path / ".secrets.baseline").read_text()


@pytest.mark.parametrize("form", ["old", "new"])
def test_both_forms_of_kingfishers_baseline_are_read(repo: GitRepo, leakguard, token, form: str) -> None:
    repo.commit(a__py=f"x = 1\nT = '{token('a')}'\n")
    if form == "old":
        text = "ExactFindings:\n  matches:\n  - filepath: repo/a.py\n    fingerprint: '12'\n    linenum: 2\n"
    else:
        text = (
            "version: 2\nfingerprint_algorithm: kingfisher-v1\nrepositories:\n- id: local://x\n  findings:\n"
            "  - path: a.py\n    fingerprint: '12'\n    rule_id: kingfisher.github.1\n    line: 2\n"
            "  - path: gone.py\n    fingerprint: '13'\n    line: 2\n"
        )
    repo.write("baseline-file.yml", text)
    ran = leakguard("migrate", "--repo", repo.path)
    assert "taken  baseline-file.yml" in ran.out
    assert ("LEFT   baseline-file.yml" in ran.out) is (form == "new")
    assert leakguard("sweep", repo.path).status == 0


def test_a_dry_run_writes_nothing(repo: GitRepo, leakguard, token) -> None:
    repo.commit(a__py=f"T = '{token('a')}'\n", __gitleaksignore="a.py:x:1\n")
    assert leakguard("migrate", "--repo", repo.path, "--dry-run").status == 0
    assert repo.git("status", "--porcelain") == ""


@pytest.mark.parametrize(
    ("name", "data"),
    [
        (".gitleaks.toml", "[[rules"),
        (".secrets.baseline", '{"results": []}'),
        ("gitleaks-baseline.json", '[{"RuleID"'),
        ("baseline-file.yml", "ExactFindings: ["),
        ("what.txt", "?"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(repo: GitRepo, leakguard, name: str, data: str) -> None:
    repo.write(name, data)
    ran = leakguard("migrate", "--repo", repo.path, repo.path / name)
    assert (ran.status, len(ran.err.strip().splitlines())) == (2, 1)


def test_nothing_to_migrate_and_no_such_file_are_told(repo: GitRepo, leakguard, tmp_path: Path) -> None:
    assert leakguard("migrate", "--repo", repo.path).status == 2
    assert leakguard("migrate", "--repo", repo.path, tmp_path / "nowhere").status == 2


@pytest.mark.parametrize(
    ("expression", "globs"),
    [
        (r"vendor/", ["**vendor/**"]),
        (r"^vendor/.*$", ["vendor/**"]),
        (r"(^|/)go\.sum$", ["go.sum", "**/go.sum"]),
        (r"(.*?)(jpg|gif)$", ["**jpg", "**gif"]),
        (r"package-lock\.json", ["**package-lock.json**"]),
        (r"[a-z]+\.py", []),
    ],
)
def test_simple_path_expressions_become_globs(expression: str, globs: list[str]) -> None:
    assert list(_globs(expression)) == globs


def test_the_secret_is_gitleaks_group() -> None:
    assert _with_secret(r"(?i)a[(](b)(c)", 2) == r"(?i)a[(](b)(?P<secret>c)"
    assert _with_secret(r"a\((b)", 0) == r"a\((?P<secret>b)"
    assert _with_secret("ab", 0) == "ab"


def test_a_detect_secrets_baseline_is_itself_clean(repo: GitRepo, leakguard, token) -> None:
    repo.commit(a__py=f"k = '{token('a')}'\npassword = 'Xk29fjQlq3pz'\n")
    assert leakguard("migrate", "--repo", repo.path, "--to-detect-secrets", repo.path / ".secrets.baseline").status == 0
    ran = leakguard("scan", ".secrets.baseline", cwd=repo.path)
    assert (ran.status, "no secrets" in ran.out) == (0, True)
