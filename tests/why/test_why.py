"""`leakguard why` tells every step that decided, and never says otherwise than a scan."""

from __future__ import annotations

import json
import math
import zipfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from leakguard.config import Settings
from leakguard.detect.template import expand
from leakguard.scan.run import scan
from leakguard.scan.worker import Worker
from leakguard.why.place import find_text, split_line
from leakguard.why.trace import trace

if TYPE_CHECKING:
    from collections.abc import Callable

    from leakguard.detect.ruleset import RuleSet
    from leakguard.why.model import Candidate, Why
    from tests.conftest import GitRepo

    Ask = Callable[..., Why]

ALLOW = "leakguard:" + "allow"
"""In two parts: these tests are no file that it stands in."""

SAMPLE = {
    "app.py": (
        "password = '{alnum:20}'\n"
        "api_key = os.environ['KEY']\n"
        "password = 'changeme'\n"
        "checksum = '{hex:40}'\n"
        "secret = 'vault:v1:{bytes64:48}'\n"
        "db = 'postgres://admin:{alnum:14}@db.internal/app'\n"
        "token = '{hex:32}'  # " + ALLOW + "[generic-token] made up\n"
    ),
    "tests/test_login.py": "password = '{alnum:9}'\nassert login('bob', password='hunter2')\n",
    "config.yaml": "database:\n  password:\n    {alnum:18}\n  user: bob\njwt_secret: {alnum:40}\n",
    "params.json": '{"db": [{"password"   :\n\n    "{alnum:16}"}]}\n',
    "package-lock.json": '{"integrity": "sha512-{base64:86}==", "token": "{hex:40}"}\n',
    "values.env": "AWS_SECRET_ACCESS_KEY={base64:40}\nAPI_TOKEN=${TOKEN}\nSECRET_KEY=xxxxxxxxxxxxxxxx\n",
    "vault.yml": "$ANSIBLE_VAULT;1.1;AES256\n{hex:80}\n{hex:80}\n",
    "locale/de.json": '{"password": "Bitte das neue Passwort eingeben", "token": "Einmal-Kennung"}\n',
}


@pytest.fixture
def folder(tmp_path: Path, token) -> Path:
    for name, template in SAMPLE.items():
        place = tmp_path / name
        place.parent.mkdir(exist_ok=True)
        place.write_text(expand(template, name))
    good = token("a")
    broken = good[:-1] + ("x" if good[-1] != "x" else "y")
    (tmp_path / "github.txt").write_text(f"one {good}\ntwo {broken}\n")
    return tmp_path


@pytest.fixture
def settings() -> Settings:
    return Settings(jobs=1, fingerprint_key="test")


@pytest.fixture
def ask(rules: RuleSet, settings: Settings) -> Ask:
    return lambda path, line, chosen=settings: trace(find_text(str(path), line, Path()), rules, chosen)


def of(why: Why, rule: str) -> Candidate:
    (found,) = [item for item in why.candidates if item.rule == rule]
    return found


def test_for_every_finding_and_every_held_back_match_it_says_what_a_scan_says(
    folder: Path, rules: RuleSet, settings: Settings, ask: Ask
) -> None:
    compared: Counter[str] = Counter()
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        found = scan([file], rules, settings, lambda *_: None)
        for finding in found.findings:
            for place in finding.places:
                told = of(ask(file, place.line), finding.rule)
                assert (told.outcome, told.fingerprint, told.confidence) == (
                    "told",
                    finding.fingerprint,
                    finding.confidence,
                )
                assert told.column == place.column
                compared["told"] += 1
        content = file.read_bytes()
        for item in Worker(rules, settings).look_at(str(file), content).collector.held.values():
            line = content.count(b"\n", 0, item.spot.start) + 1
            reasons = {(other.rule, other.outcome, other.reason) for other in ask(file, line).candidates}
            assert (item.held.rule, "held back", item.held.reason) in reasons
            compared[item.held.reason] += 1
    assert compared["told"] >= 6
    assert {"unlikely", "placeholder", "refuted", "overlapped", "allowed", "encrypted"} <= set(compared)


def test_the_weights_of_a_judgement_add_up_to_its_score(folder: Path, ask: Ask) -> None:
    judged = of(ask(folder / "app.py", 1), "generic-password").judgement
    total = judged.start + sum(weight.weight for weight in judged.weights)
    assert 1 / (1 + math.exp(-total)) == pytest.approx(judged.score, abs=0.005)
    assert judged.score >= judged.threshold


def test_a_proven_token_shows_the_check_that_proved_it(folder: Path, ask: Ask) -> None:
    told = of(ask(folder / "github.txt", 1), "github-pat-classic")
    assert told.confidence == "proven"
    assert [check.outcome for check in told.checks] == ["proven"]


def test_a_refuted_token_shows_the_check_that_refuted_it(folder: Path, ask: Ask) -> None:
    held = of(ask(folder / "github.txt", 2), "github-pat-classic")
    assert (held.outcome, held.reason) == ("held back", "refuted")
    assert [check.outcome for check in held.checks] == ["refuted"]


def test_an_allowing_comment_is_quoted(folder: Path, ask: Ask) -> None:
    held = of(ask(folder / "app.py", 7), "generic-token")
    assert (held.outcome, held.reason, held.justification) == ("held back", "allowed", "made up")


def test_what_only_the_formats_reader_sees_is_explained(folder: Path, ask: Ask) -> None:
    told = of(ask(folder / "params.json", 3), "generic-password")
    assert (told.outcome, told.seen_by, told.name) == ("told", "the format's reader", "db.password")
    assert told.judgement is not None


def test_a_rule_that_is_off_is_named_where_it_would_match(folder: Path, ask: Ask, settings: Settings) -> None:
    chosen = type(settings)(jobs=1, disable=("github-*",))
    off = of(ask(folder / "github.txt", 1, chosen), "github-pat-classic")
    assert (off.outcome, off.reason) == ("off", "rule-off")


def test_a_path_that_lowers_a_score_is_told(folder: Path, ask: Ask) -> None:
    found = [item for item in ask(folder / "tests" / "test_login.py", 1).candidates if item.path_score]
    assert all(item.path_score < item.judgement.score and item.path_reasons for item in found)


def test_members_of_archives_can_be_asked_about(tmp_path: Path, ask: Ask, token) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("in/b.env", f"x=1\nTOKEN={token('z')}\n")
    why = ask(f"{tmp_path / 'a.zip'}!in/b.env", 2)
    assert of(why, "github-pat-classic").outcome == "told"
    assert why.path.endswith("a.zip!in/b.env")


def test_lines_of_another_encoding_are_the_decoded_ones(tmp_path: Path, ask: Ask, token) -> None:
    (tmp_path / "w.txt").write_bytes(f"one\ntoken {token('w')}\n".encode("utf-16"))
    assert of(ask(tmp_path / "w.txt", 2), "github-pat-classic").outcome == "told"


def test_a_version_out_of_the_history_is_looked_at_as_a_sweep_does(repo: GitRepo, leakguard, token) -> None:
    repo.commit(config__txt=f"first\nTOKEN={token('a')}\n")
    repo.commit(config__txt="first\n")
    ran = leakguard("why", "HEAD~1:config.txt:2", "--format", "json", cwd=repo.path)
    why = json.loads(ran.out)
    assert (ran.status, why["version"], why["path"]) == (0, "HEAD~1", "config.txt")
    assert why["candidates"][0]["outcome"] == "told"


def test_a_finding_is_asked_about_by_how_its_fingerprint_begins(
    repo: GitRepo, leakguard, token, tmp_path: Path
) -> None:
    repo.commit(config__txt=f"first\nTOKEN={token('a')}\n")
    repo.commit(config__txt="first\n")
    saved = tmp_path / "saved.json"
    leakguard("sweep", "--format", "json", "--output", saved, cwd=repo.path)
    mark = json.loads(saved.read_text())["results"][0]["findings"][0]["fingerprint"]
    fresh = leakguard("why", mark[:8], cwd=repo.path)
    known = leakguard("why", mark, "--result", saved, cwd=repo.path)
    assert fresh.status == 0, fresh.err
    assert fresh.out == known.out
    assert f"proven; fingerprint {mark}" in fresh.out


def test_no_secret_is_shown_unless_asked_for(folder: Path, leakguard, token) -> None:
    for form in ("text", "json"):
        assert token("a") not in leakguard("why", "github.txt:1", "-f", form, cwd=folder).out
    assert token("a") in leakguard("why", "github.txt:1", "--show-secrets", cwd=folder).out


def test_a_line_on_which_nothing_fires_is_named_plainly(tmp_path: Path, leakguard) -> None:
    (tmp_path / "a.txt").write_text("nothing\nat all\n")
    ran = leakguard("why", "a.txt:2", cwd=tmp_path)
    assert ran.status == 0
    assert "Nothing fired on this line" in ran.out


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("a.txt:9", "has 3 lines, and no line 9"),
        ("nowhere.txt:1", "is no file here"),
        ("zz", "is neither FILE:LINE nor a finding's fingerprint"),
        ("abcdef12", "no finding's fingerprint begins with abcdef12"),
        ("HEAD:none:3", "not in a git repository"),
    ],
)
def test_wrong_targets_are_one_sentence(target: str, said: str, tmp_path: Path, leakguard) -> None:
    (tmp_path / "a.txt").write_text("one\ntwo\n")
    ran = leakguard("why", target, cwd=tmp_path)
    assert ran.status == 2
    assert said in ran.err
    assert ran.err.count("\n") == 1


def test_a_place_is_a_path_and_a_line() -> None:
    assert split_line("a:b.py:12") == ("a:b.py", 12)
    assert split_line("a.py:0") is None
    assert split_line("abcdef") is None


def test_a_secret_in_a_commit_message_is_explained_too(repo: GitRepo, leakguard, token) -> None:
    repo.commit(f"use {token('m')}", a__txt="x\n")
    found = json.loads(leakguard("sweep", "--format", "json", cwd=repo.path).out)["results"][0]["findings"]
    ran = leakguard("why", found[0]["fingerprint"], cwd=repo.path)
    assert "TOLD  github-pat-classic" in ran.out, ran.err


def test_hostile_text_of_a_comment_is_inert(tmp_path: Path, leakguard, token) -> None:
    (tmp_path / "a.env").write_text(f"T={token('a')}  # {ALLOW}[github-pat-classic] \x1b[31mred\x1b]0;title\x07\n")
    for form in ("text", "json"):
        ran = leakguard("why", "a.env:1", "-f", form, "--color", "never", cwd=tmp_path)
        assert "red" in ran.out
        assert "\x1b" not in ran.out
        assert "\x07" not in ran.out
