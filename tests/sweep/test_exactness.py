"""The pack-native sweep, the plain sweep and a scan of every blob by itself say the same, on any repository.

Repositories are made by hypothesis: edits, insertions, deletions, renames, merges, long lines, secrets that straddle
edits or are put together by one, PEM blocks that are edited in the middle. git packs them with random windows and
depths.
"""

from __future__ import annotations

import subprocess
from collections import defaultdict
from functools import partial
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leakguard.collect import Collector
from leakguard.config import Settings
from leakguard.detect.decoders import decode, may_decode
from leakguard.detect.detector import Detector
from leakguard.detect.template import expand
from leakguard.sweep.run import sweep
from tests.conftest import GitRepo, make_repo

if TYPE_CHECKING:
    from leakguard.detect.ruleset import RuleSet
    from leakguard.model import Finding, Result

TOKENS = [expand("ghp_{start}{alnum:30}{crc32-base62}", str(seed)) for seed in range(3)]
KEY_ID = expand("AKIA{base32:16}", "id")
KEY = expand("{base64:40}", "key")
PEM = expand("{pem:ec}", "pem")
PIECES = [
    *TOKENS,
    TOKENS[0][:20],
    TOKENS[0][20:],
    f"aws_access_key_id = {KEY_ID}\n",
    f"aws_secret_access_key = {KEY}\n",
    f'password = "{expand("{alnum:20}", "pw")}"\n',
    f"postgres://app:{expand('{alnum:16}', 'db')}@db.acme.io/app\n",
    *[PEM[at : at + 60] for at in range(0, len(PEM), 60)],
    "-----BEGIN EC PRIVATE KEY-----\n",
    "\n",
    "plain text\n",
    "x" * 700,
    "é\0\xff ",
    "word ",
    "=",
]

pieces = st.lists(st.sampled_from(PIECES), min_size=0, max_size=12).map("".join)
line = st.sampled_from([f"line number {at}\n" for at in range(40)])
text = st.one_of(pieces, st.lists(line, max_size=30).map("".join))
edit = st.tuples(st.sampled_from("abcd"), st.floats(0, 1), st.floats(0, 1), text)
step = st.one_of(
    st.tuples(st.just("edit"), edit),
    st.tuples(st.just("rename"), st.sampled_from(["ab", "bc", "cd", "da"])),
    st.tuples(st.just("delete"), st.sampled_from("abcd")),
    st.tuples(st.just("branch"), st.booleans()),
    st.tuples(st.just("merge"), st.booleans()),
)


def build(repo: GitRepo, steps: list) -> None:
    files: dict[str, str] = {"a": "".join(f"line number {at}\n" for at in range(60))}
    other: dict[str, str] | None = None
    repo.commit("start", **files)
    repo.git("branch", "side")
    for kind, what in steps:
        if kind == "edit":
            name, begin, length, new = what
            old = files.get(name, "")
            low = int(begin * len(old))
            high = low + int(length * (len(old) - low) / 4)
            files[name] = old[:low] + new + old[high:]
        elif kind == "rename" and what[0] in files:
            files[what[1]] = files.pop(what[0])
        elif kind == "delete":
            files.pop(what, None)
        elif kind == "branch":
            current = repo.git("symbolic-ref", "--short", "HEAD")
            repo.git("checkout", "--quiet", "--force", "side" if current == "main" else "main")
            other, files = files, other if other is not None else {}
        elif kind == "merge":
            current = repo.git("symbolic-ref", "--short", "HEAD")
            repo.git(
                "merge", "--quiet", "--no-commit", "-s", "ours", "main" if current == "side" else "side", check=False
            )
        for place in repo.path.iterdir():
            if place.name != ".git":
                place.unlink()
        repo.commit(kind, **{name: content.encode("utf-8") for name, content in files.items()})


def brute_force(repo: GitRepo, rules: RuleSet) -> tuple[Collector, dict]:
    """Every blob by itself, and every commit's whole tree by `git ls-tree`."""
    detector = Detector(rules)
    collector = Collector()
    listing = repo.git("cat-file", "--batch-check", "--batch-all-objects").splitlines()
    for row in listing:
        oid, kind, _ = row.split()
        content = subprocess.run(["git", "cat-file", kind, oid], cwd=repo.path, capture_output=True, check=True).stdout
        if kind == "tree":
            continue
        collector.add(detector.detect(content), oid, "" if kind == "blob" else kind)
        if kind == "blob" and may_decode(content):
            for inner in decode(content):
                collector.add(detector.detect(inner.data), oid, inner.label or "decoded")
    holders: dict[tuple[str, bytes], set[str]] = defaultdict(set)
    for key, group in collector.groups.items():
        holders[key] = {spot.holder for spot in group.spots}
    return collector, holders


def lives_by_brute_force(repo: GitRepo, blobs: set[str]) -> tuple[list[str], list[str], set[str]]:
    """(introduced, removed, refs) by walking every commit's tree."""
    commits = [row.split() for row in repo.git("rev-list", "--all", "--parents").splitlines()]
    trees = {row[0]: repo.git("ls-tree", "-r", row[0]) for row in commits}
    holds = {oid: any(line.split()[2] in blobs for line in tree.splitlines()) for oid, tree in trees.items()}
    introduced = [oid for oid, *parents in commits if holds[oid] and not any(holds[parent] for parent in parents)]
    removed = [oid for oid, *parents in commits if not holds[oid] and any(holds[parent] for parent in parents)]
    refs = {
        name
        for name, oid in (
            row.split() for row in repo.git("for-each-ref", "--format=%(refname) %(objectname)").splitlines()
        )
        if holds[oid]
    }
    return sorted(introduced), sorted(removed), refs


def key(finding: Finding) -> tuple[str, bytes]:
    return finding.rule, finding.secret.reveal()


def spots(result: Result) -> dict[tuple[str, bytes], int]:
    return {key(finding): finding.occurrences for finding in result.findings}


@pytest.fixture(scope="session")
def exact_rules(tmp_path_factory: pytest.TempPathFactory, rules: RuleSet) -> RuleSet:
    return rules


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(step, min_size=3, max_size=14), window=st.integers(2, 60), depth=st.integers(1, 60))
def test_every_way_of_sweeping_finds_the_same(
    tmp_path_factory: pytest.TempPathFactory, exact_rules: RuleSet, steps: list, window: int, depth: int
) -> None:
    repo = make_repo(tmp_path_factory.mktemp("exact") / "repo")
    build(repo, steps)
    loose = sweep(repo.path, exact_rules, Settings(jobs=1))
    repo.git("repack", "-adfq", f"--window={window}", f"--depth={depth}")
    packed = sweep(repo.path, exact_rules, Settings(jobs=1))
    plain = sweep(repo.path, exact_rules, Settings(jobs=1, engine="plain"))
    assert packed.findings == plain.findings == loose.findings
    assert packed.suppressed == plain.suppressed == loose.suppressed
    assert packed.coverage.held == plain.coverage.held

    collector, holders = brute_force(repo, exact_rules)
    halves = {part.secret.reveal() for group in collector.groups.values() for part in group.match.parts}
    values = {value for _, value in collector.groups} - halves
    assert {value for _, value in spots(packed)} <= values
    for finding in packed.findings:
        blobs = set().union(*(found for (_, value), found in holders.items() if value == finding.secret.reveal()))
        introduced, removed, refs = lives_by_brute_force(repo, blobs)
        life = finding.provenance
        if not life.unreachable:
            assert sorted(event.commit.id for event in life.introduced) == introduced
            assert sorted(event.commit.id for event in life.removed) == removed
            assert set(life.refs) == refs


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(base=pieces, changes=st.lists(edit, min_size=1, max_size=6))
def test_detection_in_edits_equals_detection_in_whole_texts(rules: RuleSet, base: str, changes: list) -> None:
    """The same without git, many times faster: a chain of deltas through the incremental scan."""
    from leakguard.detect.incremental import ends_of, scan_edit, scan_whole
    from leakguard.git import kernel
    from leakguard.model import ANCHOR_WIDTH
    from tests.git.deltas import make_delta

    detector = Detector(rules)
    content = (base * 3).encode()
    state = scan_whole(detector, content)
    chain = kernel.Chain(1 << 30, ANCHOR_WIDTH)
    chain.root(content)
    for depth, (_, begin, length, new) in enumerate(changes, 1):
        low = int(begin * len(content))
        high = low + int(length * (len(content) - low) / 3)
        changed = content[:low] + new.encode() + content[high:]
        chain.edit(depth, make_delta(content, changed), True)
        child = chain.content(depth)
        assert child == changed
        hits = detector.scanner.hits(chain.dirty())
        chain.remember(hits)
        clean, windows = chain.rows()
        state = scan_edit(
            detector, state, partial(chain.content, depth), kernel.inherited(clean, ends_of(state)), windows, hits
        )
        whole = scan_whole(detector, child)
        assert [(entry.end, entry.rule, entry.low, entry.high, entry.found) for entry in state] == [
            (entry.end, entry.rule, entry.low, entry.high, entry.found) for entry in whole
        ]
        content = child
