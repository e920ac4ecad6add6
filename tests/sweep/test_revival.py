"""What is remembered by its position comes back exactly as it was, from few bytes; or it is as if it were forgotten."""

from __future__ import annotations

import gzip
import io
import zipfile
from hashlib import blake2b
from typing import TYPE_CHECKING

import msgspec
import pytest

from leakguard.collect import Collector
from leakguard.detect.checks import clock
from leakguard.detect.detector import Detector
from leakguard.detect.template import expand
from leakguard.git.objects import open_objects
from leakguard.git.repository import open_repository
from leakguard.sweep.memory import HeldRow, PackMemory, strip
from leakguard.sweep.revival import Reviver

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from leakguard.collect import Spot
    from leakguard.detect.ruleset import RuleSet
    from leakguard.model import Result
    from tests.conftest import GitRepo

    Sweep = Callable[[], Result]

UNTIL = 1_700_000_000
"""2023-11-14, when the dated things of these tests have not run out."""
AFTER = 1_800_000_000


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Sets the day."""

    def change(seconds: int) -> None:
        monkeypatch.setattr(clock, "now", lambda: float(seconds))

    change(UNTIL)
    return change


@pytest.fixture
def whole(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The texts in which everything is detected, as they come."""
    texts: list[bytes] = []
    honest = Detector.detect

    def counted(self, data):
        texts.append(data)
        return honest(self, data)

    monkeypatch.setattr(Detector, "detect", counted)
    return texts


def test_what_every_rule_finds_or_turns_down_comes_back_as_it_was(
    repo: GitRepo, rules: RuleSet, detector: Detector
) -> None:
    collector = Collector()
    for text in examples_of_all(rules):
        holder = repo.git("hash-object", "-w", "--stdin", stdin=text)
        collector.add(detector.detect(text), holder)
    assert len({rule for rule, _ in collector.groups}) > 300
    assert len({reason for reason, _, _, _ in collector.held}) > 4
    stripped = strip(collector)
    assert stripped is not None
    groups, rows = stripped
    reviver = Reviver(open_objects(open_repository(repo.path))[0], detector)
    assert reviver.groups(groups) == [group.match for group in collector.groups.values()]
    held = [item.held for item in collector.held.values() if item.held.reason != "encrypted"]
    assert reviver.held([row for row in rows if row.reason != "encrypted"]) == held


def examples_of_all(rules: RuleSet) -> Iterator[bytes]:
    """The examples and counter-examples of all rules, many to a text: apart, or on lines of their own."""
    texts = [
        expand(template, f"{rule}{number}").encode()
        for rule, known in sorted(rules.guidance().items())
        for number, template in enumerate((*known.examples, *known.counterexamples))
    ]
    for at in range(0, len(texts), 40):
        yield (b"\n" * 12 if at % 80 else b"\n").join(texts[at : at + 40])


def test_secrets_in_archives_and_messages_and_other_encodings_come_back(
    repo: GitRepo, remember: Sweep, passes: list[str], token
) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        for name in ("one.txt", "two.txt"):
            file.writestr(name, f"key = {token(name)}\npassword = {expand('{alnum:20}', name)}\n")
    repo.commit(
        f"says {token('message')}",
        a__zip=archive.getvalue(),
        b__gz=gzip.compress(token("gzip").encode(), mtime=0),
        c__txt=token("wide").encode("utf-16"),
    )
    repo.git("tag", "-a", "v1", "-m", f"says {token('tag')}")
    repo.git("repack", "-adfq")
    first = remember()
    assert len(first.findings) > 5
    passes.clear()
    assert remember() == first
    assert passes == []


COMMENTED = "key = {} # {}:allow is a test's own (until 2024-06-01)\n"


def test_what_a_comment_says_comes_back_and_its_end_is_noticed(
    repo: GitRepo, remember: Sweep, afresh: Sweep, passes: list[str], now: Callable[[int], None], token
) -> None:
    repo.commit(a=COMMENTED.format(token("a"), "leakguard"), b=token("b"))
    repo.git("repack", "-adfq")
    first = remember()
    assert [item.justification for item in first.suppressed] == ["is a test's own (until 2024-06-01)"]
    passes.clear()
    assert remember() == first
    assert passes == []
    now(AFTER)
    assert remember() == afresh()
    assert len(afresh().findings) == 2
    assert "read_texts" in passes


def test_a_token_that_has_run_out_since_is_told_as_run_out(
    repo: GitRepo, remember: Sweep, afresh: Sweep, passes: list[str], now: Callable[[int], None]
) -> None:
    repo.commit(a=expand('{jwt:{"exp":1750000000,"sub":"ada"}}', "seed"))
    repo.git("repack", "-adfq")
    first = remember()
    assert [finding.expired for finding in first.findings] == [""]
    passes.clear()
    assert remember() == first
    assert passes == []
    now(AFTER)
    assert remember() == afresh()
    assert all(finding.expired for finding in afresh().findings)


def test_only_the_lines_of_what_is_told_are_asked(
    repo: GitRepo, remember: Sweep, objects_read: list[str], whole: list[bytes], token
) -> None:
    repo.commit(a=f"key = {token('a')}\n")
    for number in range(5):
        repo.commit(b=f"{number}\npassword = changeme_{number}\n")
    repo.git("repack", "-adfq")
    first = remember()
    assert first.coverage.held
    counted = {repo.git("rev-parse", f"HEAD~{number}:b") for number in range(5)}
    objects_read.clear()
    whole.clear()
    assert remember() == first
    assert repo.git("rev-parse", "HEAD:a") in objects_read
    assert not counted & set(objects_read)
    assert not [text for text in whole if b"changeme" in text]


def moved(spot: Spot) -> Spot:
    return msgspec.structs.replace(spot, start=spot.start + 1)


def elsewhere(spot: Spot) -> Spot:
    return msgspec.structs.replace(spot, holder="1" * 40)


def inside(spot: Spot) -> Spot:
    return msgspec.structs.replace(spot, label="!there.txt")


def beyond(spot: Spot) -> Spot:
    return msgspec.structs.replace(spot, start=spot.start + 10_000, end=spot.end + 10_000)


@pytest.mark.parametrize("change", [moved, elsewhere, inside, beyond])
@pytest.mark.parametrize("kind", ["groups", "held"])
def test_where_something_else_stands_the_pack_is_read_again(
    repo: GitRepo, remember: Sweep, tmp_path: Path, passes: list[str], token, change, kind: str
) -> None:
    refuted = expand("ghp_{alnum:36}", "refuted")
    repo.commit(a=f"key = {token('a')}\n", b=f"key = {refuted}\n")
    repo.git("repack", "-adfq")
    first = remember()
    assert first.findings
    assert first.coverage.held["refuted"] == 1

    def tampered(memory: PackMemory) -> PackMemory:
        if kind == "groups":
            rows = [msgspec.structs.replace(row, seen=change(row.seen)) for row in memory.groups]
            return msgspec.structs.replace(memory, groups=rows)
        held = [msgspec.structs.replace(row, spot=change(row.spot)) for row in memory.held]
        return msgspec.structs.replace(memory, held=held)

    rewrite(tmp_path, tampered)
    passes.clear()
    assert remember() == first
    assert "read_texts" in passes


def test_a_row_of_an_unknown_rule_has_the_pack_read_again(
    repo: GitRepo, remember: Sweep, tmp_path: Path, passes: list[str], token
) -> None:
    repo.commit(a=token("a"))
    repo.git("repack", "-adfq")
    first = remember()
    spot = memories(tmp_path)[0][1].groups[0].seen
    rewrite(tmp_path, lambda memory: msgspec.structs.replace(memory, held=[HeldRow("none", "unlikely", 1, spot)]))
    passes.clear()
    assert remember() == first
    assert "read_texts" in passes


def memories(tmp_path: Path) -> list[tuple[Path, PackMemory]]:
    """The memories of packs, by their places."""
    found = []
    for place in (tmp_path / "memory" / "sweeps").iterdir():
        try:
            found.append((place, msgspec.msgpack.decode(place.read_bytes()[16:], type=PackMemory)))
        except msgspec.ValidationError:
            continue
    return found


def rewrite(tmp_path: Path, change: Callable[[PackMemory], PackMemory]) -> None:
    """Change the memories of packs as nobody but an enemy would."""
    for place, memory in memories(tmp_path):
        body = msgspec.msgpack.encode(change(memory))
        place.write_bytes(blake2b(body, digest_size=16).digest() + body)
