"""What stands at a spot is the same whoever quotes it, one by one or many at once, here or in a worker."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import msgspec
import pytest

from leakguard.collect import Spot
from leakguard.detect.detector import Detector
from leakguard.git.objects import open_objects
from leakguard.git.repository import open_repository
from leakguard.sweep import run as module
from leakguard.sweep.places import HistoryLocator
from leakguard.sweep.quotes import BATCH, Quotes, batches
from leakguard.sweep.run import sweep
from tests.archives import zipped

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from leakguard.config import Settings
    from leakguard.detect.ruleset import RuleSet
    from tests.conftest import GitRepo


def wrong(token: Callable[[str], str], seed: str) -> str:
    """A token whose checksum does not fit: refuted, and told so."""
    whole = token(seed)
    return whole[:-1] + ("a" if whole[-1] != "a" else "b")


@pytest.fixture
def held(repo: GitRepo, token: Callable[[str], str]) -> GitRepo:
    """A history in which much is held back: in files, beside each other, in archives, in messages, in names."""
    for number in range(12):
        lines = "".join(f"k{at} = '{wrong(token, f'{number}-{at}')}'  {token('beside')}\n" for at in range(3))
        repo.commit(f"uses {wrong(token, f'message {number}')}", **{f"file{number % 5}.txt": f"first\n{lines}last\n"})
    members = {f"m{at}.txt": f"x = {wrong(token, f'zip {at}')}\n" for at in range(9)}
    repo.commit(archive__zip=zipped(**members), encoded=f"y = {wrong(token, 'wide')}\n".encode("utf-16"))
    repo.write(f"{wrong(token, 'name')}.txt", "text\n")
    repo.commit("a name")
    repo.git("repack", "-adfq")
    repo.commit(loose=f"z = {wrong(token, 'loose')}\n")
    return repo


def test_suppressed_results_are_the_same_for_any_number_of_workers(
    held: GitRepo, rules: RuleSet, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SMALL", 0)
    alone = sweep(held.path, rules, settings)
    assert len(alone.suppressed) > 50
    assert all(item.place and item.place.excerpt for item in alone.suppressed)
    for changes in ({"jobs": 2}, {"jobs": 3}, {"engine": "plain"}):
        assert sweep(held.path, rules, msgspec.structs.replace(settings, **changes)) == alone


def test_a_sweep_that_remembers_everything_quotes_the_same(
    held: GitRepo, rules: RuleSet, settings: Settings, tmp_path: Path
) -> None:
    remembering = msgspec.structs.replace(settings, memory=tmp_path / "memory")
    assert sweep(held.path, rules, remembering) == sweep(held.path, rules, remembering) == sweep(
        held.path, rules, settings
    )  # fmt: skip


@pytest.mark.parametrize("masked", [True, False])
def test_many_quotes_at_once_are_those_that_are_made_one_by_one(held: GitRepo, rules: RuleSet, masked: bool) -> None:
    detector = Detector(rules)
    objects = open_objects(open_repository(held.path))[0]
    archive = held.git("rev-parse", "HEAD:archive.zip")
    file = held.git("rev-parse", "HEAD:file1.txt")
    spots = sorted(
        [Spot(archive, f"!m{at}.txt", 4, 20) for at in range(9)]
        + [Spot(file, "", at, at + 30) for at in range(0, 90, 11)]
        + [Spot(archive, "!not there", 0, 1), Spot("1" * 40, "", 0, 1), Spot("", "config", 2, 4)]
    )
    outside = {"config": b"some text\n"}
    many = Quotes(objects, detector if masked else None, outside).places(spots)
    one = Quotes(objects, detector if masked else None, outside)
    assert many == {spot: one.place(spot) for spot in spots}
    assert sum(place is not None for place in many.values()) == len(spots) - 2


def test_what_findings_are_told_with_was_quoted_ahead(
    held: GitRepo, rules: RuleSet, settings: Settings, token: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    held.commit(archive__zip=zipped(**{f"m{at}.txt": f"x = {token(f'in zip {at}')}\n" for at in range(9)}))
    held.commit(a=f"a = {token('a')}\n", b=f"b = {token('a')}\n")
    held.commit(a="gone\n", b=f"first\nb = {token('a')}\n")
    monkeypatch.setattr(module, "SMALL", 0)
    late: list[Spot] = []
    honest = HistoryLocator._quoted
    monkeypatch.setattr(
        HistoryLocator,
        "_quoted",
        lambda self, spot: (late.append(spot) if spot not in self._ahead else None, honest(self, spot))[1],
    )
    alone = sweep(held.path, rules, settings)
    assert len(alone.findings) > 10
    assert late
    late.clear()
    assert sweep(held.path, rules, msgspec.structs.replace(settings, jobs=2)) == alone
    assert not [
        spot for spot in late if spot.holder and spot.label in ("", "decoded", *(f"!m{at}.txt" for at in range(9)))
    ]


def test_the_longest_batches_come_first() -> None:
    spots = [Spot(f"{number:040x}", "!m.txt" if number == 50 else "", 1, 9) for number in range(100)]
    told = batches(spots)
    assert [spot.label for spot in told[0]].count("!m.txt") == 1
    assert sorted(spot for batch in told for spot in batch) == spots


def test_an_archive_is_read_once_for_all_its_members(
    held: GitRepo, rules: RuleSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    objects = open_objects(open_repository(held.path))[0]
    archive = held.git("rev-parse", "HEAD:archive.zip")
    opened: list[object] = []
    honest = zipfile.ZipFile.__init__
    monkeypatch.setattr(zipfile.ZipFile, "__init__", lambda *given: (opened.append(given), honest(*given))[1])
    places = Quotes(objects, None, {}).places([Spot(archive, f"!m{at}.txt", 4, 20) for at in range(9)])
    assert all(places.values())
    assert len(opened) == 1


def test_a_batch_parts_no_holder_and_leaves_nothing_out() -> None:
    spots = [Spot(f"{number // 3:040x}", "", number, number + 1) for number in range(100)]
    told = list(batches([*reversed(spots), *spots, Spot("", "config", 0, 1)]))
    assert [spot for batch in told for spot in batch] == spots
    assert all(BATCH <= len(batch) < BATCH + 3 for batch in told[:-1])
    holders = [{spot.holder for spot in batch} for batch in told]
    assert sum(map(len, holders)) == len(set().union(*holders))
