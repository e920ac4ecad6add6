"""Lives are remembered without the names of refs."""

from leakguard.git.history import Life, Tip
from leakguard.sweep.lives import pack_lives

TIPS = [Tip("HEAD", 7, False), Tip("refs/heads/a", 7, False), Tip("refs/remotes/b", 5, True)]
LIVES = {
    0: Life((3, 5), (7,), ("refs/heads/a", "refs/remotes/b"), True, None, 9, False),
    4: Life((1,), (), ("refs/heads/a", "refs/remotes/b"), False, True, 2, False),
    5: Life(),
}
SAID = {(3, 9): Life((3, 9), (), ("refs/remotes/b",), False, False, 2, True)}


def test_lives_come_back_as_they_were() -> None:
    assert pack_lives(LIVES, SAID, TIPS).unpack(TIPS) == (LIVES, SAID)


def test_equal_sets_of_refs_are_kept_once() -> None:
    assert len(pack_lives(LIVES, SAID, TIPS).refs) == 3


def test_the_commits_that_were_asked_for_are_known() -> None:
    assert pack_lives(LIVES, SAID, TIPS).messages() == [(3, 9)]
