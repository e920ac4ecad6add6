"""Words that every match of an expression holds, told by a cheap look: a window without them need not be searched.

An expression that begins with a common word (`name`, `key`) is tried at each of them, all over a window of many lines.
Most such windows lack the word that has to follow.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from leakguard.detect.rules import PIECE, top_level

if TYPE_CHECKING:
    from collections.abc import Iterator

_WORDS = re.compile(r"(</?|)\(\?i:(\w+(?:\|\w+)*)\)(>|)(?![?*{])")
"""Words in either case, in angle brackets or not, which are not optional."""

Groups = tuple[tuple[bytes, ...], ...]
"""Words in lower case; one of each group is in every match."""


class Needed:
    """For each alternative of an expression, the words that its matches hold."""

    def __init__(self, alternatives: list[Groups]) -> None:
        self._alternatives = alternatives

    def missing(self, window: bytes) -> bool:
        """Whether `window` lacks words of each alternative, so that nothing in it can match."""
        lower = window.lower()
        for groups in self._alternatives:
            for words in groups:
                for word in words:
                    if word in lower:
                        break
                else:
                    break
            else:
                return False
        return True


def find_needed(expression: str) -> Needed | None:
    """The words that matches need, or None where an alternative needs none."""
    bars = top_level(expression)[0]
    ends = zip([0, *(bar + 1 for bar in bars)], [*bars, len(expression)], strict=True)
    alternatives = [tuple(_groups(expression[low:high])) for low, high in ends]
    return Needed(alternatives) if all(alternatives) else None


def _groups(alternative: str) -> Iterator[tuple[bytes, ...]]:
    """The groups of words outside of all other groups."""
    depth = 0
    for piece in PIECE.finditer(alternative):
        if piece[0] == "(":
            words = None if depth else _WORDS.match(alternative, _bracket(alternative, piece.start()))
            if words:
                yield tuple(f"{words[1]}{word}{words[3]}".lower().encode() for word in words[2].split("|"))
            depth += 1
        elif piece[0] == ")":
            depth -= 1


def _bracket(alternative: str, group: int) -> int:
    """Where the angle bracket before a group begins, else where the group does."""
    return next((group - len(sign) for sign in ("</", "<") if alternative.endswith(sign, 0, group)), group)
