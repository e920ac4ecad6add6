"""Turn a labelled set (CredData's layout: `data/` and `meta/*.csv`) and plain text into rows for fitting.

A row is one candidate of a generic rule that no offline check or placeholder word has settled: its features, its label,
and where it stands. Labels: 1 a labelled secret on the value's own span, 0 a line labelled false, -1 a line that nobody
labelled, None a second candidate on the line of a labelled secret (neither fitted nor counted).
"""

from __future__ import annotations

import bisect
import csv
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import synthetic

from leakguard.detect import matching
from leakguard.detect.detector import Detector
from leakguard.detect.judgement import Judgement
from leakguard.detect.judgement.features import features_of
from leakguard.detect.judgement.paths import path_kinds
from leakguard.detect.judgement.vetoes import refusal
from leakguard.detect.rules import patterns_folder, read_rules, rule_files
from leakguard.detect.ruleset import RuleSet, build_ruleset

if TYPE_CHECKING:
    from leakguard.detect.checks.evidence import Evidence


class Row(NamedTuple):
    """One candidate. `numbers` are the features' NUMBERS; `paths` are the kinds of its path."""

    repository: str
    path: str
    line: int
    label: int | None
    flags: tuple[str, ...]
    numbers: bytes
    paths: tuple[str, ...]
    rule: str
    value: bytes


class Labels:
    """CredData's labels: spans of true secrets by (path, line), and the lines labelled false."""

    def __init__(self, root: Path) -> None:
        self.true: dict[tuple[str, int], list[tuple[int, int]]] = defaultdict(list)
        self.false: set[tuple[str, int]] = set()
        for file in sorted((root / "meta").glob("*.csv")):
            with file.open(encoding="utf-8") as handle:
                for row in csv.DictReader(handle):
                    self.add(row)

    def add(self, row: dict[str, str]) -> None:
        """Take one row of a label file in."""
        first, last = int(row["LineStart"]), int(row["LineEnd"])
        if row["GroundTruth"] != "T":
            self.false.update((row["FilePath"], line) for line in range(first, min(last, first + 200) + 1))
            return
        span = (int(float(row["ValueStart"] or 0)), int(float(row["ValueEnd"] or 10**6)))
        for line in range(first, last + 1):
            self.true[row["FilePath"], line].append(span if first == last else (0, 10**6))

    def label(self, path: str, line: int, start: int, end: int) -> int | None:
        """The label of a value that stands in columns start to end (characters) of a line."""
        spans = self.true.get((path, line))
        if spans:
            return 1 if any(start < b and a < end for a, b in spans) else None
        return 0 if (path, line) in self.false else -1


class Collector:
    """Runs the detector with a judgement that lets everything pass and remembers what it was asked."""

    def __init__(self, rules: Path | None = None) -> None:
        self.detector = Detector(RuleSet(build_ruleset(read_rules(rule_files(rules or patterns_folder())))))
        self.generic = {rule.id for rule in self.detector.rules if rule.generic}
        matching.judge = self.remember

    def remember(self, evidence: Evidence) -> Judgement:
        """Stands in for judge(): all but vetoed values are secrets, and their features travel as reasons."""
        if refusal(evidence):
            return Judgement("not", 0.01, ("vetoed",))
        flags, numbers = features_of(evidence)
        return Judgement("secret", 0.9, (numbers.hex(), *flags))

    def rows(self, root: Path, files: list[Path], labels: Labels | None) -> tuple[list[Row], set[tuple[str, int, int]]]:
        """The rows of all files, and what the other rules show there: (path, first line, last line)."""
        rows: list[Row] = []
        fixed: set[tuple[str, int, int]] = set()
        for file in files:
            data = file.read_bytes()
            path = str(file.relative_to(root))
            hits = self.detector.scanner.hits(data)
            if not hits:
                continue
            starts = [0, *(at + 1 for at, byte in enumerate(data) if byte == 10)]
            for match in self.detector.detect(data).matches:
                line = bisect.bisect_right(starts, match.start)
                if match.rule not in self.generic or match.confidence == "proven":
                    fixed.add((path, line, bisect.bisect_right(starts, match.end - 1)))
                    continue
                rows.append(self._row(path, line, match, data, starts[line - 1], labels))
        return rows, fixed

    def made_up(self) -> list[Row]:
        """The rows of synthetic.py's lines."""
        rows = []
        for number, (text, is_secret) in enumerate(synthetic.lines()):
            data = text.encode()
            for match in self.detector.detect(data).matches:
                if match.rule in self.generic:
                    row = self._row(f"made/up/{number}", 1, match, data, 0, None)
                    rows.append(row._replace(repository="own:made-up", label=int(is_secret)))
        return rows

    def _row(self, path: str, line: int, match: Any, data: bytes, begin: int, labels: Labels | None) -> Row:
        column = len(data[begin : match.start].decode("utf-8", "replace"))
        length = len(data[match.start : match.end].decode("utf-8", "replace"))
        label = labels.label(path, line, column, column + length) if labels else -1
        repository = path.split("/")[1] if labels else "own:" + path.split("/")[0]
        numbers, *said = match.reasons
        flags = tuple(said)
        return Row(
            repository,
            path,
            line,
            label,
            flags,
            bytes.fromhex(numbers),
            path_kinds(path),
            match.rule,
            match.secret.reveal(),
        )


def text_files(root: Path) -> list[Path]:
    """Files below a folder in order, without links and without what is no text."""
    found = []
    for path in sorted(root.rglob("*")):
        if path.is_file() and not path.is_symlink() and path.stat().st_size < 20_000_000:
            with path.open("rb") as handle:
                if b"\0" not in handle.read(4000):
                    found.append(path)
    return found
