"""What the tokens of providers begin with: a value that begins like one and is shorter than any of them was cut short.

Only what is too short is told so. A value of another kind or length may be a new kind of the provider's tokens, and
stays with the generic rules.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING

from leakguard.detect.judgement.tables import wordiness
from leakguard.detect.syntax import sre_parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from leakguard.model import Rule

_LITERAL = re.compile(r"[A-Za-z0-9_-]+(?![?*+{])")
"""What an anchor begins with as it stands; a character with a repeat behind it is not part of that."""
_SIGNED = re.compile(r"[A-Za-z0-9_-]{4,}[_-]")
_MIXED = re.compile(r"(?!eyJ)(?=[^a-z]*[a-z])(?=[^A-Z]*[A-Z])[A-Za-z0-9]{4,}")
"""Beginnings that are unmistakable, if they are no words: at least five characters that end in a sign, or at least four
in both cases. `eyJ` is what any JSON in base64 begins with."""


Known = dict[str, list[tuple[str, str]]]
"""(anchor, rule's name) of rules by what their tokens begin with."""


def find_beginnings(rules: Iterable[Rule]) -> Known:
    """What the tokens of rules begin with."""
    known: Known = {}
    for rule in rules:
        if rule.generic or rule.theme or rule.context:
            continue
        for anchor in rule.anchors:
            start = _LITERAL.match(anchor)
            if start and _is_telling(start[0]):
                known.setdefault(start[0], []).append((anchor, rule.name))
    return known


class Beginnings:
    """The beginnings of the tokens that a list of rules knows; read when a value is first asked about, where it is not
    known what they are."""

    def __init__(self, rules: Sequence[Rule], known: Known | None = None) -> None:
        self._rules, self._given = rules, known
        self._least: dict[str, tuple[int, str]] = {}

    @cached_property
    def _known(self) -> Known:
        return find_beginnings(self._rules) if self._given is None else self._given

    @cached_property
    def _sizes(self) -> list[int]:
        return sorted({len(start) for start in self._known}, reverse=True)

    def cut_short(self, value: bytes) -> str:
        """Why `value` is no whole token although it begins like one, or ''."""
        text = value[: self._sizes[0]].decode("latin-1") if self._sizes else ""
        start = next((text[:size] for size in self._sizes if text[:size] in self._known), "")
        if not start:
            return ""
        least, name = self._least.get(start) or self._least.setdefault(start, self._shortest(start))
        return f"begins like {name} and is too short to be one" if len(value) < least else ""

    def _shortest(self, start: str) -> tuple[int, str]:
        """The fewest characters of the tokens that begin so, and what they are called."""
        return min((sre_parse.parse(anchor).getwidth()[0], name) for anchor, name in self._known[start])


def _is_telling(start: str) -> bool:
    return bool(_SIGNED.fullmatch(start) or _MIXED.fullmatch(start)) and wordiness(start.encode()) < 1
