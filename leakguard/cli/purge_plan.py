"""`leakguard purge-plan`: how to take what was found out of the whole history, with git-filter-repo."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from leakguard.advice.purge import Hold, plan_purge, purge_commands
from leakguard.cli.options import Looking, detection_options, load_rules, settings_for
from leakguard.cli.progress import watch
from leakguard.errors import UsageError
from leakguard.excerpt import escape
from leakguard.git.repository import open_repository
from leakguard.sweep.quotes import NAME, WHOLE

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pygit2

    from leakguard.advice.purge import Command, PurgePlan
    from leakguard.collect import Spot
    from leakguard.model import Finding

SCHEMA = "leakguard-purge-plan/1"


@click.command("purge-plan")
@click.argument("repository", metavar="[REPO]", default=".", type=click.Path(path_type=Path))
@detection_options
@click.option("--fingerprint", "marks", multiple=True, metavar="HEX", help="Only these findings. Repeatable.")
@click.option(
    "--replacements", type=click.Path(path_type=Path), help="Where to write the replace file, outside of REPO."
)
@click.option("--format", "-f", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(
    repository: Path,
    looking: Looking,
    marks: tuple[str, ...],
    replacements: Path | None,
    form: str,
) -> int:
    """Say how to purge what a sweep of REPO finds, and write the file that git-filter-repo needs for it.

    The replace file holds the secrets in clear text. It is written only where --replacements says, outside of the
    repository, readable for you alone. No command that is printed holds a secret.
    """
    from leakguard.sweep.run import sweep_with_spots

    opened = open_repository(repository)
    if replacements:
        _check_place(replacements, opened.git)
    settings = settings_for(repository, looking)
    with watch(str(repository)) as progress:
        result, spots = sweep_with_spots(repository, load_rules(settings), settings, progress)
    findings = _chosen(result.findings, marks)
    holds = {value: list(_holds(found)) for value, found in spots.items()}
    plan = plan_purge(findings, holds, lambda oid: _blob(opened.git, oid))
    source = result.remote or str(Path(opened.git.workdir or opened.git.path).resolve())
    text = replacements or Path("..") / "leakguard-replacements.txt"
    files = tuple(str(_beside(text, suffix)) for suffix in ("", ".names", ".blobs"))
    commands = purge_commands(plan, source, *files)
    if replacements and findings:
        _write(plan, replacements)
    click.echo(_json(plan, commands) if form == "json" else _text(plan, commands, written=bool(replacements)))
    return 0


def _holds(spots: list[Spot]) -> Iterator[Hold]:
    """The spots that are in blobs; messages and names are replaced by the secret itself."""
    for spot in spots:
        if spot.holder and spot.label not in WHOLE and not spot.label.startswith(NAME):
            yield Hold(spot.holder, spot.start, spot.end, bool(spot.label))


def _chosen(findings: tuple[Finding, ...], marks: tuple[str, ...]) -> list[Finding]:
    chosen = [item for item in findings if not marks or any(item.fingerprint.startswith(mark) for mark in marks)]
    if marks and not chosen:
        raise UsageError("--fingerprint: no finding has it; `leakguard sweep` shows those that there are.")
    return chosen


def _check_place(place: Path, repo: pygit2.Repository) -> None:
    """UsageError where the replace file must not go: into the repository, or over something that is there."""
    target = place.resolve()
    for root in filter(None, (repo.workdir, repo.path)):
        if target.is_relative_to(Path(root).resolve()):
            raise UsageError(f"--replacements: {place} lies in the repository, where it could be committed; choose a "
                             "place outside of it.")  # fmt: skip
    for suffix in ("", ".names", ".blobs"):
        if os.path.lexists(_beside(place, suffix)):
            raise UsageError(f"--replacements: {_beside(place, suffix)} exists; choose a new file.")


def _beside(place: Path, suffix: str) -> Path:
    return place.with_name(place.name + suffix) if suffix else place


def _write(plan: PurgePlan, place: Path) -> None:
    """The replace files, for their owner's eyes only."""
    contents = {"": plan.text, ".names": plan.names, ".blobs": "".join(f"{oid}\n" for oid in plan.blobs).encode()}
    for suffix, content in contents.items():
        if not content:
            continue
        target = _beside(place, suffix)
        try:
            handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
            with os.fdopen(handle, "wb") as out:
                out.write(content)
        except OSError as problem:
            raise UsageError(f"--replacements: {target} cannot be written ({problem.strerror}).") from None
    click.echo(
        f"leakguard: {place} holds {plan.secrets} secret{'s' * (plan.secrets != 1)} in clear text, readable for you "
        "only. Commit it nowhere, send it to nobody, and delete it when you are done.",
        err=True,
    )


def _blob(repo: pygit2.Repository, oid: str) -> bytes:
    try:
        return repo[oid].read_raw()
    except (KeyError, ValueError):
        return b""


def _text(plan: PurgePlan, commands: list[Command], *, written: bool) -> str:
    if not plan.secrets:
        return "Nothing to purge: no secret was found."
    guides = ", ".join(f"leakguard guide {rule}" for rule in plan.rules)
    lines = [
        f"To purge: {_count(plan.secrets, 'secret')} in {_count(len(plan.paths), 'path')}, "
        f"reached by {_count(len(plan.refs), 'ref')}.",
        "",
        "1. Revoke and rotate first; a purge takes no secret back from whoever has read it.",
        f"   {guides}",
        "2. Tell everyone who has a clone: commit ids will change; open work has to be pushed before, or moved over.",
        "3. Run, in an empty folder, with git-filter-repo installed (pip install git-filter-repo):",
        *(f"   {escape(item.line())}\n       # {item.purpose}" for item in commands),
        "4. Have every clone and fork made anew. A forge keeps pull request refs and caches: ask its support to drop "
        "them.",
    ]
    if plan.blobs:
        lines.append(f"Note: {_count(len(plan.blobs), 'binary file version')} will be taken out whole.")
    if plan.short:
        lines.append(f"Note: {plan.short} of them are shorter than 8 bytes and will be replaced wherever they occur.")
    if plan.outside:
        where = ", ".join(map(escape, plan.outside))
        lines.append(f"Note: no rewriting reaches {where}: mend that by hand, or leave this clone for a new one.")
    if plan.unreachable:
        lines.append("Note: what no ref reaches does not come along into a fresh clone; in this one, drop it with "
                     "git reflog expire --expire=now --all && git gc --prune=now")  # fmt: skip
    if not written:
        lines.append("The replace file was not written: say where with --replacements FILE, outside of the repository.")
    return "\n".join(lines)


def _json(plan: PurgePlan, commands: list[Command]) -> str:
    document = {
        "schema": SCHEMA,
        **{name: getattr(plan, name) for name in ("secrets", "short", "refs", "paths", "rules", "outside", "blobs")},
        "unreachable": plan.unreachable,
        "commands": [{"words": item.words, "purpose": item.purpose} for item in commands],
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode()


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'s' * (number != 1)}"
