"""`leakguard baseline`: the findings that were seen and accepted, in a file that can be committed."""

from __future__ import annotations

import datetime
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
import msgspec

from leakguard.cli.look import look
from leakguard.cli.options import BASELINE, CONFIG, gathered
from leakguard.config import KEY_VARIABLE, load_settings
from leakguard.errors import UsageError
from leakguard.excerpt import escape
from leakguard.fingerprint import fingerprint, key_check, needs_key
from leakguard.store.baseline import Baseline, Entry, read_baseline, render_baseline, update_baseline
from leakguard.store.key import key_file, read_key, write_key

if TYPE_CHECKING:
    from collections.abc import Callable

    from leakguard.config import Settings
    from leakguard.detect.ruleset import RuleSet
    from leakguard.model import Finding, Rule, Secret

F = TypeVar("F", bound="Callable[..., Any]")


class Terms(msgspec.Struct, frozen=True):
    """On what terms findings are accepted."""

    reason: str = ""
    owner: str = ""
    expires: datetime.date | None = None


class Where(msgspec.Struct, frozen=True):
    """Whose findings, and which baseline."""

    folder: Path
    config: Path | None = None
    baseline: Path | None = None

    def settings(self) -> tuple[Settings, Path]:
        """The settings without what the baseline allows, and where the baseline is."""
        if not self.folder.exists():
            raise UsageError(f"{self.folder} does not exist; check the path.")
        settings = load_settings(self.folder, self.config, baseline=False)
        if self.baseline:
            settings = msgspec.structs.replace(settings, baseline_path=self.baseline)
        assert settings.baseline_path is not None
        return settings, settings.baseline_path


def where_options(function: F) -> F:
    """REPO, --config and --baseline: handed to the command as `where`."""
    folder = click.argument("folder", metavar="[REPO]", default=".", type=click.Path(path_type=Path))
    return gathered(function, "where", Where, BASELINE, CONFIG, folder)


reason_option = click.option("--reason", default="", help="Why they are no leak, or may stay for now.")
"""To be put above `terms_options`, which hands it on."""


def terms_options(function: F) -> F:
    """--owner and --expires: handed to the command as `terms`."""
    return gathered(
        function,
        "terms",
        Terms,
        click.option(
            "--expires",
            metavar="WHEN",
            callback=lambda _context, _option, text: parse_day(text) if text else None,
            help="Until when they are accepted (2031-01-31, 90d).",
        ),
        click.option("--owner", default="", help="Who answers for them."),
    )


@click.group("baseline")
def command() -> None:
    """Accept the findings that are there, so that only new ones stop anybody.

    The file .leakguard-baseline.json holds fingerprints, never a secret. Fingerprints of what a person may have chosen
    depend on a key, which is kept in the git folder and not committed.
    """


@command.command("create")
@where_options
@reason_option
@terms_options
@click.option("--no-key", is_flag=True, help="Make no key: weak secrets get a slow hash, which can still be guessed.")
@click.option("--force", is_flag=True, help="Replace the baseline that is there.")
def create(where: Where, terms: Terms, no_key: bool, force: bool) -> int:
    """Accept every finding of REPO (default: this one) in a new baseline."""
    settings, path = where.settings()
    if path.exists() and not force:
        raise UsageError(f"{path.name} exists; use `leakguard baseline update`, or --force to make it anew.")
    terms = msgspec.structs.replace(terms, reason=terms.reason or f"known when the baseline was made on {_today()}")
    result, rules = look(where.folder, settings)
    fresh = msgspec.structs.replace(settings, baseline_path=None)
    key = settings.fingerprint_key if no_key else prepared_key(list(result.findings), where.folder, fresh, rules)
    entries = [entry_for(finding, rules, key, terms) for finding in result.findings]
    made = update_baseline(path, lambda _: Baseline(check=_check(entries, key)).with_entries(entries))
    click.echo(f"{path}: {_count(len(made.entries), 'finding')} accepted.")
    return 0


@command.command("update")
@where_options
@reason_option
@terms_options
@click.option("--prune", is_flag=True, help="Only take out entries that fit nothing any more; accept nothing new.")
@click.option("--renew", is_flag=True, help="Accept again what ran out; give --expires for how long.")
def update(where: Where, terms: Terms, prune: bool, renew: bool) -> int:
    """Accept what is new in REPO, and take out what is gone. What ran out stays so, without --renew."""
    settings, path = where.settings()
    read_baseline(path)
    _prepared(False, where.folder, settings)
    terms = msgspec.structs.replace(terms, reason=terms.reason or f"accepted on {_today()}")
    result, rules = look(where.folder, settings)
    key = prepared_key(list(result.findings), where.folder, settings, rules)
    there = {entry.fingerprint: entry for entry in (entry_for(item, rules, key, terms) for item in result.findings)}
    counts: dict[str, int] = {}

    def change(before: Baseline | None) -> Baseline:
        known = {entry.fingerprint: entry for entry in (before or Baseline()).entries}
        kept = [_renewed(entry, terms) if renew else entry for mark, entry in known.items() if mark in there]
        added = [] if prune else [entry for mark, entry in there.items() if mark not in known]
        counts.update(added=len(added), gone=len(known) - len(kept), kept=len(kept))
        check = _check([*kept, *added], key)
        return msgspec.structs.replace(before or Baseline(), check=check).with_entries([*kept, *added])

    update_baseline(path, change)
    click.echo(f"{path}: {counts['added']} accepted, {counts['gone']} gone, {counts['kept']} kept.")
    return 0


@command.command("show")
@where_options
@click.option("--format", "-f", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def show(where: Where, form: str) -> int:
    """Show what is accepted, why, by whom and until when."""
    settings, path = where.settings()
    baseline = read_baseline(path)
    if form == "json":
        sys.stdout.write(render_baseline(baseline).decode())
        return 0
    for entry in baseline.entries:
        click.echo(f"{entry.fingerprint}  {escape(entry.rule)}  {escape(entry.path)}")
        click.echo(f"    {'; '.join(_facts(entry))}")
    unusable = (
        sum(entry.keyed for entry in baseline.entries) if baseline.check != key_check(settings.fingerprint_key) else 0
    )
    click.echo(_count(len(baseline.entries), "entry"))
    if unusable:
        click.echo(f"{unusable} of them need a fingerprint key that is not here.")
    return 0


@command.command("key")
@click.argument("folder", metavar="[REPO]", default=".", type=click.Path(path_type=Path))
@click.option("--set", "given", is_flag=True, help="Keep the key that standard input holds.")
@click.option("--print", "shown", is_flag=True, help="Print the key, to hand it to teammates and CI.")
def key_command(folder: Path, given: bool, shown: bool) -> int:
    """Hand the fingerprint key on: --print here, --set in another clone, LEAKGUARD_FINGERPRINT_KEY in CI."""
    if given:
        text = sys.stdin.readline().strip()
        if not text:
            raise UsageError("standard input holds no key; pipe what `leakguard baseline key --print` printed.")
        click.echo(f"The key is kept in {write_key(folder, text)}.", err=True)
        return 0
    key = load_settings(folder).fingerprint_key
    if not key:
        raise UsageError("this clone has no fingerprint key; `leakguard baseline create` makes one where it is needed.")
    click.echo(key if shown else f"there is a key (check {key_check(key)}); --print shows it.")
    return 0


def entry_for(finding: Finding, rules: RuleSet, key: str, terms: Terms) -> Entry:
    """A finding as an entry of a baseline."""
    path = finding.places[0].path if finding.places else ""
    return _entry(_rule(rules, finding.rule), finding.secret, path, key, terms)


def accept(items: list[tuple[str, Secret, str, Terms]], folder: Path, settings: Settings, rules: RuleSet) -> int:
    """Put (rule, secret, path, terms) into the baseline of `folder`, beside what is there; how many were new. A key is
    made where one is needed and there is none."""
    assert settings.baseline_path is not None
    key = _prepared(any(needs_key(_rule(rules, rule), secret.reveal()) for rule, secret, *_ in items), folder, settings)
    fresh = [_entry(_rule(rules, rule), secret, path, key, terms) for rule, secret, path, terms in items]
    before: set[str] = set()

    def change(present: Baseline | None) -> Baseline:
        known = (present or Baseline()).entries
        before.update(entry.fingerprint for entry in known)
        entries = [*(entry for entry in fresh if entry.fingerprint not in before), *known]
        return msgspec.structs.replace(present or Baseline(), check=_check(entries, key)).with_entries(entries)

    made = update_baseline(settings.baseline_path, change)
    return len(made.entries) - len(before)


def prepared_key(findings: list[Finding], folder: Path, settings: Settings, rules: RuleSet) -> str:
    """The key for entries of these findings; it is made where one is needed and there is none."""
    return _prepared(any(_keyed(finding, rules) for finding in findings), folder, settings)


def _prepared(needed: bool, folder: Path, settings: Settings) -> str:
    place, key = settings.baseline_path, settings.fingerprint_key
    old = read_baseline(place) if place and place.exists() else Baseline()
    if any(entry.slow for entry in old.entries):
        return ""
    if old.check and old.check != key_check(key):
        raise UsageError(
            f"{place and place.name} was made with a fingerprint key that is not here; put it in {KEY_VARIABLE}, "
            "or run `leakguard baseline key --set`."
        )
    if needed and not key and key_file(folder):
        write_key(folder)
        click.echo(_KEY_MADE, err=True)
        return read_key(folder)
    return key


def _rule(rules: RuleSet, name: str) -> Rule:
    return rules.rules[rules.numbers[name]]


def _entry(rule: Rule, secret: Secret, path: str, key: str, terms: Terms) -> Entry:
    keyed = needs_key(rule, secret.reveal())
    return Entry(
        fingerprint=fingerprint(rule, secret.reveal(), key),
        rule=rule.id,
        reason=terms.reason,
        path=escape(path),
        owner=terms.owner,
        added=_today(),
        expires=terms.expires,
        keyed=keyed and bool(key),
        slow=keyed and not key,
    )


def parse_day(text: str) -> datetime.date:
    """The day of 2031-01-31, or of 90d, 12w, 6m, 1y from now."""
    units = {"d": 1, "w": 7, "m": 30, "y": 365}
    try:
        if text[:-1].isdigit() and text[-1:] in units:
            return _today() + datetime.timedelta(days=int(text[:-1]) * units[text[-1]])
        return datetime.date.fromisoformat(text)
    except (ValueError, OverflowError):
        raise UsageError(f"--expires: {text!r} is no date; write 2031-01-31, or 90d for ninety days.") from None


def _today() -> datetime.date:
    return datetime.datetime.now(datetime.timezone.utc).date()


def _renewed(entry: Entry, terms: Terms) -> Entry:
    if entry.expires is None or entry.expires >= _today():
        return entry
    if terms.expires is None:
        raise UsageError("--renew: say until when with --expires (2031-01-31, 90d).")
    return msgspec.structs.replace(entry, expires=terms.expires, owner=terms.owner or entry.owner)


def _keyed(finding: Finding, rules: RuleSet) -> bool:
    return needs_key(_rule(rules, finding.rule), finding.secret.reveal())


def _check(entries: list[Entry], key: str) -> str:
    return key_check(key) if any(entry.keyed for entry in entries) else ""


def _facts(entry: Entry) -> list[str]:
    ran_out = entry.expires is not None and entry.expires < _today()
    return [
        escape(entry.reason),
        *([f"owner {escape(entry.owner)}"] if entry.owner else []),
        *([f"added {entry.added}"] if entry.added else []),
        *([f"{'RAN OUT on' if ran_out else 'until'} {entry.expires}"] if entry.expires else []),
    ]


def _count(number: int, what: str) -> str:
    plural = f"{what[:-1]}ies" if what.endswith("y") else f"{what}s"
    return f"{number} {what if number == 1 else plural}"


_KEY_MADE = (
    "leakguard: some of these secrets could be guessed, so their fingerprints depend on a key that was made just now. "
    "It is kept in this clone's git folder and never committed. Hand it on: `leakguard baseline key --print` here, "
    f"`leakguard baseline key --set` in a teammate's clone, {KEY_VARIABLE} in CI."
)
