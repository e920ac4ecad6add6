"""Why something is a finding or none: for people, and as JSON."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import click
import msgspec

from leakguard.detect.judgement.features import NUMBERS
from leakguard.report.phrases import HELD

if TYPE_CHECKING:
    from collections.abc import Iterator

    from leakguard.detect.judgement.explain import Explanation, Weight
    from leakguard.why.model import Candidate, Why

SCHEMA = "leakguard-why/1"
WIDTH = 100
_WEIGHTS = 8
"""How many features are shown; all of them are in the JSON."""
_MARKS = {"told": ("TOLD", "red"), "held back": ("HELD BACK", "yellow"), "off": ("OFF", "cyan")}


def render_json(why: Why) -> bytes:
    """All that was recorded."""
    return msgspec.json.format(msgspec.json.encode({"schema": SCHEMA, **msgspec.to_builtins(why)}), indent=2) + b"\n"


def render_text(why: Why, *, colour: bool) -> bytes:
    """The same for people: what was told first, then what was held back, then what only came near."""
    return ("\n".join(_Text(why, colour).lines()) + "\n").encode("utf-8", "backslashreplace")


class _Text:
    def __init__(self, why: Why, colour: bool) -> None:
        self.why, self.colour = why, colour

    def style(self, text: str, **looks: object) -> str:
        return click.style(text, **looks) if self.colour else text  # type: ignore[arg-type]

    def lines(self) -> Iterator[str]:
        why = self.why
        version = f"{why.version}:" if why.version else ""
        yield self.style(f"{version}{why.path}:{why.line}", fg="blue")
        for line in why.excerpt:
            mark = self.style(">", fg="red") if line.line == why.line else " "
            yield f"  {mark} {line.line} | {line.text[: WIDTH - 12]}"
        full = [item for item in why.candidates if item.outcome != "no match"]
        near = sorted({item.rule for item in why.candidates if item.outcome == "no match"})
        for item in full:
            yield ""
            yield from self.candidate(item)
        if near:
            yield ""
            yield from _wrap("came near", f"{', '.join(near)}: the anchor fired, the rule's expression does not match")
        if not why.candidates:
            yield ""
            yield f"Nothing fired on this line: none of the {why.rules:,} rules has an anchor here."
        yield from (f"note: {note}" for note in why.notes)

    def candidate(self, item: Candidate) -> Iterator[str]:
        word, fg = _MARKS[item.outcome]
        secret = f"  {item.secret} ({item.length} bytes)" if item.secret else ""
        yield f"{self.style(word, fg=fg, bold=True)}  {item.rule}  {self.style(item.rule_name, bold=True)}{secret}"
        named = f", assigned to {item.name}" if item.name else ""
        yield from _wrap("seen by", f"{item.seen_by}, at column {item.column}{named}")
        for check in item.checks:
            yield from _wrap(
                "check", f"{check.check}: {check.outcome}" + (f" ({check.reason})" if check.reason else "")
            )
        if item.placeholder:
            yield from _wrap("stand-in", item.placeholder)
        if item.entropy_needed:
            yield from _wrap("entropy", f"{item.entropy} bits a byte; the rule needs {item.entropy_needed}")
        if item.judgement:
            yield from self.judgement(item.judgement)
        if item.path_score:
            yield from _wrap("path", f"makes it {item.path_score:.2f}: {'; '.join(item.path_reasons)}")
        yield from _wrap("so", _verdict(item))

    def judgement(self, judged: Explanation) -> Iterator[str]:
        if judged.veto:
            yield from _wrap("judged", f"vetoed: {judged.veto}")
            return
        yield from _wrap("judged", f"{judged.score:.2f}; told from {judged.threshold:.2f} on")
        for weight in judged.weights[:_WEIGHTS]:
            number = self.style(f"{weight.weight:+.2f}", fg="red" if weight.weight > 0 else "green")
            yield f"{'':14}{number}  {_feature(weight)}"
        rest = judged.weights[_WEIGHTS:]
        if rest:
            total = sum(weight.weight for weight in rest)
            yield f"{'':14}{total:+.2f}  {len(rest)} weaker features (all of them: --format json)"
        yield f"{'':14}{judged.start:+.2f}  where every value starts"


def _feature(weight: Weight) -> str:
    """A feature in words, as far as there are any, and by its name."""
    name = weight.feature
    if name in NUMBERS:
        name = f"{name} {weight.value}"
    elif not weight.value:
        name = f"not {name}"
    return f"{weight.words} ({name})" if weight.words else name


def _verdict(item: Candidate) -> str:
    if item.outcome == "told":
        confidence = "proven" if item.confidence == "proven" else f"{item.confidence} confidence"
        return f"it is a finding, {confidence}; fingerprint {item.fingerprint}"
    if item.reason == "encrypted":
        return f"it is encrypted with {item.detail}: good news, no finding"
    if item.outcome == "off":
        return f"it would be a finding, but the rule is off: {item.detail}"
    words = {**HELD, "overlapped": "told otherwise", "placeholder": "a placeholder", "unlikely": "unlikely a secret"}
    allowed = f" ({item.justification})" if item.justification else ""
    return f"{words.get(item.reason, item.reason)}: {item.detail}{allowed}"


def _wrap(label: str, text: str) -> list[str]:
    lines = textwrap.wrap(text, WIDTH - 14, break_long_words=False) or [""]
    return [f"  {label if at == 0 else '':<11} {line}" for at, line in enumerate(lines)]
