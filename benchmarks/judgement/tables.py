"""Make the judgement's tables (trigrams.bin, words.txt) from text that lies on this machine.

usage: tables.py FOLDER...      source trees and documentation; a few hundred MB at most are read

Every file counts once, whatever it repeats: a trigram's or word's weight is the number of files that hold it, capped.
"""

from __future__ import annotations

import math
import re
import sys
from collections import Counter
from pathlib import Path

from leakguard.detect.judgement.tables import CLASSES, SYMBOLS

TARGET = Path(__file__).resolve().parents[2] / "leakguard/detect/judgement"
TEXT = {
    ".py",
    ".js",
    ".ts",
    ".c",
    ".h",
    ".md",
    ".txt",
    ".rst",
    ".html",
    ".json",
    ".yml",
    ".toml",
    ".sh",
    ".pl",
    ".pm",
    ".pod",
}
WORD = re.compile(rb"[A-Za-z]{3,16}")
PART = re.compile(rb"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
LEAST_FILES, MOST_WORDS = 10, 18000
LARGEST = 400_000


def files(roots: list[str]) -> list[Path]:
    """The text files below the roots, in order; documentation without a suffix counts as text."""
    found = [
        path for root in roots for path in sorted(Path(root).rglob("*")) if path.suffix in TEXT or "doc" in path.parts
    ]
    return [path for path in found if path.is_file() and not path.is_symlink() and path.stat().st_size < LARGEST]


def main() -> None:
    """Count, and write both tables."""
    trigrams: Counter[bytes] = Counter()
    documents: Counter[bytes] = Counter()
    number = 0
    for path in files(sys.argv[1:]):
        data = path.read_bytes()
        if b"\0" in data[:4000]:
            continue
        number += 1
        runs = set(WORD.findall(data))
        parts = {part.lower() for run in runs for part in PART.findall(run)}
        documents.update(part for part in parts if len(part) >= 3)
        for word in parts:
            symbols = word.translate(CLASSES)
            trigrams.update(symbols[at : at + 3] for at in range(len(symbols) - 2))
    chosen = [word for word, count in documents.most_common(MOST_WORDS) if count >= LEAST_FILES]
    short = [word for word, count in documents.most_common(1200) if len(word) == 3]
    kept = sorted({word for word in chosen if len(word) > 3} | set(short))
    (TARGET / "words.txt").write_bytes(b"\n".join(kept) + b"\n")
    (TARGET / "trigrams.bin").write_bytes(quantize(trigrams))
    print(f"{number} files, {len(kept)} words")


def quantize(counts: Counter[bytes]) -> bytes:
    """Bits that each trigram costs given its first two symbols, in eighths, smoothed; digits and signs cost 5."""
    table = bytearray()
    for first in range(SYMBOLS):
        for second in range(SYMBOLS):
            row = [counts[bytes((first, second, third))] for third in range(SYMBOLS)]
            total = sum(row)
            for third in range(SYMBOLS):
                if not (1 <= first <= 26 and 1 <= second <= 26 and 1 <= third <= 26):
                    table.append(40)
                    continue
                share = (row[third] + 0.3) / (total + 0.3 * 60)
                table.append(min(255, round(-8 * math.log2(share))))
    return bytes(table)


if __name__ == "__main__":
    main()
