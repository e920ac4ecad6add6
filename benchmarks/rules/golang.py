"""Values out of Go source text: as much of Go's expressions as test tables are written in.

Strings, lists, maps and structs, `+`, `append`, names of constants and variables, calls of a few known functions and of
the package's own functions that are a plain sequence of assignments with one `return`. What goes beyond is `UNKNOWN`,
and whoever asks counts it as skipped.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

Node = tuple[Any, ...]
Call = Callable[..., Any]

_TOKEN = re.compile(
    r"//[^\n]*|/\*.*?\*/|(`[^`]*`|\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])+'|[A-Za-z_]\w*|\d[\w.]*|:=|\.\.\.|[=!<>]=|\S)",
    re.S,
)
_NAME = re.compile(r"[A-Za-z_]\w*\Z")
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{3}|.)", re.S)
_NAMED = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_CLOSING = {"(": ")", "[": "]", "{": "}"}
_BRANCHES = {"for", "if", "switch", "select", "goto"}


class Unknown:
    """What could not be worked out."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN = Unknown()


def tokens_of(source: str) -> list[str]:
    """The tokens of a source text, comments left out."""
    return [token for token in _TOKEN.findall(source) if token]


def text_of(token: str) -> str | None:
    """The text of a string literal; None for other tokens."""
    if token[0] == "`":
        return token[1:-1].replace("\r", "")
    if token[0] != '"':
        return None
    return _ESCAPE.sub(_escape, token[1:-1])


def _escape(match: re.Match[str]) -> str:
    code = match.group(1)
    if code[0] in "xuU" and len(code) > 1:
        return chr(int(code[1:], 16))
    return chr(int(code, 8)) if code.isdigit() else _NAMED.get(code, code)


class _Parser:
    """Reads one expression that begins at a token; `at` is left behind it."""

    def __init__(self, tokens: list[str], at: int) -> None:
        self.tokens, self.at = tokens, at

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self) -> str:
        self.at += 1
        return self.tokens[self.at - 1] if self.at <= len(self.tokens) else ";"

    def expression(self) -> Node:
        node = self.operand()
        while self.peek() == "+":
            self.take()
            node = ("add", node, self.operand())
        return node

    def operand(self) -> Node:
        token = self.peek()
        if token in ("&", "*"):
            self.take()
            return self.operand()
        if token in ("", ")", "]", "}", ",", ";"):
            return ("unknown",)
        return self.after(self.primary())

    def primary(self) -> Node:
        token = self.take()
        text = text_of(token)
        if text is not None:
            return ("value", text)
        if token.isdigit():
            return ("value", int(token))
        if token == "(":
            node = self.expression()
            self.past(")")
            return node
        if token in ("[", "map", "struct", "func"):
            return self.typed(token)
        if _NAME.match(token):
            return ("name", token)
        return ("unknown",)

    def typed(self, token: str) -> Node:
        """`[]T{…}`, `map[K]V{…}`, `[]struct{…}{…}`, `[]byte(…)`; a function's body is passed over."""
        if token == "func":
            while self.peek() not in ("{", ""):
                self.take()
            self.past_group()
            return ("unknown",)
        self.at -= 1
        while self.peek() not in ("{", "(", ""):
            if self.peek() == "[" or self.take() in ("struct", "interface"):
                self.past_group()
        if self.peek() == "(":
            return ("call", ("name", "convert"), self.arguments())
        return self.composite()

    def after(self, node: Node) -> Node:
        """Selectors, calls, indexes and the braces of a composite literal."""
        while True:
            token = self.peek()
            if token == "." and node[0] == "name" and _NAME.match(self.tokens[self.at + 1]):
                self.take()
                node = ("name", f"{node[1]}.{self.take()}")
            elif token == "(":
                node = ("call", node, self.arguments())
            elif token == "{" and node[0] == "name":
                node = self.composite()
            elif token in ("[", "."):
                self.past_group() if token == "[" else self.take()
                node = ("unknown",)
            else:
                return node

    def arguments(self) -> list[Node]:
        self.take()
        found: list[Node] = []
        while self.peek() not in (")", ""):
            node = self.expression()
            if self.peek() == "...":
                self.take()
                node = ("spread", node)
            found.append(node)
            self.past(",", before=")")
        self.take()
        return found

    def composite(self) -> Node:
        self.take()
        found: list[tuple[Node | None, Node]] = []
        while self.peek() not in ("}", ""):
            key, node = None, self.element()
            if self.peek() == ":":
                self.take()
                key, node = node, self.element()
            found.append((key, node))
            self.past(",", before="}")
        self.at += 1
        return ("composite", found)

    def element(self) -> Node:
        return self.composite() if self.peek() == "{" else self.expression()

    def past(self, mark: str, before: str = "") -> None:
        """Behind the next `mark` of this depth, or to the `before` that ends it."""
        while self.peek() not in (mark, before, ""):
            self.past_group() if self.peek() in _CLOSING else self.take()
        if self.peek() == mark:
            self.take()

    def past_group(self) -> None:
        opening = self.take() if self.peek() in _CLOSING else ""
        while opening and self.peek() not in (_CLOSING[opening], ""):
            self.past_group() if self.peek() in _CLOSING else self.take()
        self.at += 1


@dataclass
class Package:
    """The names of a Go package: values, its own functions' tokens, and functions that are known from elsewhere."""

    known: dict[str, Call] = field(default_factory=dict)
    names: dict[str, Any] = field(default_factory=dict)
    functions: dict[str, tuple[list[str], list[str]]] = field(default_factory=dict)

    def read(self, source: str) -> None:
        """Take in a file's functions, constants and variables."""
        tokens = tokens_of(source)
        for name, parameters, body, span in split_functions(tokens):
            self.functions[name] = (parameters, body)
            tokens[span] = [";"] * (span.stop - span.start)
        for name, value in self.run(tokens, {}):
            self.names[name] = value

    def run(self, tokens: list[str], local: dict[str, Any]) -> Iterator[tuple[str, Any]]:
        """Each (name, value) that the tokens assign, in order; `local` is kept up to date. A `return` is a name too."""
        at = 0
        while at < len(tokens):
            token, after = tokens[at], tokens[at + 1] if at + 1 < len(tokens) else ""
            start = 0
            if token == "return":
                start = at + 1
            elif _NAME.match(token) and after in ("=", ":="):
                start = at + 2
            elif _NAME.match(token) and at and tokens[at - 1] in ("const", "var") and tokens[at + 2 : at + 3] == ["="]:
                start = at + 3
            if not start or tokens[start : start + 1] in (["range"], ["func"]):
                at += 1
                continue
            parser = _Parser(tokens, start)
            local[token] = self.value(parser.expression(), local)
            yield token, local[token]
            at = max(at + 1, parser.at)

    def call(self, name: str, arguments: list[Any]) -> Any:
        """What a function returns: one that is known, or one of the package's that only assigns and returns."""
        if name in self.known:
            if any(isinstance(item, Unknown) for item in arguments):
                return UNKNOWN
            try:
                return self.known[name](*arguments)
            except (TypeError, ValueError, LookupError):
                return UNKNOWN
        parameters, body = self.functions.get(name.rpartition(".")[2], ([], ["for"]))
        if _BRANCHES & set(body):
            return UNKNOWN
        local = dict(zip(parameters, arguments, strict=False))
        return next((value for key, value in self.run(body, local) if key == "return"), UNKNOWN)

    def value(self, node: Node, local: dict[str, Any]) -> Any:
        """What an expression comes to."""
        kind = node[0]
        if kind == "value":
            return node[1]
        if kind == "name":
            constants = {"nil": None, "true": True, "false": False}
            return constants[node[1]] if node[1] in constants else local.get(node[1], self.names.get(node[1], UNKNOWN))
        if kind == "add":
            left, right = self.value(node[1], local), self.value(node[2], local)
            return left + right if isinstance(left, str) and isinstance(right, str) else UNKNOWN
        if kind == "composite":
            return self.composite(node[1], local)
        if kind == "call" and node[1][0] == "name":
            arguments: list[Any] = []
            for item in node[2]:
                spread = item[0] == "spread"
                found = self.value(item[1] if spread else item, local)
                arguments.extend(found if spread and isinstance(found, list) else [found])
            return self.call(node[1][1], arguments)
        return UNKNOWN

    def composite(self, items: list[tuple[Node | None, Node]], local: dict[str, Any]) -> Any:
        if not any(key for key, _ in items):
            return [self.value(node, local) for _, node in items]
        found = {}
        for key, node in items:
            name = key[1] if key and key[0] == "name" and "." not in key[1] else self.value(key or node, local)
            if isinstance(name, (str, int)):
                found[name] = self.value(node, local)
        return found


def split_functions(tokens: list[str]) -> list[tuple[str, list[str], list[str], slice]]:
    """(name, parameters, body, span of the whole) of each function at the top of a file."""
    found = []
    at = 0
    while at < len(tokens):
        if tokens[at] != "func":
            parser = _Parser(tokens, at)
            parser.past_group() if tokens[at] in _CLOSING else parser.take()
            at = parser.at
            continue
        parser = _Parser(tokens, at + 1)
        if parser.peek() == "(":
            parser.past_group()
        name = parser.take()
        opened = parser.at
        parser.past_group()
        listed = tokens[opened + 1 : parser.at - 1]
        parameters = [text for place, text in enumerate(listed) if not place or listed[place - 1] == ","]
        while parser.peek() not in ("{", ""):
            parser.take()
        begin = parser.at
        parser.past_group()
        found.append((name, parameters, tokens[begin + 1 : parser.at - 1], slice(at, parser.at)))
        at = parser.at
    return found


def sprintf(form: str, *arguments: Any) -> str:
    """fmt.Sprintf for the verbs that tests use. ValueError for others."""
    items = iter(arguments)

    def fill(match: re.Match[str]) -> str:
        if match.group() == "%%":
            return "%"
        item = next(items, UNKNOWN)
        if not isinstance(item, (str, int)) or match.group(1) not in "svdq":
            raise ValueError(match.group())
        return json.dumps(item) if match.group(1) == "q" else str(item)

    return re.sub(r"%[-+#0-9.]*([a-zA-Z%])", fill, form)


KNOWN: dict[str, Call] = {
    "fmt.Sprintf": sprintf,
    "append": lambda items, *more: [*(items or []), *more],
    "convert": lambda item: item,
    "string": lambda item: item,
    "strings.Repeat": lambda text, times: text * times,
    "strings.ToUpper": str.upper,
    "strings.ToLower": str.lower,
    "strings.TrimSpace": str.strip,
    "strings.ReplaceAll": str.replace,
    "strings.Join": lambda items, joint: joint.join(items),
    "filepath.Join": lambda *parts: "/".join(parts),
    "base64.StdEncoding.EncodeToString": lambda text: base64.b64encode(text.encode()).decode(),
    "base64.RawURLEncoding.EncodeToString": lambda text: base64.urlsafe_b64encode(text.encode()).decode().rstrip("="),
}
"""Functions of Go's library that tests call."""
