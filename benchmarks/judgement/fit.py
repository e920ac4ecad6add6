"""Fit the judgement's weights and measure them honestly.

usage: fit.py --data DIR --scorer score.py [--own FOLDER ...] [--write] [--cap 200]

DIR is a labelled set in CredData's layout. Five folds by repository: a repository is never fitted and measured at once.
Needs numpy, scipy and scikit-learn, which leakguard itself does not.
"""

from __future__ import annotations

import argparse
import json
import math
import pickle
import subprocess
import sys
import tempfile
import zlib
from collections import Counter
from pathlib import Path

import numpy
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

sys.path.insert(0, str(Path(__file__).resolve().parent))

from dataset import Collector, Labels, Row, text_files

WEIGHTS = Path(__file__).resolve().parents[2] / "leakguard/detect/judgement/weights.json"
FOLDS = 5
UNLABELLED, OWN = 0.35, 0.25
"""What a line that nobody labelled, and a line of the machine's own text, weigh as negatives."""
PATH_KINDS = ("lock-file", "minified", "style", "translation", "vendored", "test", "example")
"""The kinds of paths that may change a score; the others only tell the fit what is usual where."""


def fold(repository: str) -> int:
    """The fold of a repository; the machine's own text is in all of them."""
    return -1 if repository.startswith("own:") else zlib.crc32(repository.encode()) % FOLDS


def row_weights(rows: list[Row], cap: int) -> numpy.ndarray:
    """A repository with more than `cap` rows of a label weighs as much as one with `cap`."""
    counts = Counter((row.repository, row.label) for row in rows)
    kind = {1: 1.0, 0: 1.0, -1: UNLABELLED}
    return numpy.array(
        [
            (OWN if row.repository.startswith("own:") else kind[row.label or 0] if row.label != 1 else 1.0)
            * min(1.0, cap / counts[row.repository, row.label])
            for row in rows
        ]
    )


class Model:
    """Additive weights over features: the log-odds of a match is their sum."""

    def __init__(self, rows: list[Row], cap: int, strength: float, with_paths: bool = True) -> None:
        seen: dict[str, set[str]] = {}
        for row in rows:
            for feature in row.features:
                seen.setdefault(feature, set()).add(row.repository)
        kept = sorted(feature for feature, where in seen.items() if len(where) >= 3)
        kept += [f"path:{kind}" for kind in PATH_KINDS] if with_paths else []
        self.index = {feature: at for at, feature in enumerate(kept)}
        self.names = kept
        labels = numpy.array([row.label == 1 for row in rows])
        self.model = LogisticRegression(C=strength, max_iter=400, solver="liblinear")
        self.model.fit(self.matrix(rows, with_paths), labels, sample_weight=row_weights(rows, cap))

    def matrix(self, rows: list[Row], with_paths: bool = True) -> csr_matrix:
        pointers, columns = [0], []
        for row in rows:
            names = set(row.features) | ({f"path:{kind}" for kind in row.paths} if with_paths else set())
            columns.extend(self.index[name] for name in names if name in self.index)
            pointers.append(len(columns))
        return csr_matrix((numpy.ones(len(columns)), columns, pointers), shape=(len(rows), len(self.index)))

    def scores(self, rows: list[Row]) -> numpy.ndarray:
        return self.model.predict_proba(self.matrix(rows))[:, 1] if rows else numpy.array([])

    def weights(self) -> dict[str, float]:
        return {name: round(float(weight), 3) for name, weight in zip(self.names, self.model.coef_[0]) if abs(weight) >= 0.004}


def cross_validate(rows: list[Row], cap: int, strength: float) -> numpy.ndarray:
    """Each row's score from a model that has not seen its repository."""
    out = numpy.zeros(len(rows))
    for number in range(FOLDS):
        train = [row for row in rows if fold(row.repository) != number and row.label is not None]
        held = [at for at, row in enumerate(rows) if fold(row.repository) == number]
        out[held] = Model(train, cap, strength).scores([rows[at] for at in held])
    return out


def official(scorer: Path, data: Path, lines: set[tuple[str, int]], cap: int, by_category: bool = False) -> str:
    """What the labelled set's own scorer says of these lines."""
    with tempfile.NamedTemporaryFile("w", suffix=".tsv", delete=False) as handle:
        handle.writelines(f"{path}\t{line}\n" for path, line in sorted(lines))
    command = [sys.executable, str(scorer), "--data", str(data), "--cap", str(cap), "--tool", f"leakguard=lines:{handle.name}"]
    out = subprocess.run(command + ["--by-category"] * by_category, capture_output=True, text=True, check=True).stdout
    Path(handle.name).unlink()
    return out.partition("\n")[2].rstrip()


def collect(data: Path, own: list[Path], rules: Path | None) -> tuple[list[Row], set[tuple[str, int]]]:
    """Rows of the labelled set and of the machine's own text, and the lines that other rules show in the first."""
    collector = Collector(rules)
    rows, fixed = collector.rows(data, text_files(data / "data"), Labels(data))
    for folder in own:
        rows += collector.rows(folder.parent, [file for file in text_files(folder) if file.stat().st_size < 500_000], None)[0]
    return rows, {(path, line) for path, first, last in fixed for line in range(first, min(last, first + 100) + 1)}


def main() -> None:
    """Collect, cross-validate, print; fit on all and write where asked."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--scorer", type=Path, required=True)
    parser.add_argument("--own", type=Path, nargs="*", default=[])
    parser.add_argument("--rules", type=Path, help="a folder of rule files other than the project's")
    parser.add_argument("--cap", type=int, default=200)
    parser.add_argument("--strength", type=float, default=0.3)
    parser.add_argument("--keep", type=Path, help="keep the collected rows here, or take them from here")
    parser.add_argument("--threshold", type=float, default=0.0, help="print the table by categories at this score")
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    if given.keep and given.keep.exists():
        rows, fixed = pickle.loads(given.keep.read_bytes())
    else:
        rows, fixed = collect(given.data, given.own, given.rules)
        if given.keep:
            given.keep.write_bytes(pickle.dumps((rows, fixed)))
    print(len(rows), "candidates:", dict(Counter(row.label for row in rows)), "; lines of other rules:", len(fixed))
    print("other rules alone", official(given.scorer, given.data, fixed, given.cap))
    scores = cross_validate(rows, given.cap, given.strength)
    mine = [(row, score) for row, score in zip(rows, scores) if not row.repository.startswith("own:")]
    for limit in (0.3, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.8):
        lines = fixed | {(row.path, row.line) for row, score in mine if score >= limit}
        print(limit, official(given.scorer, given.data, lines, given.cap))
    if given.threshold:
        lines = fixed | {(row.path, row.line) for row, score in mine if score >= given.threshold}
        print(official(given.scorer, given.data, lines, given.cap, by_category=True))
    if given.write:
        fitted = [row for row in rows if row.label is not None]
        model = Model(fitted, given.cap, given.strength)
        bias = round(float(model.model.intercept_[0]), 3)
        everything = model.weights()
        content = {name: weight for name, weight in everything.items() if not name.startswith("path:")}
        paths = {name[5:]: min(0.0, weight) for name, weight in everything.items() if name.startswith("path:")}
        WEIGHTS.write_text(json.dumps({"bias": bias, "content": content, "paths": paths}, indent=0, sort_keys=True) + "\n")
        print("wrote", len(content), "weights; paths", paths, "log loss", log_loss(scores, rows))


def log_loss(scores: numpy.ndarray, rows: list[Row]) -> float:
    """The cross-validated loss on labelled rows, for comparing features."""
    pairs = [(score, row.label) for score, row in zip(scores, rows) if row.label in (0, 1)]
    return -sum(math.log(max(1e-9, score if label else 1 - score)) for score, label in pairs) / len(pairs)


if __name__ == "__main__":
    main()
