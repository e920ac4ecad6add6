"""What is new, moved, still there and fixed between two results."""

from __future__ import annotations

import msgspec
import pytest

from leakguard.diff import changes, compare
from leakguard.model import Skipped, Suppressed
from leakguard.report.text import render
from tests.report.samples import finding, place, sample

CLEAN = msgspec.structs.replace(sample().coverage, skipped=(), notes=())


def result(*findings, **fields):
    return msgspec.structs.replace(sample(), **{"findings": findings, "suppressed": (), "coverage": CLEAN, **fields})


def one(old, new):
    (compared,) = compare([result(old)], [result(new)])
    (found,) = compared.findings
    return found.change, found.change_note


def notes(old, new) -> str:
    return " / ".join(compare([old], [new])[0].coverage.notes)


def test_new_moved_same_and_fixed_are_told_apart() -> None:
    old = result(finding("a"), finding("b"), finding("c"))
    new = result(finding("a"), finding("b", place("other.py")), finding("d"))
    (compared,) = compare([old], [new])
    assert [(item.fingerprint[-1], item.change) for item in compared.findings] == [
        ("d", "new"),
        ("b", "moved"),
        ("a", "same"),
    ]
    assert [item.fingerprint[-1] for item in compared.fixed] == ["c"]
    assert changes([compared]) == {"new": 1, "moved": 1, "same": 1, "fixed": 1}


def test_a_moved_one_says_where_it_was() -> None:
    assert one(finding("a"), finding("a", place("app.py", 12))) == ("moved", "was at app.py:2")


def test_what_left_head_is_not_fixed() -> None:
    assert one(finding("a"), finding("a", in_head=False)) == ("moved", "left HEAD; the history still holds it")


def test_what_came_back_into_head_is_new() -> None:
    change, note = one(finding("a", in_head=False), finding("a"))
    assert change == "new"
    assert "came back into HEAD" in note


def test_a_push_since_then_is_told() -> None:
    item = finding("a")
    unpushed = msgspec.structs.replace(item, provenance=msgspec.structs.replace(item.provenance, pushed=False))
    assert one(unpushed, item) == ("same", "was pushed since")


def test_what_is_fixed_is_not_called_revoked() -> None:
    (compared,) = compare([result(finding("a"))], [result()])
    (gone,) = compared.fixed
    assert gone.change_note == "not found any more; that is not revoked: rotate it if nobody did"
    text = render([compared], show_secrets=False, colour=False).decode()
    assert "FIXED" in text
    assert "still in HEAD" not in text


def test_what_is_held_back_now_is_not_called_fixed() -> None:
    held = Suppressed("github-pat-classic", "allowed", "", "ours", finding("a").fingerprint, finding("a").secret)
    old, new = result(finding("a")), result(suppressed=(held,))
    (compared,) = compare([old], [new])
    assert compared.fixed == ()
    assert "1 of the older result's secrets are held back now" in notes(old, new)


def test_an_incomplete_newer_result_warns_of_what_is_called_fixed() -> None:
    broken = msgspec.structs.replace(CLEAN, skipped=(Skipped("x", "is damaged"),))
    assert "may only not have been read" in notes(result(finding("a")), result(coverage=broken))


def test_other_rules_are_told() -> None:
    assert "other rules find other secrets" in notes(result(rules=5), result())


def test_two_fingerprint_keys_are_suspected() -> None:
    assert "fingerprint keys" in notes(result(finding("a")), result(finding("b")))


def test_single_results_are_compared_wherever_the_clones_lie() -> None:
    (compared,) = compare(
        [result(finding("a"), target="/x", remote="")], [result(finding("a"), target="/y", remote="")]
    )
    assert [item.change for item in compared.findings] == ["same"]


def test_several_targets_find_their_partners_by_path_then_by_origin() -> None:
    old = [result(finding("a"), target="/x", remote="u1"), result(finding("b"), target="/y", remote="u2")]
    new = [result(finding("b"), target="/elsewhere", remote="u2"), result(finding("a"), target="/x", remote="u1")]
    assert [item.change for compared in compare(old, new) for item in compared.findings] == ["same", "same"]


def test_a_target_that_was_not_looked_at_again_is_incomplete_not_fixed() -> None:
    old = [result(finding("a"), target="/x", remote=""), result(finding("b"), target="/y", remote="")]
    compared = compare(old, [result(target="/x", remote="")])
    assert [len(item.fixed) for item in compared] == [1, 0]
    assert not compared[1].coverage.complete


def test_a_target_without_an_older_result_is_all_new() -> None:
    old = [result(target="/x", remote="")]
    new = [result(target="/x", remote=""), result(finding("b"), target="/y", remote="")]
    assert [item.change for item in compare(old, new)[1].findings] == ["new"]
    assert "all of it is called new" in compare(old, new)[1].coverage.notes[-1]


@pytest.mark.parametrize("order", [1, -1])
def test_the_order_of_the_input_changes_nothing(order: int) -> None:
    old = [finding("a"), finding("b"), finding("c")]
    new = [finding("c"), finding("d"), finding("e", place("z.py"))]
    straight = compare([result(*old)], [result(*new)])
    turned = compare([result(*old[::order])], [result(*new[::order])])
    assert render(straight, show_secrets=False, colour=False) == render(turned, show_secrets=False, colour=False)
