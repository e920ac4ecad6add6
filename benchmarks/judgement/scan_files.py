"""Scan a folder's files with the shipped judgement and print the findings as the labelled set's scorer reads them.

usage: PYTHONPATH=. python benchmarks/judgement/scan_files.py DATA [--structure] > findings.json

With --structure the readers of config formats add what they see. Paths are relative to DATA's parent.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from dataset import text_files

from leakguard.detect.detector import Detector
from leakguard.detect.judgement import adjust_for_path, verdict_of
from leakguard.detect.rules import patterns_folder, read_rules, rule_files
from leakguard.detect.ruleset import RuleSet, build_ruleset
from leakguard.detect.structured import structured_matches


def main() -> None:
    """Read, detect, adjust by path, print."""
    root, structure = Path(sys.argv[1]), "--structure" in sys.argv
    detector = Detector(RuleSet(build_ruleset(read_rules(rule_files(patterns_folder())))))
    rules = {rule.id: rule for rule in detector.rules}
    out = []
    for file in text_files(root):
        data, path = file.read_bytes(), str(file.relative_to(root.parent))
        matches = list(detector.detect(data).matches)
        if structure:
            lines = {data.count(b"\n", 0, match.start) for match in matches}
            added = structured_matches(path, data)
            matches += [match for match in added if data.count(b"\n", 0, match.start) not in lines]
        for match in matches:
            if match.score and verdict_of(adjust_for_path(rules[match.rule], match.score, path)) == "not":
                continue
            first = data.count(b"\n", 0, match.start) + 1
            last = first + data.count(b"\n", match.start, match.end)
            out.append({"File": path, "StartLine": first, "EndLine": last, "RuleID": match.rule})
    print(json.dumps(out))


if __name__ == "__main__":
    main()
