"""Keeps secrets out of every other text of the page: a commit's subject or a path may repeat what was found."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from leakguard.excerpt import printable
from leakguard.report.saved import is_known

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from leakguard.model import Result, Secret

_LONG = 8
"""A value of so many characters is masked wherever it stands. A shorter one, or a plain word, is masked only as a whole
word of a sentence or excerpt: a weak password is a part of many a path, and a hole there would tell of it."""
_SHORT = 4
_REAL = ("allowed", "excluded")
"""Why a secret may be held back; what is refuted, or known as an example, is none."""
_WORD = re.compile(r"[^\s\"'`=:;,()<>{}\[\]]+")


class Mask:
    """Masks the known secrets of some results. Texts without any cost little: eight characters from a value's middle
    (many tokens begin alike) tell whether to look closer."""

    def __init__(self, results: Sequence[Result]) -> None:
        known = {printable(item.reveal()): str(item) for item in _secrets(results) if is_known(item)}
        strong = {value: mask for value, mask in known.items() if len(value) >= _LONG and not _is_word(value)}
        self._long = _by_core(strong)
        self._words = {value: mask for value, mask in known.items() if len(value) >= _SHORT and value not in strong}
        self.path = lru_cache(maxsize=65_536)(self._path)

    def _path(self, text: str) -> str:
        """A name that has to stay readable: long values are masked in it."""
        if len(text) < _LONG or not self._long:
            return text
        cores = self._long.keys() & {text[at : at + _LONG] for at in range(len(text) - _LONG + 1)}
        found = [pair for core in cores for pair in self._long[core]]
        for value, shown in sorted(found, key=_longest):
            text = text.replace(value, shown)
        return text

    def text(self, text: str) -> str:
        """A sentence or a line of a file: short values are masked in it, too."""
        text = self.path(text)
        if not self._words:
            return text
        return _WORD.sub(lambda found: self._words.get(found[0], found[0]), text)


def _is_word(value: str) -> bool:
    return value.isalpha() and (value.islower() or value.istitle() or value.isupper())


def _by_core(values: dict[str, str]) -> dict[str, list[tuple[str, str]]]:
    cores: dict[str, list[tuple[str, str]]] = {}
    for value, mask in values.items():
        middle = (len(value) - _LONG) // 2
        cores.setdefault(value[middle : middle + _LONG], []).append((value, mask))
    return cores


def _longest(pair: tuple[str, str]) -> tuple[int, str]:
    return -len(pair[0]), pair[0]


def _secrets(results: Sequence[Result]) -> Iterator[Secret]:
    for result in results:
        for finding in (*result.findings, *getattr(result, "fixed", ())):
            yield finding.secret
            yield from (secret for _, secret in finding.parts)
        yield from (item.secret for item in result.suppressed if item.reason in _REAL)
