"""`.gitleaks.toml`: rules of one's own, allowlists, what it extends. Fields as gitleaks' README documents them."""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tomli

from leakguard.detect.anchors import measure
from leakguard.errors import UsageError
from leakguard.migrate.decisions import Decisions, line_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from leakguard.migrate.lookup import Lookup

MAX_DEPTH = 3


def looks_like(name: str, data: bytes) -> bool:
    """A TOML file with gitleaks' tables, by its name or by what it holds."""
    return name.endswith(".toml") and (
        "gitleaks" in name or re.search(rb"(?m)^\[+(?:rules|allowlists?|extend)\b", data) is not None
    )


def read(path: Path, data: bytes, lookup: Lookup, depth: int = 0) -> Decisions:
    """Rules become rules, allowlists become allowances; what leakguard has no word for is told."""
    return _Reading(path, data.decode("utf-8", "replace"), lookup, depth).run()


class _Reading:
    def __init__(self, path: Path, text: str, lookup: Lookup, depth: int) -> None:
        self.path, self.text, self.lookup, self.depth = path, text, lookup, depth
        self.out = Decisions()

    def run(self) -> Decisions:
        try:
            table = tomli.loads(self.text)
        except tomli.TOMLDecodeError as problem:
            raise UsageError(f"{self.path.name} is not valid TOML ({problem}); mend that line.") from None
        self.extend(_table(table.get("extend")))
        for entry in [_table(table.get("allowlist")), *_tables(table.get("allowlists"))]:
            self.allowlist(entry, "")
        for rule in _tables(table.get("rules")):
            self.rule(rule)
        return self.out

    def tell(self, needle: str, what: str, how: str, *, taken: bool) -> None:
        self.out.note(self.path.name, line_of(self.text, needle), what, how, taken=taken)

    def extend(self, entry: dict[str, Any]) -> None:
        if entry.get("useDefault"):
            self.tell(
                "useDefault", "extend.useDefault", "leakguard's own rules stand for gitleaks' default ones", taken=True
            )
        for rule in map(str, entry.get("disabledRules", [])):
            known = rule in self.lookup.rules
            self.out.disable += [rule] if known else []
            how = "disabled here too" if known else "no rule of leakguard's has this id; see `leakguard rules list`"
            self.tell(f'"{rule}"', f"extend.disabledRules {rule}", how, taken=known)
        if "url" in entry:
            self.tell(
                "url", "extend.url", "nothing is fetched; save the file beside this one and use path", taken=False
            )
        if "path" in entry:
            self.extend_path(str(entry["path"]))

    def extend_path(self, name: str) -> None:
        place = (self.path.parent / name).resolve()
        if not place.is_relative_to(self.lookup.root) or not place.is_file() or self.depth >= MAX_DEPTH:
            self.tell(name, f"extend.path {name}", "is not in this repository, or nested too deep", taken=False)
            return
        self.out.add(read(place, place.read_bytes(), self.lookup, self.depth + 1))
        self.tell(name, f"extend.path {name}", "read too", taken=True)

    def allowlist(self, entry: dict[str, Any], rule: str) -> None:
        """Each path, expression and stop word becomes an allowance of its own; with condition AND they are joined."""
        if not entry:
            return
        reason = str(entry.get("description") or f"allowlist of {self.path.name}")
        targets = [rule] if rule else [str(name) for name in entry.get("targetRules", [])] or [""]
        values = [self.value(str(item), str(entry.get("regexTarget", "secret"))) for item in entry.get("regexes", [])]
        values += [self.stop_word(str(item)) for item in entry.get("stopwords", [])]
        paths = [glob for item in entry.get("paths", []) for glob in self.globs(str(item))]
        for commit in entry.get("commits", []):
            self.tell(str(commit), f"allowlist commit {commit}", "leakguard allows secrets, not commits", taken=False)
        both = str(entry.get("condition", "OR")).upper() in ("AND", "&&")
        kept = [value for value in values if value]
        pairs = list(itertools.product(paths, kept)) if both else [(p, "") for p in paths] + [("", v) for v in kept]
        for (path, value), target in itertools.product(pairs, targets):
            fields = {"reason": reason, "rule": target, "path": path, "value": value}
            self.out.allow.append({key: text for key, text in fields.items() if text})

    def value(self, expression: str, target: str) -> str:
        """gitleaks looks for it anywhere in the secret; an allowance has to fit the whole value."""
        if target == "line":
            self.tell(expression, f"allowlist regex {expression}", "is about the line, not the secret", taken=False)
            return ""
        made = f"(?s:.*)(?:{_go(expression)})(?s:.*)"
        if not _compiles(made) or not _compiles_in_re(made):
            self.tell(expression, f"allowlist regex {expression}", "does not compile here", taken=False)
            return ""
        how = "value of an allowance" + (" (gitleaks compares the whole match)" if target == "match" else "")
        self.tell(expression, f"allowlist regex {expression}", how, taken=True)
        return made

    def stop_word(self, word: str) -> str:
        self.tell(word, f"stop word {word}", "value of an allowance", taken=True)
        return f"(?is:.*{re.escape(word)}.*)"

    def globs(self, expression: str) -> list[str]:
        """A path expression as globs, where it is simple enough."""
        found = list(_globs(expression))
        how = f"path of an allowance: {', '.join(found)}" if found else "has no glob that says the same; write one"
        self.tell(expression, f"allowlist path {expression}", how, taken=bool(found))
        return found

    def rule(self, entry: dict[str, Any]) -> None:
        name = str(entry.get("id", ""))
        allowlists = [_table(entry.get("allowlist")), *_tables(entry.get("allowlists"))]
        made = self.made_rule(entry, name)
        target = made["id"] if made else name
        if made:
            self.out.rules.append(made)
        if made or target in self.lookup.rules:
            for allowlist in allowlists:
                self.allowlist(allowlist, target)
        elif any(allowlists):
            self.tell(name, f"allowlist of rule {name}", "its rule was not taken over", taken=False)

    def made_rule(self, entry: dict[str, Any], name: str) -> dict[str, Any] | None:
        expression = str(entry.get("regex", ""))
        if not expression:
            if name not in self.lookup.rules:
                self.tell(
                    name, f"rule {name}", "has no regex (a path rule, or a change of a default rule)", taken=False
                )
            return None
        match = _with_secret(_go(expression), int(entry.get("secretGroup", 0) or 0))
        anchors = _anchors(_go(expression), [str(word) for word in entry.get("keywords", [])])
        if not _compiles(match) or not anchors:
            how = (
                "does not compile here" if not _compiles(match) else "has no anchor: give it keywords that it contains"
            )
            self.tell(name, f"rule {name}", how, taken=False)
            return None
        identifier = "own-" + (re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "rule")
        made: dict[str, Any] = {
            "id": identifier,
            "name": str(entry.get("description") or name),
            "severity": "high",
            "confidence": "medium",
            "anchors": anchors,
            "match": match,
        }
        if entry.get("entropy"):
            made["entropy"] = float(entry["entropy"])
        globs = list(_globs(str(entry["path"]))) if entry.get("path") else []
        if entry.get("path") and not globs:
            self.tell(
                name, f"path of rule {name}", "has no glob that says the same; the rule holds everywhere", taken=False
            )
        if globs:
            made["paths"] = globs
        self.tell(name, f"rule {name}", f"rule {identifier}", taken=True)
        return made


def _table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _tables(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _go(expression: str) -> str:
    """A Go expression in the words of Python's: \\z is \\Z, and flags in front are given to a group of all the rest."""
    flags = re.match(r"\(\?([imsU]+)\)", expression)
    rest = (expression[flags.end() :] if flags else expression).replace("\\z", "\\Z")
    return f"(?{flags.group(1).replace('U', '')}:{rest})" if flags else rest


def _compiles(expression: str) -> bool:
    import regex

    try:
        regex.compile(expression.encode(), regex.VERSION0)
    except regex.error:
        return False
    return True


def _compiles_in_re(expression: str) -> bool:
    try:
        re.compile(expression)
    except re.error:
        return False
    return True


def _with_secret(expression: str, group: int) -> str:
    """Name the group that holds the secret: the one asked for, else the first one."""
    seen = 0
    escaped = bracket = False
    for at, char in enumerate(expression):
        if escaped:
            escaped = False
        elif char == "\\":
            escaped = True
        elif bracket:
            bracket = char != "]"
        elif char == "[":
            bracket = True
        elif char == "(" and not expression.startswith("(?", at):
            seen += 1
            if seen == max(group, 1):
                return f"{expression[:at]}(?P<secret>{expression[at + 1 :]}"
    return expression


def _anchors(expression: str, keywords: list[str]) -> list[str]:
    """The expression itself where it is narrow enough to be an anchor; else its keywords, if every match holds one."""
    plain = re.sub(r"\(\?P<\w+>", "(", expression)
    for candidate in ([plain], [f"(?i){re.escape(word)}" for word in keywords]):
        if candidate != [plain] and not all(word.lower() in expression.lower() for word in keywords):
            continue
        try:
            for anchor in candidate:
                measure(anchor)
        except ValueError:
            continue
        if candidate:
            return candidate
    return []


def _globs(expression: str) -> Iterator[str]:
    """The globs that mean the same as a path expression of literals, `.*`, anchors and simple alternations."""
    body = expression.removeprefix("(?i)")
    for choice in _alternatives(body):
        start = "" if choice.startswith("^") else "**"
        end = "" if choice.endswith("$") and not choice.endswith("\\$") else "**"
        inner = choice.removeprefix("^").removesuffix("$").replace(".*?", ".*")
        inner = re.sub(r"\[\^/\][*+]", "\x01", inner).replace(".*", "\x00").replace(".+", "\x00")
        inner = re.sub(r"\\([./_\-+@ ])", r"\1", inner.replace("[.]", "\\."))
        if re.search(r"[\\()\[\]{}|?*+^$]", inner):
            return
        yield f"{start}{inner}{end}".replace("\x00", "**").replace("\x01", "*").replace("****", "**")


def _alternatives(expression: str) -> list[str]:
    """The expression once for each choice of its simple groups: a(b|c) -> ab, ac."""
    found = re.search(r"\((?:\?:)?([^()\\]*(?:\\.[^()\\]*)*)\)(?![?*+{])", expression)
    if not found:
        return (
            [expression] if "|" not in expression else expression.split("|") if "(" not in expression else [expression]
        )
    heads, tails = expression[: found.start()], expression[found.end() :]
    return [done for choice in found.group(1).split("|") for done in _alternatives(f"{heads}{choice}{tails}")]
