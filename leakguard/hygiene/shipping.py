"""What leaves the machine by another door than git: images, packages, uploads. Each has ignore rules of its own, and
most of them do not look at .gitignore.

A new door is one function `(Folder) -> Door | None` and one line in DOORS.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from leakguard.globs import glob_expression, path_matches
from leakguard.hygiene.ignores import FILE_NAME, Rules
from leakguard.hygiene.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from leakguard.hygiene.ignores import Ignores


class Door(msgspec.Struct, frozen=True):
    """One way out of a folder: the file that rules it, what it makes, and which paths it lets through."""

    where: str
    what: str
    ships: Callable[[str], bool]


class Folder:
    """A folder that holds a file of some door's, in a work tree with these files and ignore rules."""

    def __init__(self, root: Path, path: str, files: frozenset[str], ignores: Ignores) -> None:
        self.root, self.path, self.files, self.ignores = root, path, files, ignores

    def has(self, name: str) -> bool:
        return f"{self.path}{name}" in self.files

    def text(self, name: str) -> str:
        """A file's text, '' where it cannot be read."""
        try:
            return (self.root / self.path / name).read_text("utf-8", "replace")
        except OSError:
            return ""


def shipped(root: Path, files: Sequence[str], sensitive: Sequence[str], ignores: Ignores) -> list[Problem]:
    """A problem for each sensitive file that some door would let out."""
    found: list[Problem] = []
    everything = frozenset(files)
    for path, name in _folders(files):
        for opens in DOORS[name]:
            door = opens(Folder(root, path, everything, ignores))
            if door is None:
                continue
            through = [item for item in sensitive if item.startswith(path) and door.ships(item[len(path) :])]
            detail = f"{door.where} lets it into {door.what}"
            found.extend(Problem("shipped", item, door.what, detail, 0, door.where) for item in through)
    return found


def _folders(files: Iterable[str]) -> Iterable[tuple[str, str]]:
    """(folder, door's name) for each file that may open a door."""
    for path in files:
        folder, _, name = path.rpartition("/")
        key = next((key for key in DOORS if glob_expression(key).fullmatch(name)), None)
        if key:
            yield (f"{folder}/" if folder else "", key)


def image(folder: Folder) -> Door | None:
    """A Dockerfile that copies its whole context takes all that .dockerignore does not name. Docker's patterns are
    anchored at the context's root: `.env` does not hide `app/.env`."""
    sources = _copied(folder.text("Dockerfile"))
    if not sources:
        return None
    place = next((name for name in ("Dockerfile.dockerignore", ".dockerignore") if folder.has(name)), "")
    rules = _docker_rules(folder.text(place)) if place else []

    def ships(path: str) -> bool:
        if not any(source in ("", ".") or path == source or path.startswith(f"{source}/") for source in sources):
            return False
        hidden = False
        for negated, expression in rules:
            parts = path.split("/")
            if any(expression.fullmatch("/".join(parts[:size])) for size in range(1, len(parts) + 1)):
                hidden = not negated
        return not hidden

    where = f"{folder.path}{place}" if place else f"{folder.path}Dockerfile (there is no .dockerignore)"
    return Door(where, "the container image", ships)


def _copied(text: str) -> list[str]:
    """The sources that COPY and ADD take from the context, as paths ('.': all of it)."""
    found: list[str] = []
    for line in re.sub(r"\\\r?\n", " ", text).splitlines():
        words = line.split()
        if len(words) < 3 or words[0].upper() not in ("COPY", "ADD") or any(w.startswith("--from") for w in words):
            continue
        plain = [word.strip('[]",') for word in words[1:] if not word.startswith("--")]
        found.extend(source.removeprefix("./").strip("/") or "." for source in plain[:-1])
    return found


def _docker_rules(text: str) -> list[tuple[bool, re.Pattern[str]]]:
    lines = [line.strip() for line in text.splitlines()]
    return [
        (line.startswith("!"), glob_expression(line.lstrip("!").strip().removeprefix("./").strip("/")))
        for line in lines
        if line and not line.startswith("#")
    ]


def npm_package(folder: Folder) -> Door | None:
    """npm packs what package.json's `files` names; without it, all that .npmignore does not hide; only where neither is
    there does it look at .gitignore. It never packs .npmrc."""
    try:
        package = json.loads(folder.text("package.json"))
    except ValueError:
        return None
    if not isinstance(package, dict) or package.get("private") is True or not package.get("name"):
        return None
    listed = package.get("files")
    named = [str(name).removeprefix("./").strip("/") for name in listed] if isinstance(listed, list) else None
    has_own = folder.has(".npmignore")
    own = Rules(folder.text(".npmignore").encode()) if has_own else None

    def ships(path: str) -> bool:
        if path.rsplit("/", 1)[-1] == ".npmrc":
            return False
        if named is not None:
            taken = [name for name in named if not name.startswith("!")]
            dropped = [name[1:].strip("/") for name in named if name.startswith("!")]
            return _named(path, taken) and not _named(path, dropped)
        return not own.hide(path) if own else not folder.ignores.here(f"{folder.path}{path}")

    where = (
        f"{folder.path}package.json (files)"
        if named is not None
        else f"{folder.path}{'.npmignore' if own else FILE_NAME}"
    )
    return Door(where, "the npm package", ships)


def _named(path: str, globs: Iterable[str]) -> bool:
    """Whether a path is, or lies in, what one of `files`' entries names; they are anchored at the package's root."""
    parts = path.split("/")
    prefixes = ["/".join(parts[:size]) for size in range(1, len(parts) + 1)]
    return any(glob_expression(glob or "**").fullmatch(prefix) for glob in globs for prefix in prefixes)


def source_distribution(folder: Folder) -> Door | None:
    """setuptools takes into the sdist what MANIFEST.in says, the last command that fits deciding."""
    commands = [line.split() for line in folder.text("MANIFEST.in").splitlines()]

    def ships(path: str) -> bool:
        taken = False
        for command in filter(None, commands):
            verdict = _manifest(command, path)
            taken = taken if verdict is None else verdict
        return taken

    return Door(f"{folder.path}MANIFEST.in", "the Python source distribution", ships)


def _manifest(command: list[str], path: str) -> bool | None:
    """What one command of MANIFEST.in says of a path."""
    verb, *words = command
    name = path.rsplit("/", 1)[-1]
    if verb in ("include", "exclude"):
        fits = any(glob_expression(word).fullmatch(path) for word in words)
    elif verb in ("global-include", "global-exclude"):
        fits = any(glob_expression(word).fullmatch(name) for word in words)
    elif verb in ("recursive-include", "recursive-exclude") and words:
        inside = words[0] in (".", "*") or path.startswith(f"{words[0].strip('/')}/")
        fits = inside and any(glob_expression(word).fullmatch(name) for word in words[1:])
    elif verb in ("graft", "prune") and words:
        fits = words[0] == "." or path.startswith(f"{words[0].strip('/')}/")
    else:
        return None
    return verb in ("include", "global-include", "recursive-include", "graft") if fits else None


def gcloud_upload(folder: Folder) -> Door | None:
    """gcloud uploads what .gcloudignore does not hide; it looks at .gitignore only where that file includes it."""
    text = folder.text(".gcloudignore")
    if re.search(r"(?m)^#!include:\.gitignore", text):
        text = re.sub(r"(?m)^#!include:\.gitignore.*$", lambda _: folder.text(FILE_NAME), text)
    rules = Rules(text.encode())
    return Door(f"{folder.path}.gcloudignore", "the upload to Google Cloud", lambda path: not rules.hide(path))


def serverless_package(folder: Folder) -> Door | None:
    """The Serverless Framework zips the whole folder but for its `package` patterns; with `useDotenv` it leaves .env
    files out."""
    name = next((name for name in ("serverless.yml", "serverless.yaml") if folder.has(name)), "")
    text = folder.text(name)
    patterns = re.findall(r"(?m)^\s*-\s*['\"]?(!?[^'\"#\n]+?)['\"]?\s*$", _block(text, "package"))
    excluding = "exclude:" in text and "patterns:" not in text
    dotenv = re.search(r"(?m)^useDotenv:\s*true", text) is not None

    def ships(path: str) -> bool:
        if dotenv and path.rsplit("/", 1)[-1].startswith(".env"):
            return False
        taken = True
        for pattern in patterns:
            if path_matches(path, (pattern.lstrip("!").removeprefix("./"),)):
                taken = not (pattern.startswith("!") or excluding)
        return taken

    return Door(f"{folder.path}{name}", "the serverless package", ships)


def _block(text: str, key: str) -> str:
    found = re.search(rf"(?m)^{key}:[ \t]*\r?\n((?:[ \t]+.*(?:\r?\n|$)|\r?\n)*)", text)
    return found.group(1) if found else ""


DOORS: dict[str, tuple[Callable[[Folder], Door | None], ...]] = {
    "Dockerfile": (image,),
    "package.json": (npm_package,),
    "MANIFEST.in": (source_distribution,),
    ".gcloudignore": (gcloud_upload,),
    "serverless.yml": (serverless_package,),
    "serverless.yaml": (serverless_package,),
}
"""What each file's presence in a folder opens."""
