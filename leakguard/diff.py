"""Two results of the same target held against each other: what is new, moved, still there and fixed.

A secret is the same one when its fingerprint is: rule and keyed hash, whatever lines moved or files were renamed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from leakguard.assemble import finding_order
from leakguard.model import Coverage, Finding, Result, Skipped

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from leakguard.model import Place, Provenance

Change = Literal["new", "moved", "same", "fixed"]
CHANGES: tuple[Change, ...] = ("new", "moved", "same", "fixed")


class ComparedFinding(Finding, frozen=True):
    """A finding, and what became of it since the older result. `change_note` is a sentence's part for a person.

    All else of one that is fixed is what the older result said.
    """

    change: Change = "new"
    change_note: str = ""


class Comparison(Result, frozen=True):
    """The newer result; its findings are `ComparedFinding`s, new ones first. `fixed` are those it no longer holds.

    `compared_with` says what the older result was.
    """

    findings: tuple[ComparedFinding, ...] = ()
    compared_with: str = ""
    fixed: tuple[ComparedFinding, ...] = ()


def compare(old: Sequence[Result], new: Sequence[Result]) -> list[Comparison]:
    """One comparison a target, in the newer results' order; targets that only the older ones have come last."""
    waiting = list(old)
    done: list[Comparison] = []
    alone = len(old) == len(new) == 1
    for result in new:
        before = waiting[0] if alone else _partner(result, waiting)
        if before is not None:
            waiting.remove(before)
        done.append(_compare(before, result))
    return [*done, *map(_missing, waiting)]


def changes(results: Iterable[Result]) -> dict[Change, int]:
    """How many findings are new, moved, still there and fixed, in that order."""
    counts: dict[Change, int] = dict.fromkeys(CHANGES, 0)
    for result in results:
        if isinstance(result, Comparison):
            for finding in (*result.findings, *result.fixed):
                assert isinstance(finding, ComparedFinding)
                counts[finding.change] += 1
    return counts


def change_of(finding: Finding) -> Change | None:
    """What became of a finding, or None where nothing was compared."""
    return finding.change if isinstance(finding, ComparedFinding) else None


def change_note(finding: Finding) -> str:
    """What a person should know of the change, or ''."""
    return finding.change_note if isinstance(finding, ComparedFinding) else ""


def _partner(result: Result, others: Sequence[Result]) -> Result | None:
    """The older result of the same target: by its path, else (a clone elsewhere) by the address of its origin."""
    alike = [other for other in others if other.kind == result.kind]
    at_path = [other for other in alike if other.target == result.target]
    of_origin = [other for other in alike if result.remote and other.remote == result.remote]
    return next(iter((*at_path, *of_origin)), None)


def _compare(old: Result | None, new: Result) -> Comparison:
    before = {finding.fingerprint: finding for finding in old.findings} if old else {}
    held = {item.fingerprint for item in new.suppressed}
    after = {finding.fingerprint for finding in new.findings}
    findings = [_judge(before.get(finding.fingerprint), finding) for finding in new.findings]
    gone = [finding for mark, finding in before.items() if mark not in after]
    fixed = [_as_compared(finding, "fixed", _farewell(finding)) for finding in gone if finding.fingerprint not in held]
    notes = _notes(old, new, after, sum(finding.fingerprint in held for finding in gone), len(fixed))
    fields = {name: getattr(new, name) for name in Result.__struct_fields__}
    fields["findings"] = tuple(sorted(findings, key=lambda item: (CHANGES.index(item.change), finding_order(item))))
    fields["coverage"] = msgspec.structs.replace(new.coverage, notes=(*new.coverage.notes, *notes))
    fields["guidance"] = dict(sorted({**(old.guidance if old else {}), **new.guidance}.items()))
    return Comparison(
        **fields,
        compared_with=_describe(old) if old else "nothing: there is no older result of this target",
        fixed=tuple(sorted(fixed, key=finding_order)),
    )


def _missing(old: Result) -> Comparison:
    """A target that was not looked at again: nothing of it is called fixed."""
    return Comparison(
        target=old.target,
        kind=old.kind,
        version=old.version,
        rules=old.rules,
        coverage=Coverage(skipped=(Skipped(old.target, "is in the older result only: it was not looked at again"),)),
        compared_with=_describe(old),
    )


def _describe(old: Result) -> str:
    at = f" at {old.head[:10]}" if old.head else ""
    count = len(old.findings)
    return f"{old.kind} of {old.target}{at} with {count:,} {'secret' if count == 1 else 'secrets'}"


def _judge(old: Finding | None, new: Finding) -> ComparedFinding:
    if old is None:
        return _as_compared(new, "new", "")
    left = _in_head(old.provenance)
    now = _in_head(new.provenance)
    note = _spread(old.provenance, new.provenance)
    if left is False and now is True:
        return _as_compared(
            new, "new", _joined("came back into HEAD; the older result knew it in the history only", note)
        )
    if left is True and now is False:
        return _as_compared(new, "moved", _joined("left HEAD; the history still holds it", note))
    if _spots(old.places) != _spots(new.places):
        first = old.places[0] if old.places else None
        return _as_compared(new, "moved", _joined(f"was at {first.path}:{first.line}" if first else "", note))
    return _as_compared(new, "same", note)


def _farewell(finding: Finding) -> str:
    """A secret that is gone from the repository is not gone from the world."""
    life = finding.provenance
    kept = "" if life is None or life.pushed is False else "; that is not revoked: rotate it if nobody did"
    return f"not found any more{kept}"


def _in_head(life: Provenance | None) -> bool | None:
    return life.in_head if life else None


def _spread(old: Provenance | None, new: Provenance | None) -> str:
    """What got worse about a secret that stayed."""
    return "was pushed since" if old and new and not old.pushed and new.pushed else ""


def _joined(*parts: str) -> str:
    return "; ".join(filter(None, parts))


def _spots(places: Iterable[Place]) -> set[tuple[str, int, int]]:
    return {(place.path, place.line, place.column) for place in places}


def _as_compared(finding: Finding, change: Change, note: str) -> ComparedFinding:
    fields = {name: getattr(finding, name) for name in Finding.__struct_fields__}
    return ComparedFinding(**fields, change=change, change_note=note)


def _notes(old: Result | None, new: Result, after: set[str], held: int, fixed: int) -> list[str]:
    """What may make the comparison say less than it seems to."""
    if old is None:
        return ["there is no older result of this target: all of it is called new"]
    notes = []
    if held:
        notes.append(f"{held:,} of the older result's secrets are held back now, not fixed")
    if fixed and not new.coverage.complete:
        notes.append("the newer result is incomplete: what is called fixed may only not have been read")
    if not old.coverage.complete:
        notes.append("the older result is incomplete: what is called new may have been there before")
    if (old.version, old.rules) != (new.version, new.rules):
        notes.append(
            f"the older result was made by leakguard {old.version} with {old.rules:,} rules, the newer one by "
            f"{new.version} with {new.rules:,}: other rules find other secrets"
        )
    if old.findings and new.findings and not after.intersection(item.fingerprint for item in old.findings):
        notes.append("no secret is in both: were they made with different fingerprint keys?")
    return notes
