"""The program `leakguard`: its table of commands, and the one place where errors become exit statuses."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import NoReturn

import click

from leakguard import __version__
from leakguard.errors import LeakguardError

COMMANDS = {
    "sweep": ("leakguard.cli.sweep", "Find secrets in the whole history of repositories."),
    "scan": ("leakguard.cli.scan", "Find secrets in files, folders or standard input."),
    "staged": ("leakguard.cli.staged", "Find the secrets that the next commit would add."),
    "range": ("leakguard.cli.range", "Find the secrets that a push or a pull request brings."),
    "install": ("leakguard.cli.install", "Install the hooks, in this repository or for all of them."),
    "report": ("leakguard.cli.report", "Show a saved result in another format."),
    "diff": ("leakguard.cli.diff", "Compare two saved results: new, moved, still there, fixed."),
    "migrate": ("leakguard.cli.migrate", "Take over what was decided in gitleaks, detect-secrets or kingfisher."),
    "purge-plan": ("leakguard.cli.purge_plan", "Say how to take what was found out of the history."),
    "hygiene": ("leakguard.cli.hygiene", "Say whether .gitignore and its relatives keep secrets out."),
    "audit": ("leakguard.cli.audit", "Go through the findings one by one and decide each."),
    "baseline": ("leakguard.cli.baseline", "Accept the findings that are there, until when you say."),
    "rules": ("leakguard.cli.rules", "Show, test and check the rules."),
    "why": ("leakguard.cli.why", "Say why something is a finding, or why it is none."),
    "guide": ("leakguard.cli.guide", "Show how to revoke and rotate one kind of credential."),
    "action": ("leakguard.cli.action", ""),
}
"""A new command is one file and one line here. Modules are imported when their command runs. One without a text is
called by a program and not listed."""

CLEAN, FOUND, WRONG, INCOMPLETE, INTERRUPTED = 0, 1, 2, 3, 130


class _Commands(click.Group):
    """A group that knows its commands by name and imports one only when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(COMMANDS[cmd_name][0]).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items() if text])


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="leakguard")
def main() -> None:
    """Find secrets in git history, commits and config files, and learn how to revoke each one.

    Exit status: 0 nothing found, 1 findings, 2 wrong usage or configuration, 3 incomplete (something could not be read)
    and nothing found.
    """


def run() -> None:
    """Entry point. Every error that leakguard raises on purpose becomes one sentence and exit status 2."""
    try:
        status = main.main(prog_name="leakguard", standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as problem:
        problem.show()
        status = WRONG
    except LeakguardError as problem:
        click.echo(f"leakguard: {problem}", err=True)
        status = WRONG
    except (KeyboardInterrupt, click.Abort):
        click.echo("leakguard: interrupted; no report is whole.", err=True)
        status = INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has gone (`| head`); Python must not try to flush into the closed pipe.
        _drop_output()
        status = FOUND
    except Exception as problem:
        if os.environ.get("LEAKGUARD_TRACEBACK"):
            raise
        kind = type(problem).__name__
        click.echo(
            f"leakguard: internal error ({kind}); nothing can be said of this run. "
            "Set LEAKGUARD_TRACEBACK=1 to see where, and report it.",
            err=True,
        )
        status = INCOMPLETE
    _leave(status if isinstance(status, int) else CLEAN)


def _leave(status: int) -> NoReturn:
    """Exit without taking the interpreter apart first, which a hook would have to wait for; workers ended before."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            continue
    os._exit(status)


def _drop_output() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
