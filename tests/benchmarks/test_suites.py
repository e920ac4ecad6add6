"""What the suites' readers work out of other scanners' tests, on tests written here."""

from __future__ import annotations

import random
import re
import sys
from pathlib import Path

import pygit2
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks" / "rules"))

from golang import KNOWN, UNKNOWN, Package  # type: ignore[import-not-found]
from readers import Checkout, names_no_secret, read_detectors, read_generated  # type: ignore[import-not-found]
from sampler import sample  # type: ignore[import-not-found]


def values(source: str) -> dict[str, object]:
    package = Package(dict(KNOWN))
    package.read(f"package x\n{source}")
    return dict(package.names)


def checkout(tmp_path: Path, files: dict[str, str]) -> Checkout:
    repository = pygit2.init_repository(str(tmp_path))
    index = repository.index
    for path, text in files.items():
        blob = repository.create_blob(text.encode())
        index.add(pygit2.IndexEntry(path, blob, pygit2.enums.FileMode.BLOB))
    someone = pygit2.Signature("a", "a@example.org", 1)
    repository.create_commit("HEAD", someone, someone, "tests", index.write_tree(), [])
    return Checkout(repository)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ('"a\\tb\\x41\\u00e9\\101"', "a\tbAéA"),
        ("`raw\\n`", "raw\\n"),
        ('"a" + `b` + "c"', "abc"),
        ('fmt.Sprintf("%s=%q %d%%", "k", "v", 7)', 'k="v" 7%'),
        ('[]string{"a", "b" + "c"}', ["a", "bc"]),
        ('map[string]string{"p/q": "a",}', {"p/q": "a"}),
        ('[]struct{ name string }{{name: "a"}, {name: nil}}', [{"name": "a"}, {"name": None}]),
        ('append([]string{"a"}, []string{"b", "c"}...)', ["a", "b", "c"]),
        ('[]byte("a")', "a"),
        ("os.Getenv(`HOME`)", UNKNOWN),
    ],
)
def test_an_expression_of_go_comes_to_its_value(expression: str, value: object) -> None:
    assert values(f"var it = {expression}")["it"] == value


def test_a_packages_own_plain_functions_are_called_and_others_are_not() -> None:
    source = "func twice(s string) string { t := s + s\n return t }\nfunc loop(s string) string { for {}\n return s }\n"
    assert values(source + 'var (\n a = twice("x")\n b = loop("x")\n)') == {"a": "xx", "b": UNKNOWN}


@pytest.mark.parametrize("expression", ["[a-f0-9]{32}", "x_(?:[A-Z]|\\d{2})+-[^a-z\\n]{4}", "(?i)ab?c{2,4}[\\w.]{3}"])
def test_a_sample_is_matched_by_its_expression(expression: str) -> None:
    for seed in range(20):
        assert re.fullmatch(expression, sample(expression, random.Random(seed)))


def test_detectors_tables_are_read_with_what_they_want(tmp_path: Path) -> None:
    source = """
    var valid = "acme_token = 'one'"
    func TestAcme_Pattern(t *testing.T) {
        tests := []struct{ name, input string; want []string }{
            {name: "found", input: fmt.Sprintf("%s;", valid), want: []string{"one"}},
            {name: "left alone", input: `acme 'two'`, want: nil},
            {name: "not ours to know", input: os.Getenv("X"), want: nil},
        }
    }"""
    place = checkout(tmp_path, {"pkg/detectors/acme/acme_test.go": source})
    found = [(item.rule, item.text, item.positive) for item in read_detectors(place)]
    assert found == [("acme", "acme_token = 'one';", True), ("acme", "acme 'two'", False)]
    assert place.skipped.total() == 1


def test_generators_are_run_for_what_they_validate(tmp_path: Path) -> None:
    files = {
        "cmd/generate/config/utils/generate.go": """
        func GenerateSampleSecrets(i string, s string) []string {
            samples := map[string]string{"ini": "{i}Token={s}", "env": "{I}_TOKEN={s}"}
            return samples
        }
        func Hex(n string) string { return fmt.Sprintf(`[a-f0-9]{%s}`, n) }""",
        "cmd/generate/config/rules/acme.go": """
        func Acme() *config.Rule {
            r := config.Rule{RuleID: "acme"}
            tps := utils.GenerateSampleSecrets("acme", secrets.NewSecret(utils.Hex("8")))
            fps := []string{"acme=xxxx"}
            return utils.Validate(r, tps, fps)
        }""",
    }
    found = list(read_generated(checkout(tmp_path, files)))
    assert [item.positive for item in found] == [True, True, False]
    assert re.fullmatch("acmeToken=[a-f0-9]{8}", found[0].text)
    assert found[1].text == f"ACME_TOKEN={found[0].text[-8:]}"


@pytest.mark.parametrize(
    "title", ["Acme Client ID", "AcmePubAPIToken", "Auth Domain", "acme_client_id", "Base URL (v2)"]
)
def test_a_title_tells_an_identifier(title: str) -> None:
    assert names_no_secret(title)


@pytest.mark.parametrize(
    "title", ["Acme API Key", "AWS Access Key ID", "Acme Webhook URL", "AcmeClientSecret", "valid"]
)
def test_other_titles_do_not(title: str) -> None:
    assert not names_no_secret(title)
