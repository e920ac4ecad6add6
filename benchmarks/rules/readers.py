"""The examples that other scanners' own tests hold: what each must find, and what it must leave alone.

One function a scanner and one table of them. Each is given a repository's newest commit and yields examples; nothing of
theirs is kept here. What cannot be worked out without running their code (loops, values of the environment) is
skipped and counted.
"""

from __future__ import annotations

import ast
import json
import random
import re
import textwrap
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Any

import pygit2
import yaml
from golang import KNOWN, Package, Unknown, split_functions, tokens_of
from sampler import sample

_PUBLIC = re.compile(
    r"(?i)\b(?:urls?|uri|host|domain|site|bucket|arn|resource name|endpoint|email|username|user|address|(?<!key )id|"
    r"uuid|ip public|(?:account|cloud|token|storage|server) (?:identifier|name)|"
    r"pub(?:lic|lishable)?(?: api)? (?:key|token))\Z"
)
_SECRET_URL = re.compile(r"(?i)webhook|trigger|sensitive|credential")


def names_no_secret(title: str) -> bool:
    """Whether a rule's title says that it finds an identifier, an address or a public key."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[._-]", " ", re.sub(r"\(.*?\)", "", title)).strip()
    return bool(_PUBLIC.search(words)) and not _SECRET_URL.search(words)


@dataclass(frozen=True)
class Example:
    """A text of a scanner's tests, and whether its rule must find something in it. `path` is its file's name; `title`
    what the rule is called where its id does not say it."""

    rule: str
    text: str
    positive: bool
    path: str = "example"
    suite: str = ""
    title: str = ""

    @property
    def public(self) -> bool:
        """Whether its rule finds what is no secret."""
        return names_no_secret(self.title or self.rule)


@dataclass
class Checkout:
    """A repository's newest commit; what a bare or partial clone lacks reads as if it were not there."""

    repository: pygit2.Repository
    skipped: Counter[str] = field(default_factory=Counter)

    def files(self, folder: str = "", pattern: str = r".") -> Iterator[tuple[str, bytes]]:
        """(path, content) of the files below a folder whose whole path fits."""
        wanted = re.compile(pattern)
        index = pygit2.Index()
        index.read_tree(self.repository.revparse_single("HEAD").peel(pygit2.Tree))
        for entry in index:
            if entry.path.startswith(folder) and wanted.search(entry.path) and entry.mode != pygit2.enums.FileMode.LINK:
                try:
                    yield entry.path, self.repository[entry.id].read_raw()
                except KeyError:
                    self.skipped["file is not in the clone"] += 1

    def texts(self, folder: str = "", pattern: str = r".") -> Iterator[tuple[str, str]]:
        """The same, decoded."""
        for path, content in self.files(folder, pattern):
            yield path, content.decode("utf-8", "replace")


def read_yaml_rules(checkout: Checkout) -> Iterator[Example]:
    """Nosey Parker's format, which Kingfisher and Titus took over: examples stand beside each rule."""
    for path, text in checkout.texts("", r"/rules/[^/]+\.ya?ml$"):
        try:
            rules = yaml.safe_load(text).get("rules", [])
        except (yaml.YAMLError, AttributeError):
            checkout.skipped["rule file is not plain YAML"] += 1
            continue
        for rule in rules if isinstance(rules, list) else []:
            name = str(rule.get("id", path))
            for key, positive in (("examples", True), ("negative_examples", False)):
                for item in rule.get(key) or []:
                    yield Example(name, str(item), positive, title=str(rule.get("name", "")))


def read_generated(checkout: Checkout) -> Iterator[Example]:
    """Gitleaks and its fork Betterleaks: Go functions that build each rule and validate it on the spot."""
    chance = random.Random(4)
    package = Package(dict(KNOWN))
    for _, source in checkout.texts("cmd/generate/config/", r"(?<!_test)\.go$"):
        package.read(source)
    forms = _forms(package)

    def many(name: str, secret: str) -> list[str]:
        filled = [form.replace("{i}", name).replace("{I}", name.upper()) for form in forms]
        return [form.replace("{s}", secret) for form in filled]

    def one(expression: str, *_: object) -> str:
        return sample(expression, chance)

    package.known["utils.GenerateSampleSecrets"] = many
    for name in ("secrets.NewSecret", "secrets.NewSecretWithEntropy", "newPlausibleSecret"):
        package.known[name] = one
    for name in ("utils.Validate", "utils.ValidateWithPaths"):
        package.known[name] = lambda *arguments: arguments
    for path, source in checkout.texts("cmd/generate/config/rules/", r"(?<!_test)\.go$"):
        for name, _, body, _ in split_functions(tokens_of(source)):
            for key, value in package.run(body, {}):
                if key == "return" and isinstance(value, tuple):
                    rule = f"{PurePosixPath(path).stem}.{name}"
                    yield from _validated(rule, value, checkout)
                elif key == "return" and "Validate" in body:
                    checkout.skipped["test value is computed"] += 1


def _forms(package: Package) -> list[str]:
    """The forms that a generator writes an assignment in."""
    _, body = package.functions["GenerateSampleSecrets"]
    samples = next(value for name, value in package.run(body, {}) if name == "samples")
    return [form for form in samples.values() if isinstance(form, str)]


def _validated(rule: str, arguments: tuple[Any, ...], checkout: Checkout) -> Iterator[Example]:
    for texts, positive in zip(arguments[1:], (True, False), strict=False):
        items = texts.items() if isinstance(texts, dict) else [("example", text) for text in texts or []]
        for path, text in items:
            if isinstance(text, str):
                yield Example(rule, text, positive, path)
            else:
                checkout.skipped["test value is computed"] += 1


def read_go_lists(checkout: Checkout) -> Iterator[Example]:
    """2ms: tables of true and false positives, written out."""
    for path, source in checkout.texts("engine/rules/ruledefine/", r"_test\.go$"):
        rule = PurePosixPath(path).stem.removesuffix("_test")
        for row in _rows(source):
            for key, positive in (("truePositives", True), ("falsePositives", False)):
                texts = row.get(key) or []
                for text in texts if isinstance(texts, list) else [texts]:
                    if isinstance(text, str):
                        yield Example(rule, text, positive)
                    else:
                        checkout.skipped["test value is computed"] += 1


def read_detectors(checkout: Checkout) -> Iterator[Example]:
    """TruffleHog: each detector's table of inputs and what is wanted of them."""
    for path, source in checkout.texts("pkg/detectors/", r"(?<!integration)_test\.go$"):
        rule = str(PurePosixPath(path).parent.relative_to("pkg/detectors"))
        for row in _rows(source):
            text = row.get("input", row.get("data"))
            wanted = row.get("shouldMatch", row.get("want", False if "wantErr" in row else row.get("wantHost")))
            if not ({"input", "data"} & set(row) and {"shouldMatch", "want", "wantHost"} & set(row)):
                continue
            if isinstance(text, str) and not isinstance(wanted, Unknown):
                yield Example(rule, text, bool(wanted))
            else:
                checkout.skipped["test value is computed"] += 1


def _rows(source: str) -> Iterator[dict[str, Any]]:
    """The rows of a test file's tables."""
    package = Package(dict(KNOWN))
    package.read(source)
    for _, _, body, _ in split_functions(tokens_of(source)):
        for _, value in package.run(body, {}):
            rows = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
            yield from (row for row in rows if isinstance(row, dict))


def read_trivy(checkout: Checkout) -> Iterator[Example]:
    """Trivy: files, and the findings of built-in rules that are wanted of them."""
    inputs = dict(checkout.texts("pkg/fanal/secret/testdata/"))
    source = next(text for _, text in checkout.texts("pkg/fanal/secret/scanner_test.go"))
    for row in _rows(source):
        name, want = row.get("inputFilePath"), row.get("want")
        text = inputs.get(f"pkg/fanal/secret/{name}")
        if text is None or not isinstance(want, dict):
            continue
        findings = want.get("Findings") or []
        rules = {item.get("RuleID") for item in findings if isinstance(item, dict)}
        for rule in sorted(rule for rule in rules if isinstance(rule, str) and not rule.startswith("rule")):
            yield Example(rule, text, True, PurePosixPath(str(name)).name)
        if not findings and row.get("configPath") == "testdata/skip-test.yaml":
            yield Example(str(row.get("name")), text, False, PurePosixPath(str(name)).name)


def read_parametrized(checkout: Checkout) -> Iterator[Example]:
    """detect-secrets: pytest's parameters, a line and whether it is one (or the secret in it)."""
    for path, source in checkout.texts("tests/plugins/", r"_test\.py$"):
        rule = PurePosixPath(path).stem.removesuffix("_test")
        names = _assigned(ast.parse(source))
        for value in _parameters(ast.parse(source), names):
            row = value if isinstance(value, tuple) else (value, True)
            if len(row) >= 2 and isinstance(row[-2], str) and isinstance(row[-1], (bool, str, type(None))):
                yield Example(rule, row[-2], bool(row[-1]))
            else:
                checkout.skipped["test value is computed"] += 1


def _assigned(tree: ast.Module) -> dict[str, Any]:
    names: dict[str, Any] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            names[node.targets[0].id] = _value(node.value, names)
    return names


def _parameters(tree: ast.Module, names: dict[str, Any]) -> Iterator[Any]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "parametrize":
            rows = _value(node.args[1], names)
            if isinstance(rows, (list, tuple)):
                yield from rows
    for name, rows in names.items():
        if name.endswith("_TEST_CASES") and isinstance(rows, list):
            yield from rows


_SAFE: dict[str, Callable[..., Any]] = {
    "format": str.format,
    "dedent": textwrap.dedent,
    "join": str.join,
    "encode": str.encode,
    "lower": str.lower,
    "upper": str.upper,
}


def _value(node: ast.expr, names: dict[str, Any]) -> Any:
    """A Python expression's value, or None where it takes more than text, lists and the methods above."""
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name):
        return names.get(node.id)
    if isinstance(node, (ast.List, ast.Tuple)):
        items = [_value(item, names) for item in node.elts]
        return items if isinstance(node, ast.List) else tuple(items)
    try:
        if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Mult)):
            left, right = _value(node.left, names), _value(node.right, names)
            return left + right if isinstance(node.op, ast.Add) else left * right
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _SAFE:
            own = [] if node.func.attr == "dedent" else [_value(node.func.value, names)]
            given = {item.arg: _value(item.value, names) for item in node.keywords if item.arg}
            return _SAFE[node.func.attr](*own, *[_value(item, names) for item in node.args], **given)
        if isinstance(node, ast.Subscript):
            return eval(compile(ast.Expression(node), "slice", "eval"), {"__builtins__": {}}, names)
    except (TypeError, ValueError, LookupError, NameError):
        return None
    return None


def read_snapshots(checkout: Checkout) -> Iterator[Example]:
    """secretlint: snapshots of inputs with the messages that each gives; those with options are left out."""
    folder = re.compile(r"^packages/@secretlint/secretlint-rule-(?!preset|pattern|filter|example|internal|no-)")
    snapshots: dict[PurePosixPath, dict[str, str]] = {}
    for path, text in checkout.texts("packages/@secretlint/", r"/test/snapshots/"):
        if folder.match(path):
            snapshots.setdefault(PurePosixPath(path).parent, {})[PurePosixPath(path).name] = text
    for place, files in snapshots.items():
        result = json.loads(files.get("output.json", "{}"))
        if ".secretlintrc.json" in files or not isinstance(result, dict) or "sourceContent" not in result:
            checkout.skipped["has options or no text"] += 1
            continue
        path = PurePosixPath(result["filePath"]).name
        yield Example(place.parts[2], result["sourceContent"], bool(result.get("messages")), path)


def read_lines(checkout: Checkout) -> Iterator[Example]:
    """ripsecrets: files with one secret a line, files with one secret, and a file without."""
    for path, text in checkout.texts("test/"):
        parts = PurePosixPath(path)
        if parts.parent.name == "one_per_file":
            yield Example(parts.name, text, True)
            continue
        for line in filter(None, text.splitlines()):
            yield Example(parts.name, line, parts.parent.name == "one_per_line")


def read_samples(checkout: Checkout) -> Iterator[Example]:
    """CredSweeper: the lines of its samples that are recorded as credentials, and those of the files that hold none."""
    recorded = next(text for _, text in checkout.texts("tests/data/output.json"))
    for item in json.loads(recorded):
        lines = dict.fromkeys(part["line"] for part in item["line_data_list"])
        yield Example(item["rule"], "\n".join(lines), True)
    for path, text in checkout.texts("tests/samples/", r"(?:_n|_FALSE|_fp|false_positive)$"):
        for line in filter(None, text.splitlines()):
            yield Example(PurePosixPath(path).name, line, False)


@dataclass(frozen=True)
class Suite:
    """A scanner whose tests are read."""

    name: str
    repository: str
    reader: Callable[[Checkout], Iterator[Example]]

    def read(self, checkout: Checkout) -> Iterator[Example]:
        """Its examples."""
        for item in self.reader(checkout):
            yield replace(item, suite=self.name, path=PurePosixPath(item.path).name or "example")


SUITES = (
    Suite("betterleaks", "betterleaks/betterleaks", read_generated),
    Suite("gitleaks", "gitleaks/gitleaks", read_generated),
    Suite("2ms", "Checkmarx/2ms", read_go_lists),
    Suite("trufflehog", "trufflesecurity/trufflehog", read_detectors),
    Suite("kingfisher", "mongodb/kingfisher", read_yaml_rules),
    Suite("titus", "praetorian-inc/titus", read_yaml_rules),
    Suite("noseyparker", "praetorian-inc/noseyparker", read_yaml_rules),
    Suite("trivy", "aquasecurity/trivy", read_trivy),
    Suite("secretlint", "secretlint/secretlint", read_snapshots),
    Suite("ripsecrets", "sirwart/ripsecrets", read_lines),
    Suite("detect-secrets", "Yelp/detect-secrets", read_parametrized),
    Suite("credsweeper", "Samsung/CredSweeper", read_samples),
)
"""Every suite, and where its repository is on GitHub."""
