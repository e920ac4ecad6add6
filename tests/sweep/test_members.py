"""What was found in a zip's member is told of every archive that holds it, and looked for once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from leakguard.detect.decoders import decode
from leakguard.sweep import members
from leakguard.sweep.members import Members
from leakguard.sweep.run import sweep
from tests.archives import zipped

if TYPE_CHECKING:
    import pytest

    from leakguard.config import Settings
    from leakguard.detect.ruleset import RuleSet
    from tests.conftest import GitRepo


def test_a_member_that_archives_share_is_told_of_each_of_them(
    repo: GitRepo, rules: RuleSet, settings: Settings, token, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = f"TOKEN = '{token('a')}'\n"
    repo.commit(one__zip=zipped(a=secret, b="1"), two__zip=zipped(b="2", copy=secret, again=secret))
    repo.commit(three__zip=zipped(c=secret * 2))
    swept = sweep(repo.path, rules, msgspec.structs.replace(settings, jobs=1))
    (finding,) = swept.findings
    paths = sorted({place.path for place in finding.places})
    assert paths == ["one.zip!a", "three.zip!c", "two.zip!again", "two.zip!copy"]
    monkeypatch.setattr(members, "ROOM", 0)
    assert sweep(repo.path, rules, msgspec.structs.replace(settings, jobs=1)) == swept


def test_a_text_that_is_no_member_of_a_zip_is_looked_at_each_time(detector) -> None:
    (inner,) = decode("text".encode("utf-16"))
    looked: list[bytes] = []
    known = Members()
    for _ in range(2):
        known.look(inner, lambda data: looked.append(data) or detector.detect(data))
    assert looked == [b"text", b"text"]


def test_no_more_members_are_remembered_than_there_is_room_for(detector, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(members, "ROOM", 20)
    known, data = Members(), zipped(a="small", b="".join(map(chr, range(33, 90))), c="tiny")
    keys = []
    for inner in decode(data, known):
        known.look(inner, detector.detect)
        keys.append(inner.key)
    assert [key in known for key in keys] == [True, False, True]
    assert [inner.data for inner in decode(data, known)][::2] == [b"", b""]
