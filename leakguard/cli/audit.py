"""`leakguard audit`: go through the findings one by one, decide, remember, undo."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click
import msgspec

from leakguard.cli.baseline import Terms, Where, entry_for, prepared_key, terms_options, where_options
from leakguard.cli.look import look
from leakguard.excerpt import escape
from leakguard.fingerprint import key_check
from leakguard.report.phrases import belief, life_facts
from leakguard.store.baseline import Baseline, Entry, read_baseline, update_baseline
from leakguard.store.key import key_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from leakguard.detect.ruleset import RuleSet
    from leakguard.model import Finding

CONFIRMED = "audited.json"
"""Beside the fingerprint key, in the git folder: findings that are confirmed leaks, so that nobody is asked again."""

HELP = """\
  a  allow it, with a reason: it goes into the baseline
  l  it is a leak: it stays a finding, and is not asked about again
  s  skip it for now
  u  undo the last decision, and decide it again
  q  stop; everything decided so far is kept"""


class Decision(msgspec.Struct, frozen=True):
    """What was decided of one finding, and where it is remembered."""

    fingerprint: str
    place: Path | None


@click.command("audit")
@where_options
@terms_options
@click.option("--again", is_flag=True, help="Ask about what was decided before, too.")
@click.option("--show-secrets", is_flag=True, help="Print secrets in full. Off: redacted everywhere.")
def command(where: Where, terms: Terms, again: bool, show_secrets: bool) -> int:
    """Go through the findings of REPO one by one and decide each: allowed for a reason, or a leak.

    What is allowed goes into the baseline. Each decision is written at once: nothing is lost when you stop.
    """
    settings, path = where.settings()
    settings = msgspec.structs.replace(settings, show_secrets=show_secrets)
    if path.exists():
        read_baseline(path)
    result, rules = look(where.folder, settings)
    key = prepared_key(list(result.findings), where.folder, settings, rules)
    return _Audit(where.folder, path, key, rules, terms, show_secrets=show_secrets).run(result.findings, again=again)


class _Audit:
    def __init__(
        self, folder: Path, baseline: Path, key: str, rules: RuleSet, terms: Terms, *, show_secrets: bool
    ) -> None:
        self.baseline, self.key, self.rules, self.terms, self.show_secrets = baseline, key, rules, terms, show_secrets
        kept = key_file(folder)
        self.confirmed = kept.with_name(CONFIRMED) if kept else None
        self.done: list[Decision] = []

    def run(self, findings: tuple[Finding, ...], *, again: bool) -> int:
        decided = {} if again else self.remembered()
        waiting = [item for item in findings if self.entry(item).fingerprint not in decided]
        if not waiting:
            click.echo(f"Nothing to decide: {len(findings)} findings, all decided before (--again asks anew).")
            return 0
        at = 0
        while at < len(waiting):
            self.show(waiting[at], at + 1, len(waiting))
            answer = self.ask()
            if answer == "q":
                break
            if answer == "u":
                at = self.undo(at)
                continue
            self.decide(waiting[at], answer)
            at += 1
        allowed = sum(decision.place == self.baseline for decision in self.done)
        leaks = sum(decision.place is not None for decision in self.done) - allowed
        what = "a leak" if leaks == 1 else "leaks"
        click.echo(f"{allowed} allowed, {leaks} confirmed as {what}, {len(waiting) - allowed - leaks} not decided.")
        return 0

    def remembered(self) -> dict[str, Entry]:
        """What was decided before, by fingerprint."""
        places = [place for place in (self.baseline, self.confirmed) if place and place.exists()]
        return {entry.fingerprint: entry for place in places for entry in read_baseline(place).entries}

    def entry(self, finding: Finding, reason: str = "") -> Entry:
        return entry_for(finding, self.rules, self.key, msgspec.structs.replace(self.terms, reason=reason))

    def show(self, finding: Finding, number: int, total: int) -> None:
        secret = finding.secret
        shown = escape(secret.reveal().decode("utf-8", "backslashreplace")) if self.show_secrets else str(secret)
        click.echo(
            f"\n{number} of {total}  {finding.severity.upper()}  {finding.rule_name}  {shown} ({len(secret)} bytes)"
        )
        click.echo(f"  {finding.rule} · {belief(finding)}")
        for place in finding.places[:3]:
            click.echo(f"  {place.path}:{place.line}")
            for line in place.excerpt:
                click.echo(f"    {'>' if line.hit else ' '} {line.line} | {line.text[:120]}")
        if finding.provenance:
            click.echo(f"  {'; '.join(life_facts(finding.provenance))}")

    def ask(self) -> str:
        while True:
            answer = self.read("allow, leak, skip, undo, quit [a/l/s/u/q/?]: ")
            if answer is None:
                return "q"
            choice = answer.strip().lower()[:1]
            if choice in ("a", "l", "s", "u", "q"):
                return choice
            click.echo(HELP)

    def read(self, prompt: str) -> str | None:
        """A line of standard input, None at its end."""
        click.echo(prompt, nl=False)
        line = sys.stdin.readline()
        if not line:
            click.echo()
            return None
        return line.rstrip("\r\n")

    def decide(self, finding: Finding, answer: str) -> None:
        """Remember one decision at once."""
        reason = ""
        while answer == "a" and not reason:
            given = self.read("  why is it no leak? ")
            if given is None:
                answer = "s"
                break
            reason = given.strip()
        entry = self.entry(finding, reason or "confirmed as a leak")
        place = self.baseline if answer == "a" else self.confirmed if answer == "l" else None
        for other in filter(None, (self.baseline, self.confirmed)):
            if answer != "s" and other != place:
                self.forget(entry.fingerprint, other)
        if place:
            place.parent.mkdir(exist_ok=True)
            update_baseline(place, lambda old: _with(old, entry, self.key))
        self.done.append(Decision(entry.fingerprint, place))

    def undo(self, at: int) -> int:
        """Take the last decision back; the number of the finding to ask about next."""
        if not self.done:
            click.echo("  nothing to undo")
            return at
        last = self.done.pop()
        if last.place:
            self.forget(last.fingerprint, last.place)
        return at - 1

    def forget(self, fingerprint: str, place: Path) -> None:
        if place.exists() and any(entry.fingerprint == fingerprint for entry in read_baseline(place).entries):
            update_baseline(place, lambda old: _without(old, fingerprint))


def _with(old: Baseline | None, entry: Entry, key: str) -> Baseline:
    present = old or Baseline()
    check = key_check(key) if entry.keyed else present.check
    return msgspec.structs.replace(present, check=check).with_entries([*present.entries, entry])


def _without(old: Baseline | None, fingerprint: str) -> Baseline:
    present = old or Baseline()
    return present.with_entries(list(_others(present, fingerprint)))


def _others(present: Baseline, fingerprint: str) -> Iterator[Entry]:
    return (entry for entry in present.entries if entry.fingerprint != fingerprint)
