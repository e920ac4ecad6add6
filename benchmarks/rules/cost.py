"""What the rules' anchors cost: the whole database's throughput, and what each rule adds to it.

    python benchmarks/rules/cost.py total  FOLDER...            megabytes a second, by kind of anchor
    python benchmarks/rules/cost.py each   FOLDER... [--top 20] which rules slow the whole by more than 2 %
    python benchmarks/rules/cost.py load   [--times 20]         milliseconds to load the databases from a warm cache

FOLDER is read recursively, text files only. Times are the thread's own processor time, the least of many repeats: on a
busy machine the least is the only number that means anything. What a rule adds depends on its company (a short literal
slows the matching of all the others), so `each` leaves groups of rules out of the whole, and halves each group that
saves more than 2 % until it is one rule, or saves less: then none of its rules can be dearer.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from leakguard.detect.anchors import AnchorScanner, compile_database
from leakguard.detect.rules import patterns_folder, read_rules, rule_files
from leakguard.detect.runs import RUN, least_run

SIZE = 6_000_000
GROUP = 40
LIMIT = 0.02
Anchor = tuple[int, str]


def read_text(folders: list[Path]) -> bytes:
    """Up to SIZE bytes of the text files in the folders, an equal share of each folder."""
    data = bytearray()
    for number, folder in enumerate(folders, 1):
        limit = SIZE * number // len(folders)
        for path in sorted(folder.rglob("*")):
            if len(data) >= limit:
                break
            if path.is_file() and not path.is_symlink():
                content = path.read_bytes()
                if b"\0" not in content[:8000]:
                    data += content
        del data[limit:]
    return bytes(data)


def cost(anchors: list[Anchor], text: bytes, times: int = 12) -> float:
    """Microseconds a megabyte."""
    scanner = AnchorScanner(compile_database(anchors))
    best = float("inf")
    for _ in range(times):
        begin = time.thread_time()
        scanner.hits(text)
        best = min(best, time.thread_time() - begin)
    return best / len(text) * 1e12


def total(text: bytes) -> None:
    for name, anchors in kinds().items():
        spent = cost(anchors, text)
        print(f"{name:<22} {len(anchors):>5} anchors {spent:>6.0f} us/MB {1e6 / spent:>6.0f} MB/s", flush=True)


def kinds() -> dict[str, list[Anchor]]:
    rules = [rule for rule, _ in read_rules(rule_files(patterns_folder()))]
    every = [(number, anchor) for number, rule in enumerate(rules) for anchor in rule.anchors]
    return {
        "all": every,
        "word and shape": [item for item in every if rules[item[0]].context],
        "a shape of its own": [item for item in every if not rules[item[0]].context and not rules[item[0]].generic],
        "generic": [item for item in every if rules[item[0]].generic],
    }


def saving(part: list[Anchor], group: set[int], text: bytes, times: int = 8) -> float:
    """Microseconds a megabyte that `part` takes less without the anchors of the rules in `group`."""
    scanners = [
        AnchorScanner(compile_database(anchors)) for anchors in (part, [item for item in part if item[0] not in group])
    ]
    best = [float("inf")] * 2
    for _ in range(times):
        for number, scanner in enumerate(scanners):
            begin = time.thread_time()
            scanner.hits(text)
            best[number] = min(best[number], time.thread_time() - begin)
    return (best[0] - best[1]) / len(text) * 1e12


def each(text: bytes, top: int) -> None:
    names = [rule.id for rule, _ in read_rules(rule_files(patterns_folder()))]
    anchors = kinds()["all"]
    whole = cost(anchors, text)
    print(f"all: {whole:.0f} us/MB", flush=True)
    single: list[tuple[float, str]] = []
    measured = 0
    for in_runs in (False, True):
        part = [item for item in anchors if (least_run(item[1]) >= RUN) == in_runs]
        rules = sorted({number for number, _ in part})
        groups = [rules[at : at + GROUP] for at in range(0, len(rules), GROUP)]
        while groups:
            group = groups.pop()
            spent = saving(part, set(group), text)
            measured += 1
            if len(group) == 1:
                single.append((spent, names[group[0]]))
            elif spent > LIMIT * whole:
                groups += [group[: len(group) // 2], group[len(group) // 2 :]]
    print(f"{measured} groups and rules were left out; no rule beside these adds more than {LIMIT:.0%}:")
    for spent, name in sorted(single, reverse=True)[:top]:
        print(f"  {spent:>6.0f} us/MB {spent / whole:>6.1%}  {name}", flush=True)


def load(times: int) -> None:
    from leakguard.detect.detector import Detector
    from leakguard.detect.ruleset import load_ruleset

    with tempfile.TemporaryDirectory() as cache:
        load_ruleset(Path(cache))
        best = float("inf")
        for _ in range(times):
            begin = time.perf_counter()
            Detector(load_ruleset(Path(cache)))
            best = min(best, time.perf_counter() - begin)
    print(f"load from a warm cache: {best * 1000:.1f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["total", "each", "load"])
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--top", type=int, default=20)
    parser.add_argument("--times", type=int, default=20)
    wish = parser.parse_args()
    if wish.what == "load":
        load(wish.times)
    elif wish.what == "total":
        for folder in wish.folders:
            print(folder)
            total(read_text([folder]))
    else:
        each(read_text(wish.folders), wish.top)


if __name__ == "__main__":
    main()
