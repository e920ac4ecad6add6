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
from dataset import Collector, Labels, Row, text_files
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

from leakguard.detect.judgement.features import NUMBERS

WEIGHTS = Path(__file__).resolve().parents[2] / "leakguard/detect/judgement/trees.json"
FOLDS = 5
LEAVES, RATE, LEAST_REPOSITORIES = 12, 0.11, 4
UNLABELLED, OWN, MADE_UP = 0.35, 0.25, 0.8
"""What a line that nobody labelled, one of the machine's own text, and one of synthetic.py weigh."""
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
            (
                MADE_UP
                if row.repository == "own:made-up"
                else OWN
                if row.repository.startswith("own:")
                else kind[row.label or 0]
                if row.label != 1
                else 1.0
            )
            * min(1.0, cap / counts[row.repository, row.label])
            for row in rows
        ]
    )


class Model:
    """Boosted trees over flags and numbers: the log-odds of a match is a base and what each tree's leaf adds."""

    def __init__(self, rows: list[Row], cap: int, trees: int) -> None:
        where: dict[str, set[str]] = {}
        for row in rows:
            for flag in row.flags:
                where.setdefault(flag, set()).add(row.repository)
        self.flags = sorted(flag for flag, repositories in where.items() if len(repositories) >= LEAST_REPOSITORIES)
        self.index = {flag: at for at, flag in enumerate(self.flags)}
        labels = numpy.array([row.label == 1 for row in rows])
        self.model = HistGradientBoostingClassifier(
            max_iter=trees,
            learning_rate=RATE,
            max_leaf_nodes=LEAVES,
            min_samples_leaf=20,
            l2_regularization=3.0,
            max_bins=64,
            early_stopping=False,
            random_state=0,
            max_features=0.3,
        )
        self.model.fit(self.matrix(rows), labels, sample_weight=row_weights(rows, cap))

    def matrix(self, rows: list[Row]) -> numpy.ndarray:
        """Numbers first, then one column a flag."""
        out = numpy.zeros((len(rows), len(NUMBERS) + len(self.flags)), dtype=numpy.float32)
        for at, row in enumerate(rows):
            out[at, : len(NUMBERS)] = list(row.numbers)
            for flag in row.flags:
                if flag in self.index:
                    out[at, len(NUMBERS) + self.index[flag]] = 1
        return out

    def scores(self, rows: list[Row]) -> numpy.ndarray:
        return self.model.predict_proba(self.matrix(rows))[:, 1] if rows else numpy.array([])

    def nodes(self) -> list[object]:
        """The trees as nested lists: a leaf is its log-odds, a split [column, threshold, worth, at most, above]."""
        return [_nested(stage[0].nodes, 0) for stage in self.model._predictors]

    def base(self) -> float:
        return float(numpy.ravel(self.model._baseline_prediction)[0])


def _nested(nodes: numpy.ndarray, at: int) -> object:
    node = nodes[at]
    value = round(float(node["value"]), 4)
    if node["is_leaf"]:
        return value
    threshold = math.floor(float(node["num_threshold"]))
    return [
        int(node["feature_idx"]),
        threshold,
        value,
        _nested(nodes, int(node["left"])),
        _nested(nodes, int(node["right"])),
    ]


def cross_validate(rows: list[Row], cap: int, trees: int) -> numpy.ndarray:
    """Each row's score from a model that has not seen its repository."""
    out = numpy.zeros(len(rows))
    for number in range(FOLDS):
        train = [row for row in rows if fold(row.repository) != number and row.label is not None]
        held = [at for at, row in enumerate(rows) if fold(row.repository) == number]
        if held:
            out[held] = Model(train, cap, trees).scores([rows[at] for at in held])
    return out


def path_weights(rows: list[Row], scores: numpy.ndarray, cap: int) -> dict[str, float]:
    """What kinds of paths add to the log-odds of scores that content alone gave; nothing may add more than 0."""
    use = [at for at, row in enumerate(rows) if row.label is not None and not row.repository.startswith("own:")]
    odds = numpy.log(numpy.clip(scores[use], 1e-4, 1 - 1e-4) / (1 - numpy.clip(scores[use], 1e-4, 1 - 1e-4)))
    kinds = numpy.array([[kind in rows[at].paths for kind in PATH_KINDS] for at in use], dtype=float)
    labels = numpy.array([rows[at].label == 1 for at in use])
    model = LogisticRegression(C=0.5, max_iter=500).fit(
        numpy.column_stack([odds, kinds]), labels, sample_weight=row_weights([rows[at] for at in use], cap)
    )
    return {
        kind: round(min(0.0, float(weight)), 2) for kind, weight in zip(PATH_KINDS, model.coef_[0][1:], strict=True)
    }


Span = tuple[str, int, int]


def official(scorer: Path, data: Path, spans: set[Span], cap: int, by_category: bool = False) -> str:
    """What the labelled set's own scorer says of these findings: (path, first line, last line)."""
    findings = [{"File": path, "StartLine": first, "EndLine": last} for path, first, last in sorted(spans)]
    with tempfile.NamedTemporaryFile("w", suffix=".json", delete=False) as handle:
        json.dump(findings, handle)
    command = [
        sys.executable,
        str(scorer),
        "--data",
        str(data),
        "--cap",
        str(cap),
        "--tool",
        f"leakguard=gitleaks:{handle.name}",
    ]
    out = subprocess.run(command + ["--by-category"] * by_category, capture_output=True, text=True, check=True).stdout
    Path(handle.name).unlink()
    return out.partition("\n")[2].rstrip()


def collect(data: Path, own: list[Path], rules: Path | None) -> tuple[list[Row], set[Span]]:
    """Rows of the labelled set and of the machine's own text, and the lines that other rules show in the first."""
    collector = Collector(rules)
    rows, fixed = collector.rows(data, text_files(data / "data"), Labels(data))
    for folder in own:
        rows += collector.rows(
            folder.parent, [file for file in text_files(folder) if file.stat().st_size < 500_000], None
        )[0]
    return rows + collector.made_up(), fixed


def main() -> None:
    """Collect, cross-validate, print; fit on all and write where asked."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--scorer", type=Path, required=True)
    parser.add_argument("--own", type=Path, nargs="*", default=[])
    parser.add_argument("--rules", type=Path, help="a folder of rule files other than the project's")
    parser.add_argument("--cap", type=int, default=200)
    parser.add_argument("--trees", type=int, default=90)
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
    scores = cross_validate(rows, given.cap, given.trees)
    mine = [(row, score) for row, score in zip(rows, scores, strict=True) if not row.repository.startswith("own:")]
    for limit in (0.3, 0.38, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.8):
        lines = fixed | {(row.path, row.line, row.line) for row, score in mine if score >= limit}
        print(limit, official(given.scorer, given.data, lines, given.cap))
    if given.threshold:
        lines = fixed | {(row.path, row.line, row.line) for row, score in mine if score >= given.threshold}
        print(official(given.scorer, given.data, lines, given.cap, by_category=True))
    if given.write:
        fitted = [row for row in rows if row.label is not None]
        model = Model(fitted, given.cap, given.trees)
        paths = path_weights(rows, scores, given.cap)
        content = {
            "base": round(model.base(), 4),
            "numbers": NUMBERS,
            "flags": model.flags,
            "paths": paths,
            "trees": model.nodes(),
        }
        WEIGHTS.write_text(json.dumps(content, separators=(",", ":")) + "\n")
        print("wrote", len(model.flags), "flags; paths", paths)
    print("log loss", log_loss(scores, rows))


def log_loss(scores: numpy.ndarray, rows: list[Row]) -> float:
    """The cross-validated loss on labelled rows, for comparing features."""
    pairs = [
        (score, row.label)
        for score, row in zip(scores, rows, strict=False)
        if row.label in (0, 1) and row.repository != "own:made-up"
    ]
    return -sum(math.log(max(1e-9, score if label else 1 - score)) for score, label in pairs) / len(pairs)


if __name__ == "__main__":
    main()
