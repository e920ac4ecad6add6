"""What takes long at the end of a sweep is done once, by whichever process."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from leakguard import fingerprint as marks
from leakguard.collect import Spot
from leakguard.fingerprint import fingerprint
from leakguard.git.objects import open_objects
from leakguard.git.repository import open_repository
from leakguard.sweep import ending
from leakguard.sweep import run as module
from leakguard.sweep.quotes import Quotes
from leakguard.sweep.run import sweep

if TYPE_CHECKING:
    from collections.abc import Iterator

    from leakguard.config import Settings
    from leakguard.detect.ruleset import RuleSet
    from leakguard.model import Rule
    from tests.conftest import GitRepo


@pytest.fixture(autouse=True)
def unknown() -> Iterator[None]:
    """No slow fingerprint is known before or after."""
    marks._made.clear()
    yield
    marks._made.clear()


@pytest.fixture
def secrets(rules: RuleSet) -> list[tuple[Rule, bytes]]:
    password = rules.rules[rules.numbers["generic-password"]]
    return [(password, f"winter{number}!".encode()) for number in range(2 * ending.SHARE + 1)]


def test_every_slow_fingerprint_is_in_one_task(secrets: list[tuple[Rule, bytes]]) -> None:
    shares = [task for task in ending.tasks((), [*secrets, *secrets], "") if isinstance(task, ending.Slow)]
    assert [len(share.texts) for share in shares] == [ending.SHARE, ending.SHARE, 1]
    assert len({text for share in shares for text in share.texts}) == len(secrets)


def test_fingerprints_with_a_key_need_no_task(secrets: list[tuple[Rule, bytes]]) -> None:
    assert ending.tasks((), secrets, "a key") == []


def test_quotes_and_fingerprints_come_of_the_same_tasks(repo: GitRepo, secrets: list[tuple[Rule, bytes]]) -> None:
    alone = [fingerprint(*secret, "") for secret in secrets]
    marks._made.clear()
    repo.commit(a="some text\n")
    objects = open_objects(open_repository(repo.path))[0]
    spot = Spot(repo.git("rev-parse", "HEAD:a"), "", 5, 9)
    quotes = Quotes(objects, None, {})
    done = [ending.do(task, quotes) for task in ending.tasks([spot], secrets, "")]
    marks._made.clear()
    assert list(ending.quoted(done)) == [{spot: quotes.place(spot)}]
    assert set(marks._made.values()) == set(alone)


def test_any_number_of_processes_gives_the_same_fingerprints(
    repo: GitRepo, rules: RuleSet, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = "".join(f"db{number}_password = 'Wq{number}!xkTr{number * 7919}'\n" for number in range(40))
    repo.commit(settings__py=lines)
    repo.git("repack", "-adfq")
    monkeypatch.setattr(module, "SMALL", 0)
    alone = sweep(repo.path, rules, msgspec.structs.replace(settings, jobs=1))
    assert len(alone.findings) > 20
    for jobs in (2, 3):
        marks._made.clear()
        assert sweep(repo.path, rules, msgspec.structs.replace(settings, jobs=jobs)) == alone
