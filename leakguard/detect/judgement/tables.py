"""What code and prose look like, as small tables: how rare a run of three characters is, and which words are known.

Both files are made by benchmarks/judgement/tables.py from text of the machine; neither holds a line of anyone's file.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from leakguard.detect.kept import plain

_FOLDER = Path(__file__).parent
SYMBOLS = 32
"""The classes that trigrams are counted over: 26 letters of either case, digits, joints, other signs, the rest."""


def _classes() -> bytes:
    table = bytearray([31]) * 256
    for code in range(0x21, 0x7F):
        table[code] = 30
    for code in b"0123456789":
        table[code] = 27
    for code in b"_-. /":
        table[code] = 28
    for offset in range(26):
        table[0x41 + offset] = table[0x61 + offset] = 1 + offset
    return bytes(table)


CLASSES = _classes()
RUNS = plain(rb"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
LONGEST_JUDGED = 48
"""Rarity is judged on this many bytes of a value; a longer one says no more."""


@cache
def trigrams() -> bytes:
    """Eighths of bits by which each trigram of classes is rarer than chance would have it; 32 * 32 * 32 of them."""
    return (_FOLDER / "trigrams.bin").read_bytes()


@cache
def words() -> frozenset[bytes]:
    """Lower-case words of four or more letters, and a few of three, that many files of code or prose hold."""
    return frozenset((_FOLDER / "words.txt").read_bytes().split())


def rarity(value: bytes) -> float:
    """Mean cost in bits of a value's letter trigrams against code and prose: about 3 for words, over 6 for chance."""
    symbols = value[:LONGEST_JUDGED].translate(CLASSES)
    table = trigrams()
    costs = [table[(a << 10) | (b << 5) | c] for a, b, c in zip(symbols, symbols[1:], symbols[2:])]  # noqa: B905
    return sum(costs) / (8 * len(costs)) if costs else 0.0


def wordiness(value: bytes) -> float:
    """The share of a value's letters that belong to known words, also to two of them written together."""
    known, letters, covered = words(), 0, 0
    for run in RUNS.findall(value[:LONGEST_JUDGED]):
        size = len(run)
        letters += size
        lower = run.lower()
        if size >= 3 and (lower in known or _two_words(lower, known)):
            covered += size
    return covered / letters if letters else 0.0


def _two_words(run: bytes, known: frozenset[bytes]) -> bool:
    if not 6 <= len(run) <= 24:
        return False
    return any(run[:cut] in known and run[cut:] in known for cut in range(3, len(run) - 2))
