"""The catalogue holds what it promises, and a rule that is wrong is named with its file and field."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import tomli

from leakguard.detect.anchors import AnchorScanner, measure
from leakguard.detect.catalogue import render_pages
from leakguard.detect.detector import Detector
from leakguard.detect.rules import parse_rules, patterns_folder, read_rules, rule_files, shortest
from leakguard.detect.ruleset import RuleSet, build_ruleset
from leakguard.detect.selftest import check_rules
from leakguard.detect.template import expand
from leakguard.errors import RuleError
from leakguard.model import ANCHOR_WIDTH
from tests.conftest import ROOT

if TYPE_CHECKING:
    from leakguard.model import Guidance, Rule

HEAD = '[provider]\nid = "acme"\nname = "Acme"\nurl = "https://acme.example/"\n\n[[rules]]\n'
GOOD = """id = "acme-key"
name = "Acme key"
severity = "high"
value = 'acme_[0-9a-f]{32}'
examples = ['A={start}acme_{hex:32}', '"acme_{hex:32}"']
counterexamples = ['acme_{hex:31}', 'acme_{x:32}']
impact = "Reads everything."
rotate = ["Revoke it."]
link = "https://acme.example/docs"
"""


@pytest.fixture(scope="module")
def items() -> list[tuple[Rule, Guidance]]:
    return read_rules(rule_files(patterns_folder()))


def test_there_are_more_than_1300_rules_of_more_than_800_providers(items: list) -> None:
    assert len(items) > 1300
    assert len({rule.provider for rule, _ in items if not rule.theme}) > 800


def test_every_anchor_is_narrow_and_lies_in_one_line(items: list) -> None:
    for rule, _ in items:
        for anchor in rule.anchors:
            assert 0 < measure(anchor) <= ANCHOR_WIDTH, rule.id


def test_the_catalogue_checks_itself() -> None:
    """The whole of `rules check` but how long hostile texts take, which depends on what else the machine does; `make
    check` asks for that."""
    ran = subprocess.run(
        [sys.executable, "-m", "leakguard", "rules", "check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    complaints = ran.stdout.splitlines()
    assert ran.returncode == bool(complaints), ran.stderr[:4000]
    assert [line for line in complaints if ": match: works for " not in line] == []


def test_files_are_named_after_their_providers_and_no_provider_has_two() -> None:
    names: dict[str, str] = {}
    for path in rule_files(patterns_folder()):
        document = tomli.loads(path.read_text("utf-8"))
        provider = document["provider"]
        assert provider["id"] == path.stem
        assert provider["name"].lower() not in names, path.name
        if not (provider.get("theme") or all(rule.get("generic") for rule in document["rules"])):
            assert provider["url"].startswith("https://"), path.name
        names[provider["name"].lower()] = path.name


def test_the_pages_in_docs_are_those_of_the_rules(items: list) -> None:
    folder = ROOT / "docs" / "rules"
    if not folder.is_dir():
        pytest.skip("docs/rules is not part of this copy")
    pages = render_pages(items)
    assert sorted(path.name for path in folder.glob("*.md")) == sorted(pages)
    stale = [name for name, text in pages.items() if (folder / name).read_text("utf-8") != text]
    assert not stale, f"run `leakguard rules docs docs/rules`: {stale[:5]}"


def test_no_rule_holds_a_token(items: list, detector: Detector) -> None:
    for path in rule_files(patterns_folder()):
        found = detector.detect(path.read_bytes()).matches
        assert [match.rule for match in found if match.confidence == "proven"] == [], path.name


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        (('severity = "high"', 'severity = "grave"'), "severity", "choose one of critical, high, medium, low"),
        (('severity = "high"\n', ""), "severity", "missing required field"),
        (('id = "acme-key"', 'id = "Acme Key"'), "id", "lower-case words"),
        (("value = 'acme_[0-9a-f]{32}'", "value = 'acme_[0-9a-f{32}'"), "value", "does not compile"),
        (("value = 'acme_[0-9a-f]{32}'", "match = 'x'"), "anchor", "is missing"),
        (("value = 'acme_[0-9a-f]{32}'", "anchor = 'x'"), "match", "is missing"),
        (("value = 'acme_[0-9a-f]{32}'\n", ""), "match", "give either"),
        (("value = ", "context = { words = [], value = 'x' }\nvalue = "), "match", "give either"),
        (("value = 'acme_[0-9a-f]{32}'", "context = { words = [], value = 'x' }"), "context", "at least one word"),
        (("value = 'acme_[0-9a-f]{32}'", "context = { words = ['a'], value = '(' }"), "context.value", "compile"),
        (("link = ", "reach = 0\nlink = "), "reach", "between 1 and 65536"),
        (("link = ", "colour = 'red'\nlink = "), "colour", "unknown field"),
        (("link = ", "entropy = 'much'\nlink = "), "entropy", "Expected"),
        (("link = ", "verify = { method = 'GET' }\nlink = "), "url", "missing required field"),
    ],
)
def test_a_wrong_field_is_named_with_file_and_rule(change: tuple[str, str], field: str, words: str) -> None:
    with pytest.raises(RuleError) as caught:
        parse_rules(HEAD + GOOD.replace(*change), "acme.toml")
    problem = caught.value
    assert problem.file == "acme.toml"
    assert (problem.rule, problem.field) == ("Acme Key" if field == "id" else "acme-key", field)
    assert words in str(problem)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[provider", "is not valid TOML"),
        ("[extra]\na = 1\n", "is no known table"),
        (HEAD.replace("[[rules]]", "[rules]") + GOOD, "must be a list of tables"),
        ('[provider]\nname = "Acme"\n', "missing required field `id`"),
    ],
)
def test_a_wrong_file_is_named(text: str, words: str) -> None:
    with pytest.raises(RuleError, match=words) as caught:
        parse_rules(text, "acme.toml")
    assert caught.value.file == "acme.toml"


def test_a_file_that_is_not_utf8_is_named(tmp_path: Path) -> None:
    (tmp_path / "acme.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(RuleError, match=r"acme\.toml.*cannot be read"):
        read_rules([tmp_path / "acme.toml"])


def test_an_id_that_is_taken_is_refused(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.toml").write_text(HEAD + GOOD)
    with pytest.raises(RuleError, match=r"already taken in a\.toml"):
        read_rules(rule_files(tmp_path))


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        (("value = ", "checks = ['crc99']\nvalue = "), "checks", "no check is called 'crc99'"),
        (("value = ", "pairs = [{ rule = 'acme-other' }]\nvalue = "), "pairs", "no rule is called 'acme-other'"),
        (("value = 'acme_[0-9a-f]{32}'", "value = 'acme_[0-9a-f]*'"), "anchor", "endlessly wide"),
        (("value = 'acme_[0-9a-f]{32}'", r"value = 'acme_\s[0-9]{9}'"), "anchor", "newline"),
        (("value = 'acme_[0-9a-f]{32}'", "value = 'acme_(?=x)[0-9]{9}'"), "anchor", "look-around"),
        (("value = 'acme_[0-9a-f]{32}'", "value = 'a{0,3}'"), "anchor", "nothing at all"),
    ],
)
def test_what_only_the_whole_set_shows_is_named_too(change: tuple[str, str], field: str, words: str) -> None:
    with pytest.raises(RuleError, match=words) as caught:
        build_ruleset(parse_rules(HEAD + GOOD.replace(*change), "acme.toml"))
    assert (caught.value.file, caught.value.rule, caught.value.field) == ("acme.toml", "acme-key", field)


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        (("'acme_{hex:31}', ", ""), "counterexamples", "fewer than 2"),
        (("'acme_{hex:31}'", "'acme_{hex:32}'"), "counterexamples[0]", "is found by the rule"),
        (("A={start}acme_{hex:32}", "A=acme_{hex:30}"), "examples[0]", "is not found by the rule"),
        (('impact = "Reads everything."\n', ""), "impact", "is missing"),
        (("https://acme.example/docs", "http://acme.example/docs"), "link", "no https address"),
        (("https://acme.example/docs", "https://py" + "pi.org/"), "link", "host of a package registry"),
        (('id = "acme-key"', 'id = "other-key"'), "id", "does not begin with the provider's id"),
        (
            ("link = ", "also = ['acme-key']\nverify = { url = 'https://acme.example/me' }\nlink = "),
            "verify",
            "no {secret}",
        ),
        (("link = ", "verify = { url = 'http://a.example/{secret}' }\nlink = "), "verify", "not https"),
        (
            ("link = ", "verify = { url = 'https://a.example/{secret}', method = 'DELETE' }\nlink = "),
            "verify",
            "DELETE",
        ),
        (("link = ", "verify = { url = 'https://a.example/{secret}', live = [401] }\nlink = "), "verify", "live"),
    ],
)
def test_the_lint_says_what_is_wrong(change: tuple[str, str], field: str, words: str) -> None:
    complaints = check_rules(parse_rules(HEAD + GOOD.replace(*change), "acme.toml"))
    assert any(item.field == field and words in item.problem for item in complaints), complaints


def test_a_good_rule_has_no_complaints() -> None:
    assert check_rules(parse_rules(HEAD + GOOD, "acme.toml")) == []


def test_an_anchor_that_fires_at_the_beginning_of_a_text_only_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    everywhere = AnchorScanner.hits
    monkeypatch.setattr(
        AnchorScanner, "hits", lambda self, data: [hit for hit in everywhere(self, data) if hit[0] < 1000]
    )
    complaints = check_rules(parse_rules(HEAD + GOOD, "acme.toml"))
    assert {(item.field, item.problem.split(";")[0]) for item in complaints} == {
        (f"examples[{number}]", "anchors of acme-key depend on the text around it") for number in (0, 1)
    }


def test_two_rules_that_are_one_are_told() -> None:
    twice = GOOD + "\n[[rules]]\n" + GOOD.replace("acme-key", "acme-copy").replace("Acme key", "Acme copy")
    complaints = check_rules(parse_rules(HEAD + twice, "acme.toml"))
    assert any(item.rule == "acme-copy" and "same as that of acme-key" in item.problem for item in complaints)


def test_an_expression_that_explodes_is_told() -> None:
    slow = GOOD.replace(
        "value = 'acme_[0-9a-f]{32}'",
        "anchor = 'acme_[0-9a-f]{32}'\nmatch = 'acme_(?:[0-9a-f]{1,40}[0-9a-f]{1,40}){1,20}(?![0-9a-z])'",
    ).replace("'acme_{hex:31}', 'acme_{x:32}'", "'acme_{hex:1}', 'acme_{x:32}'")
    complaints = check_rules(parse_rules(HEAD + slow, "acme.toml"))
    assert any(item.field == "match" and "bound its repeats" in item.problem for item in complaints)


@pytest.mark.parametrize(
    ("expression", "cut"),
    [
        ("acme_[0-9a-z]{8,80}", "acme_[0-9a-z]{8}"),
        ("acme(?:[0-9a-f]{32}|[0-9A-Za-z]{20,24})", "acme(?:[0-9a-f]{32}|[0-9A-Za-z]{20})"),
        ("a{2,4}|[|)]{3,4}b{1,9}={0,2}", "a{2}|[|)]{3,4}b{1}"),
        (r"\$acme\$[^\s$]{0,160}\$?", r"\$acme\$"),
        (r"acme\]?", "acme"),
        ("acme[0-9a-f]{32}", "acme[0-9a-f]{32}"),
        ("acme(?i:[a-z]{3,9})", "acme(?i:[a-z]{3,9})"),
        (r"acme=[^\n]{4,9}(?:\r?$|[ \t]#)", r"acme=[^\n]{4,9}(?:\r?$|[ \t]#)"),
    ],
)
def test_the_end_of_an_anchor_is_cut_to_the_least(expression: str, cut: str) -> None:
    assert shortest(expression) == cut


def find(text: str, body: str = "") -> list[bytes]:
    rules = parse_rules(HEAD + (body or CONTEXT), "acme.toml")
    found = Detector(RuleSet(build_ruleset(rules))).detect(text.encode())
    return [match.secret.reveal() for match in found.matches]


CONTEXT = GOOD.replace(
    "value = 'acme_[0-9a-f]{32}'", "context = { words = ['box_api', 'acme'], value = '[0-9a-f]{32}' }"
)
ONE, TWO = expand("{hex:32}", "one"), expand("{hex:32}", "two")


def test_two_values_behind_one_word_are_both_found() -> None:
    assert find(f"acme: key={ONE}, secret={TWO}") == [ONE.encode(), TWO.encode()]


def test_a_quoted_value_needs_no_assignment() -> None:
    assert find(f"acme '{ONE}'") == [ONE.encode()]
    assert find(f"acme ships {ONE}") == []


@pytest.mark.parametrize("label", ["@sha256:", ",sha256=", " md5 ", "/commit/", " integrity: "])
def test_a_digest_beside_the_word_is_none(label: str) -> None:
    assert find(f"acme_key{label}{ONE}") == []


@pytest.mark.parametrize(
    ("name", "found"),
    [
        *(("BOX_API_KEY", 1), ("myBoxApiKey", 1), ("MYBoxApiKey", 1), ("box.api.key", 1), (r"\nbox_api_key", 1)),
        *(("DROPBOX_API_KEY", 0), ("dropboxApiKey", 0), ("xbox-api-key", 0)),
    ],
)
def test_a_word_is_not_found_inside_of_another(name: str, found: int) -> None:
    assert len(find(f"{name} = '{ONE}'")) == found


def test_a_name_in_a_program_is_no_value() -> None:
    body = CONTEXT.replace("[0-9a-f]{32}' }", "[0-9A-Za-z]{32}' }")
    assert find("acme.key = TestAcmeServiceBasicAuthentication".ljust(43, "x")[:43], body) == []


@pytest.mark.parametrize("lines", ["lines = 2", "multiline = true\nlines = 1"])
def test_lines_are_for_rules_of_several_lines(lines: str) -> None:
    text = (
        "[provider]\nid = 'a'\nname = 'A'\n[[rules]]\nid = 'a-b'\nname = 'k'\nseverity = 'high'\nvalue = 'a_[0-9]{9}'\n"
    )
    with pytest.raises(RuleError, match="multiline true"):
        parse_rules(text + lines, "a.toml")


@pytest.mark.parametrize("rule", ["twitter-bearer-token", "dropbox-long-lived-access-token"])
def test_a_long_run_of_one_letter_is_asked_about_once(rule: str, rules: RuleSet) -> None:
    number = rules.numbers[rule]
    scanner = AnchorScanner(rules.database, frozenset({number}))
    assert len(scanner.hits(b"x = " + b"A" * 4000 + b"\n")) <= 1


@pytest.mark.parametrize("before", ["", "x\n", "x ", '"', "\\n", "\x1b[31m"])
def test_a_bearer_token_is_found_behind_whatever_is_no_part_of_it(before: str, rules: RuleSet) -> None:
    value = expand("AAAAAAAAAAAAAAAAAAAAA{chars:B-Zb-z0-9:25}%3D{alnum:50}", "t")
    found = Detector(rules).detect(f"{before}{value}\n".encode())
    assert [match.rule for match in found.matches] == ["twitter-bearer-token"]
