"""How much of what other scanners' own tests hold leakguard finds, and what it flags that they leave alone.

    python benchmarks/rules/suites.py MIRRORS [--only NAME...] [--misses FILE]

MIRRORS holds clones of the scanners (bare ones will do), each in a folder `owner+name`, or `owner+name/repo`. Each
example is scanned as a file of its own, with the default settings. A rule's share is that of its examples in which
anything was found, and the table shows the mean over rules, so that a rule with a hundred examples counts like one with
two; of counter-examples it shows the share of all. Tokens in tests are random or typed, so a checksum refutes them or
they are held for stand-ins; reports show both as suppressed results, and the table counts them in columns of their own.
The last row leaves out the rules whose titles say that they find identifiers, addresses or public keys. --misses writes
what was missed and what was flagged, one JSON object a line.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import pygit2
from readers import SUITES, Checkout, Example, Suite

from leakguard.assemble import judge_paths, listed, settle
from leakguard.config import Settings
from leakguard.detect.ruleset import load_ruleset
from leakguard.globs import path_matches
from leakguard.model import Match
from leakguard.scan.worker import Worker

NO_PROOF = (
    "nothing near it says",
    "reads like a name",
    "is labelled",
    "is a revision",
    "names a credential",
    "its name",
)
"""How the reasons of checks begin that refute by words beside the value: no proof, so no excuse for a miss."""


@dataclass(frozen=True)
class Outcome:
    """What leakguard says of one example."""

    example: Example
    found: tuple[str, ...]
    refuted: tuple[str, ...]
    stand_ins: tuple[str, ...]
    held: tuple[str, ...]

    @property
    def known(self) -> bool:
        """Whether a report tells of it: as a finding, or as a suppressed result."""
        return bool(self.found or self.refuted or self.stand_ins)


class Scanner:
    """Scans texts as `leakguard scan` does files, with the rules loaded once."""

    def __init__(self) -> None:
        self.worker = Worker(load_ruleset(None), Settings())
        self.rules = self.worker.rules

    def look(self, example: Example) -> Outcome:
        """One example as a file of its own."""
        collector = self.worker.look_at(example.path, example.text.encode("utf-8", "surrogateescape")).collector
        groups = settle(collector, self.rules)
        told = [group.match.rule for group in groups if self.is_told(group.match, example.path)]
        held = [item.held for item in listed(collector, self.rules)]
        return Outcome(
            example,
            tuple(told),
            tuple(item.rule for item in held if item.reason == "refuted" and not item.detail.startswith(NO_PROOF)),
            tuple(item.rule for item in held if item.reason in ("placeholder", "known-example")),
            tuple(f"{item.held.rule}: {item.held.reason}, {item.held.detail}" for item in collector.held.values()),
        )

    def is_told(self, match: Match, path: str) -> bool:
        """Whether a match in a file of this path is a finding."""
        rule = self.rules[match.rule]
        return not judge_paths(match, rule, [path])[1] and not (rule.paths and not path_matches(path, rule.paths))


@dataclass(frozen=True)
class Score:
    """One suite's row: means over rules of the examples, shares of all counter-examples."""

    rules: int
    positives: int
    found: float
    proven: float
    known: float
    negatives: int
    flagged: float
    by_provider: float


def score(outcomes: list[Outcome]) -> Score:
    """The row of these outcomes."""
    good = [item for item in outcomes if item.example.positive]
    bad = [item for item in outcomes if not item.example.positive]
    return Score(
        rules=len(by_rule(good)),
        positives=len(good),
        found=share(good, lambda item: bool(item.found)),
        proven=share(good, lambda item: bool(item.found or item.refuted)),
        known=share(good, lambda item: item.known),
        negatives=len(bad),
        flagged=mean(bool(item.found) for item in bad) if bad else 0.0,
        by_provider=mean(map(by_provider, bad)) if bad else 0.0,
    )


def by_provider(item: Outcome) -> bool:
    """Whether a rule found something that is not generic."""
    return any(not rule.startswith("generic-") for rule in item.found)


def share(outcomes: list[Outcome], holds: Callable[[Outcome], bool]) -> float:
    """The mean over rules of the share of outcomes of which something holds."""
    shares = [mean(map(holds, items)) for items in by_rule(outcomes)]
    return mean(shares) if shares else 0.0


def by_rule(outcomes: list[Outcome]) -> list[list[Outcome]]:
    """The outcomes of each rule."""
    groups: dict[str, list[Outcome]] = defaultdict(list)
    for item in outcomes:
        groups[item.example.suite + item.example.rule].append(item)
    return list(groups.values())


def open_checkout(mirrors: Path, suite: Suite) -> Checkout | None:
    """The clone of a suite's repository, or None where there is none."""
    folder = mirrors / suite.repository.replace("/", "+")
    place = next((path for path in (folder / "repo", folder) if path.is_dir()), None)
    return Checkout(pygit2.Repository(str(place))) if place else None


HEAD = (
    "| suite | rules | examples | found | … or refuted | … or a stand-in "
    "| counter-examples | flagged | … by a provider's rule |"
)


def row(name: str, result: Score) -> str:
    """A line of the table."""
    shares = (result.found, result.proven, result.known)
    numbers = [str(result.rules), str(result.positives), *(f"{item:.1%}" for item in shares), str(result.negatives)]
    return f"| {' | '.join([name, *numbers, f'{result.flagged:.1%}', f'{result.by_provider:.1%}'])} |"


def describe(item: Outcome) -> dict[str, object]:
    """What was missed or flagged, to be read by a person."""
    return {
        "suite": item.example.suite,
        "rule": item.example.rule,
        "kind": "missed" if item.example.positive else "flagged",
        "text": item.example.text,
        "found": item.found,
        "refuted": item.refuted,
        "stand_ins": item.stand_ins,
        "held": item.held,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("mirrors", type=Path)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--misses", type=Path)
    wish = parser.parse_args()
    scanner = Scanner()
    every: list[Outcome] = []
    print(HEAD, "|---" * 9 + "|", sep="\n")
    for suite in SUITES:
        checkout = open_checkout(wish.mirrors, suite) if not wish.only or suite.name in wish.only else None
        if checkout is None:
            continue
        outcomes = [scanner.look(example) for example in suite.read(checkout)]
        every.extend(outcomes)
        print(row(suite.name, score(outcomes)), flush=True)
        print(f"{suite.name}: left out: {dict(checkout.skipped)}", file=sys.stderr)
    print(row("all", score(every)))
    print(row("all but identifiers", score([item for item in every if not item.example.public])))
    if wish.misses:
        wrong = [item for item in every if bool(item.found) != item.example.positive]
        wish.misses.write_text("".join(json.dumps(describe(item)) + "\n" for item in wrong), "utf-8")


if __name__ == "__main__":
    main()
