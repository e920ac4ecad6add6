"""`leakguard install`: the hooks, in this repository or for all that are made from now on."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import click

from leakguard.cli.options import load_rules
from leakguard.config import load_settings
from leakguard.errors import RepositoryError, UsageError
from leakguard.hooks import HOOKS, install, uninstall


@click.command("install")
@click.argument("folder", metavar="[REPO]", default=".", type=click.Path(path_type=Path))
@click.option("--hook", "names", multiple=True, type=click.Choice(list(HOOKS)), help="Which hooks. Repeatable.")
@click.option("--template", is_flag=True, help="In git's template folder: for every repository made or cloned later.")
@click.option("--uninstall", "removing", is_flag=True, help="Take them out again; hooks from before come back.")
def command(folder: Path, names: tuple[str, ...], template: bool, removing: bool) -> None:
    """Install the hooks that stop secrets at the commit and at the push.

    In a working repository: pre-commit and pre-push. In a bare one, which others push to: pre-receive. Hooks that are
    there already are kept and run after these; core.hooksPath is heeded.
    """
    if template:
        place, chosen = _template_folder(removing=removing), names or ("pre-commit", "pre-push")
    else:
        place = _hooks_folder(folder)
        bare = _git("rev-parse", "--is-bare-repository", cwd=folder) == "true"
        chosen = names or (tuple(HOOKS) if removing else ("pre-receive",) if bare else ("pre-commit", "pre-push"))
    for name in chosen:
        outcome = uninstall(place, name) if removing else install(place, name, program())
        if outcome != "not there" or name in names:
            click.echo(f"{outcome}: {place / name}")
    if removing and template:
        _unset_template(place.parent)
    elif not removing:
        load_rules(load_settings(Path() if template else folder))
        _hint(place, template=template)


def program() -> tuple[str, ...]:
    """The words that start this leakguard from anywhere, and nothing of the folder that it is started in."""
    name = "leakguard.exe" if sys.platform == "win32" else "leakguard"
    beside = Path(sys.executable).with_name(name)
    found = str(beside) if beside.is_file() else shutil.which("leakguard")
    if found:
        return (Path(found).absolute().as_posix(),)
    root = Path(__file__).resolve().parent.parent.parent
    start = f"import sys; sys.path.insert(0, {str(root)!r}); from leakguard.cli.main import run; run()"
    return (Path(sys.executable).as_posix(), "-I", "-c", start)


def _hooks_folder(folder: Path) -> Path:
    if not folder.is_dir():
        raise UsageError(f"{folder} is no folder; give the path of a repository.")
    found = _git("rev-parse", "--git-path", "hooks", cwd=folder)
    if not found:
        raise RepositoryError(f"{folder} is in no git repository; run `git init` there first, or use --template.")
    place = folder / found
    if ".husky" in place.parts:
        raise UsageError(
            f"husky manages the hooks in {place}; add the line `leakguard staged` to .husky/pre-commit and "
            '`leakguard range --pre-push "$1"` to .husky/pre-push instead.'
        )
    return place


def _template_folder(*, removing: bool) -> Path:
    """The hooks of git's template folder: the one that is set, or one of ours, which is set from now on."""
    found = _git("config", "--global", "--type=path", "--get", "init.templateDir")
    place = Path(found) if found else _own_template()
    if found or removing:
        return place / "hooks"
    _git("config", "--global", "init.templateDir", place.as_posix())
    if not _git("config", "--global", "--get", "init.templateDir"):
        raise UsageError("init.templateDir cannot be set; check that git's global configuration can be written.")
    (place / "info").mkdir(parents=True, exist_ok=True)  # as in git's own: people write into info/exclude
    click.echo(f"git config --global init.templateDir {place.as_posix()}")
    return place / "hooks"


def _own_template() -> Path:
    from platformdirs import user_data_path

    return user_data_path("leakguard", appauthor=False) / "git-template"


def _unset_template(place: Path) -> None:
    """Forget a template folder of ours in which no hook is left; new repositories get git's own again."""
    if place != _own_template() or any((place / "hooks").glob("*")):
        return
    _git("config", "--global", "--unset", "init.templateDir")
    click.echo("git config --global --unset init.templateDir")


def _hint(place: Path, *, template: bool) -> None:
    if template:
        click.echo("Repositories that are there already: run `leakguard install` in each, or `git init` once more.")
    elif _git("config", "--show-scope", "--get", "core.hooksPath", cwd=place).startswith(("global", "system")):
        click.echo("core.hooksPath is set for all of your repositories, so these hooks run in all of them.")


def _git(*arguments: str, cwd: Path | None = None) -> str:
    """What git answers, '' where it says no."""
    try:
        done = subprocess.run(["git", *arguments], cwd=cwd, capture_output=True, check=False)
    except OSError as problem:
        raise UsageError(f"git cannot be run ({problem.strerror}); install it, or put it on the PATH.") from None
    return done.stdout.decode("utf-8", "surrogateescape").rstrip("\n") if done.returncode == 0 else ""
