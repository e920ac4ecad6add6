"""Reading rule files: TOML in patterns/ becomes frozen `Rule` and `Guidance` values, or a `RuleError` that names
file, rule and field. What the fields mean is written down in patterns/README.md.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from leakguard.errors import RuleError
from leakguard.model import SEVERITIES, Confidence, Context, Guidance, Pair, Rule, Severity, Verification

if TYPE_CHECKING:
    from collections.abc import Iterable

DEFAULT_EDGES = "0-9A-Za-z_-"
GAP = 60
"""How many bytes may stand between a context word and its value."""
MAX_REACH = 65536
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\Z")


class _ContextField(msgspec.Struct, forbid_unknown_fields=True):
    words: list[str]
    value: str
    edges: str = DEFAULT_EDGES


class _PairField(msgspec.Struct, forbid_unknown_fields=True):
    rule: str
    within: int = 10
    required: bool = False


class _VerifyField(msgspec.Struct, forbid_unknown_fields=True):
    url: str
    method: str = "GET"
    headers: dict[str, str] = {}
    body: str = ""
    live: tuple[int, ...] = (200,)
    dead: tuple[int, ...] = (401, 403)


class _RuleFields(msgspec.Struct, forbid_unknown_fields=True):
    id: str
    name: str
    severity: Severity
    anchor: str = ""
    anchors: list[str] = []
    match: str = ""
    value: str = ""
    edges: str = DEFAULT_EDGES
    context: _ContextField | None = None
    multiline: bool = False
    lines: int = 0
    reach: int = 1024
    entropy: float = 0.0
    confidence: Literal["high", "medium", "low", ""] = ""
    generic: bool = False
    checks: list[str] = []
    pairs: list[_PairField] = []
    paths: list[str] = []
    disabled: bool = False
    verdict: Literal["secret", "encrypted"] = "secret"
    opens: list[str] = []
    examples: list[str] = []
    counterexamples: list[str] = []
    also: list[str] = []
    impact: str = ""
    rotate: list[str] = []
    link: str = ""
    verify: _VerifyField | None = None


class _ProviderFields(msgspec.Struct, forbid_unknown_fields=True):
    id: str
    name: str
    url: str = ""
    theme: bool = False


def patterns_folder() -> Path:
    """The folder of built-in rules: inside the package in a wheel, beside it in a checkout or an editable install."""
    package = Path(__file__).resolve().parent.parent
    packaged = package / "patterns"
    return packaged if packaged.is_dir() else package.parent / "patterns"


def rule_files(folder: Path) -> list[Path]:
    """The rule files of a folder in the order of their names; names that begin with an underscore are left out."""
    return sorted(path for path in folder.glob("*.toml") if not path.name.startswith("_"))


def read_rules(files: Iterable[Path]) -> list[tuple[Rule, Guidance]]:
    """All rules of the given files, in order. RuleError for the first thing that is wrong with any of them."""
    rules: list[tuple[Rule, Guidance]] = []
    seen: dict[str, str] = {}
    for path in files:
        for rule, guidance in parse_rules(_read(path), path.name):
            if rule.id in seen:
                raise RuleError(path.name, rule.id, "id", f"is already taken in {seen[rule.id]}; choose another one")
            seen[rule.id] = path.name
            rules.append((rule, guidance))
    return rules


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise RuleError(path.name, "-", "file", f"cannot be read ({problem}); save it as UTF-8 text") from None


def parse_rules(text: str, file: str) -> list[tuple[Rule, Guidance]]:
    """The rules in one file's text. RuleError names `file`, the rule and the field."""
    import tomli

    try:
        document = tomli.loads(text)
    except tomli.TOMLDecodeError as problem:
        raise RuleError(file, "-", "file", f"is not valid TOML ({problem}); mend that line") from None
    for key in document:
        if key not in ("provider", "rules"):
            raise RuleError(file, "-", key, "is no known table; a rule file holds [provider] and [[rules]]")
    provider = _convert(document.get("provider", {}), _ProviderFields, file, "-", "provider")
    tables = document.get("rules", [])
    if not isinstance(tables, list):
        raise RuleError(file, "-", "rules", "must be a list of tables; write [[rules]]")
    return [parse_rule(table, provider, file) for table in tables]


def parse_rule(table: Any, provider: _ProviderFields, file: str) -> tuple[Rule, Guidance]:
    """One `[[rules]]` table as its two values."""
    label = str(table.get("id", "?")) if isinstance(table, dict) else "?"
    fields = _convert(table, _RuleFields, file, label, "")
    if not _ID.match(fields.id):
        raise RuleError(file, label, "id", "must be lower-case words joined by hyphens")
    if not 0 < fields.reach <= MAX_REACH:
        raise RuleError(file, label, "reach", f"must be between 1 and {MAX_REACH} bytes")
    if fields.lines and not (fields.multiline and fields.lines > 1):
        raise RuleError(file, label, "lines", "must be 2 or more, and multiline true")
    anchors, match, context = _expressions(fields, file)
    confidence: Confidence = fields.confidence or ("medium" if context else "high")
    rule = Rule(
        id=fields.id,
        name=fields.name,
        provider=provider.id,
        severity=fields.severity,
        anchors=anchors,
        match=match,
        confidence=confidence,
        generic=fields.generic,
        multiline=fields.multiline,
        lines=fields.lines,
        reach=fields.reach,
        checks=(*fields.checks, *(("context",) if context and "context" not in fields.checks else ())),
        entropy=fields.entropy,
        context=context,
        pairs=tuple(Pair(pair.rule, pair.within, pair.required) for pair in fields.pairs),
        paths=tuple(fields.paths),
        disabled=fields.disabled,
        theme=provider.theme,
        encrypted=fields.verdict == "encrypted",
        opens=tuple(fields.opens),
    )
    verify = fields.verify
    guidance = Guidance(
        rule=fields.id,
        provider_name=provider.name,
        impact=fields.impact,
        rotate=tuple(fields.rotate),
        link=fields.link,
        examples=tuple(fields.examples),
        counterexamples=tuple(fields.counterexamples),
        also=tuple(fields.also),
        verify=verify
        and Verification(verify.method, verify.url, verify.headers, verify.body, verify.live, verify.dead),
    )
    return rule, guidance


def _expressions(fields: _RuleFields, file: str) -> tuple[tuple[str, ...], str, Context | None]:
    """Anchors and match, as written or as made from `context` or `value`; each must compile."""
    forms = [bool(fields.context), bool(fields.value), bool(fields.match or fields.anchor or fields.anchors)]
    if sum(forms) != 1:
        raise RuleError(file, fields.id, "match", "give either anchor and match, or value, or context")
    anchors: tuple[str, ...]
    if fields.context:
        context = Context(tuple(fields.context.words), fields.context.value, fields.context.edges)
        if not context.words or not all(context.words):
            raise RuleError(file, fields.id, "context", "needs at least one word")
        _compile(context.value, fields, file, "context.value")
        anchors, match = (context_anchor(context),), context_match(context)
    elif fields.value:
        context = None
        _compile(fields.value, fields, file, "value")
        anchors, match = (fields.value,), f"(?<![{fields.edges}])(?:{fields.value})(?![{fields.edges}])"
        match = _after_escapes(match)
    else:
        context = None
        anchors = tuple(fields.anchors or [fields.anchor])
        match = fields.match if fields.generic else _after_escapes(fields.match)
        if not all(anchors) or not match:
            raise RuleError(
                file, fields.id, "anchor" if match else "match", "is missing; both anchor and match are needed"
            )
    _compile(match, fields, file, "match")
    return tuple(map(shortest, anchors)), match, context


def _after_escapes(match: str) -> str:
    """An edge that a match begins with does not hold behind an escape sequence: in `\\nVALUE` (JSON, a program's text)
    and behind a terminal's colour, the letter before the value belongs to the escape."""
    return re.sub(r"^\(\?<!(\[[^\]]*\])\)", r"(?:(?<!\1)|(?<=\\\\[nrt]|\\x1b\\[[0-9;]{0,12}m))", match)


JOINTS = {"_": "[_.-]?", " ": "[_. -]?"}
"""What the joints of a context's word stand for."""


def _words(context: Context) -> str:
    """The context's words as one alternation. A word that begins with another one, or has it after a joint, says
    nothing that the other does not, and would cost as much again. Only a joint that is written as a space may be one:
    if all might, the anchors would cost a third more."""
    words = list(dict.fromkeys(re.sub("[_.-]", "_", word.lower()) for word in context.words))
    kept = [word for word in words if not any(_holds(word, other) for other in words if other != word)]
    return "|".join("".join(JOINTS.get(part) or re.escape(part) for part in re.split("([_ ])", word)) for word in kept)


def _holds(word: str, other: str) -> bool:
    return any(word.startswith(other, at) for at in range(len(word)) if at == 0 or word[at - 1] in JOINTS)


CREDENTIAL_DASH = "(?i:key|token|secret|access|private)-"
"""What may stand right before a value although its last byte is an edge: `acme-token-value`."""


def context_anchor(context: Context) -> str:
    """Word and shape together: a bare shape would fire everywhere, a bare word nearly so."""
    return rf"(?i:{_words(context)})[^\n]{{0,{GAP}}}(?:[^\n{context.edges}]|{CREDENTIAL_DASH})(?:{context.value})"


PIECE = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|[()|]", re.DOTALL)
_OPTIONAL_END = re.compile(r"(?:\[(?:\\.|[^\]\\])*\]|\\.|[^\\)\]}])(?:\{0,\d+\}|\?)\Z")
_VARIABLE_END = re.compile(r"\{(\d+),\d+\}\Z")


def shortest(expression: str) -> str:
    """An expression with ends that vary cut to their least: an anchor fires at every end that it can have, and a match
    that holds the longest holds the shortest."""
    bars, group = top_level(expression)
    if bars:
        starts, ends = [0, *(bar + 1 for bar in bars)], [*bars, len(expression)]
        return "|".join(shortest(expression[start:end]) for start, end in zip(starts, ends, strict=True))
    if expression.endswith(")") and expression.startswith("(?:", group):
        return f"{expression[:group]}(?:{shortest(expression[group + 3 : -1])})"
    while (cut := _OPTIONAL_END.sub("", expression)) != expression and cut:
        expression = cut
    return _VARIABLE_END.sub(r"{\1}", expression)


def top_level(expression: str) -> tuple[list[int], int]:
    """Where the bars outside of all groups stand, and where the last group begins."""
    depth, bars, group = 0, [], 0
    for piece in PIECE.finditer(expression):
        if piece[0] == "(":
            group = group if depth else piece.start()
            depth += 1
        elif piece[0] == ")":
            depth -= 1
        elif piece[0] == "|" and not depth:
            bars.append(piece.start())
    return bars, group


WORD_START = r"(?:(?<![A-Za-z])|(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=\\[nrt]))"
"""Where a word may begin: not within another one (`dropbox` is no `box`), but at a camel's hump, or after an escape."""


def context_match(context: Context) -> str:
    """The value between edges, with the furthest of the words before it that reaches it: looked for backwards, so that
    each of several values behind one word is found. The `context` check then reads the gap."""
    edge = rf"[{context.edges}]"
    return (
        rf"(?:(?<!{edge})|(?<={CREDENTIAL_DASH}))(?=(?:{context.value})(?!{edge}))"
        rf"(?<={WORD_START}(?P<word>(?i:{_words(context)}))"
        rf"(?P<gap>[^\n]{{0,{GAP}}}(?:[^\n{context.edges}]|{CREDENTIAL_DASH})))"
        rf"(?P<secret>{context.value})(?!{edge})"
    )


def _compile(expression: str, fields: _RuleFields, file: str, field: str) -> None:
    import regex

    from leakguard.detect.expressions import compile_expression

    try:
        compile_expression(expression)
    except regex.error as problem:
        raise RuleError(file, fields.id, field, f"does not compile ({problem})") from None


def _convert(value: Any, kind: type[Any], file: str, rule: str, field: str) -> Any:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as problem:
        text = str(problem)
        where = re.search(r"`\$\.?(.*)`", text)
        unknown = re.search(r"unknown field `(\w+)`", text) or re.search(r"required field `(\w+)`", text)
        name = unknown.group(1) if unknown else (where.group(1) if where else field)
        choices = f"; choose one of {', '.join(SEVERITIES)}" if name == "severity" else ""
        raise RuleError(file, rule, name or field or "rule", text.split(" - at ")[0] + choices) from None
