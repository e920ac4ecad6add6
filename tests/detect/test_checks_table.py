"""The table of checks names functions that are there."""

from __future__ import annotations

import pytest

from leakguard.detect.checks import CHECKS, find_check


@pytest.mark.parametrize("name", CHECKS)
def test_every_check_in_the_table_is_a_function_that_says_what_it_is_for(name: str) -> None:
    check, argument = find_check(f"{name}:x")
    assert callable(check)
    assert check.__doc__
    assert argument == "x"


def test_an_unknown_check_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        find_check("no-such-check")
