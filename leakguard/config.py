"""Settings of a run: `.leakguard.toml` or `[tool.leakguard]` in pyproject.toml, merged with the command line.

A wrong key, type, glob or expression is a `ConfigError` that names file and key; nothing is ignored in silence.
"""

from __future__ import annotations

import datetime
import os
import re
from pathlib import Path
from typing import Any

import msgspec

from leakguard.errors import ConfigError

FILE_NAME = ".leakguard.toml"
KEY_VARIABLE = "LEAKGUARD_FINGERPRINT_KEY"
MAX_BLOB_SIZE = 256 << 20


class Allowance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A finding that someone decided to accept. All fields that are given must fit; `reason` is not optional."""

    reason: str
    fingerprint: str = ""
    rule: str = ""
    path: str = ""
    value: str = ""
    owner: str = ""
    expires: datetime.date | None = None


class _File(msgspec.Struct, forbid_unknown_fields=True):
    """The keys that a configuration file may hold."""

    exclude: list[str] = []
    enable: list[str] = []
    disable: list[str] = []
    rules: list[str] = []
    allow: list[Allowance] = []
    max_blob_size: str | int = ""
    jobs: int = 0
    fingerprint_key: str = ""


class Settings(msgspec.Struct, frozen=True):
    """What a run goes by. Frozen: the command line makes a new one."""

    exclude: tuple[str, ...] = ()
    enable: tuple[str, ...] = ()
    disable: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    rule_files: tuple[Path, ...] = ()
    allow: tuple[Allowance, ...] = ()
    max_blob_size: int = MAX_BLOB_SIZE
    blob_size_chosen: bool = False
    jobs: int = 0
    fingerprint_key: str = ""
    show_secrets: bool = False
    since: int = 0
    engine: str = "pack"
    source: str = ""

    @property
    def workers(self) -> int:
        """How many workers to use: as many as asked for, or one a core that this process may use."""
        if self.jobs:
            return self.jobs
        try:
            return len(os.sched_getaffinity(0))
        except AttributeError:
            return os.cpu_count() or 1


def load_settings(folder: Path, explicit: Path | None = None) -> Settings:
    """The settings that hold for `folder`: those of `explicit`, or of the nearest configuration file up to the root of
    its repository."""
    place = explicit or _find(folder)
    if place is None:
        return Settings(fingerprint_key=os.environ.get(KEY_VARIABLE, ""))
    table, label = _read(place)
    return parse_settings(table, label, place.parent)


def parse_settings(table: dict[str, Any], label: str, folder: Path) -> Settings:
    """A configuration table as settings. `folder` is what relative rule files are relative to."""
    try:
        found = msgspec.convert(table, _File)
    except msgspec.ValidationError as problem:
        raise _config_error(label, str(problem)) from None
    for key, entries in (
        ("exclude", found.exclude),
        *((f"allow[{n}].path", [a.path]) for n, a in enumerate(found.allow)),
    ):
        for glob in filter(None, entries):
            check_glob(glob, label, key)
    for number, allowance in enumerate(found.allow):
        _check_allowance(allowance, label, number)
    size = parse_size(found.max_blob_size, label, "max_blob_size") if found.max_blob_size != "" else 0
    if found.jobs < 0:
        raise ConfigError(label, "jobs", "must be 0 (one a core) or more")
    return Settings(
        exclude=tuple(found.exclude),
        enable=tuple(found.enable),
        disable=tuple(found.disable),
        rule_files=tuple(folder / name for name in found.rules),
        allow=tuple(found.allow),
        max_blob_size=size or MAX_BLOB_SIZE,
        blob_size_chosen=bool(size),
        jobs=found.jobs,
        fingerprint_key=found.fingerprint_key or os.environ.get(KEY_VARIABLE, ""),
        source=label,
    )


def _check_allowance(allowance: Allowance, label: str, number: int) -> None:
    key = f"allow[{number}]"
    if not allowance.reason.strip():
        raise ConfigError(label, f"{key}.reason", "is empty; say why this is no leak")
    if not (allowance.fingerprint or allowance.rule or allowance.path or allowance.value):
        raise ConfigError(label, key, "allows everything; give a fingerprint, rule, path or value")
    try:
        re.compile(allowance.value)
    except re.error as problem:
        raise ConfigError(label, f"{key}.value", f"is no regular expression ({problem})") from None


def check_glob(glob: str, label: str, key: str) -> None:
    """ConfigError where a glob can match nothing or everything by mistake."""
    if not glob.strip() or glob.count("[") != glob.count("]"):
        raise ConfigError(label, key, f"{glob!r} is no glob; write one like vendor/** or *.min.js")


def parse_size(text: str | int, label: str, key: str) -> int:
    """Bytes of 10485760, "10M", "512k" or "1G"."""
    found = re.fullmatch(r"\s*(\d+)\s*([kKmMgG]?)(?:i?[bB])?\s*", str(text))
    if not found or int(found.group(1)) == 0:
        raise ConfigError(label, key, f"{text!r} is no size; write one like 50M")
    return int(found.group(1)) << {"": 0, "k": 10, "m": 20, "g": 30}[found.group(2).lower()]


def _find(folder: Path) -> Path | None:
    folder = folder.resolve()
    for place in (folder, *folder.parents):
        if (place / FILE_NAME).is_file():
            return place / FILE_NAME
        project = place / "pyproject.toml"
        if project.is_file() and b"[tool.leakguard" in _bytes(project):
            return project
        if (place / ".git").exists():
            return None
    return None


def _bytes(place: Path) -> bytes:
    try:
        return place.read_bytes()
    except OSError as problem:
        raise ConfigError(place.name, "file", f"cannot be read ({problem.strerror}); check its permissions") from None


def _read(place: Path) -> tuple[dict[str, Any], str]:
    import tomli

    try:
        table = tomli.loads(_bytes(place).decode("utf-8"))
    except (tomli.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise ConfigError(place.name, "file", f"is not valid TOML ({problem}); mend that line") from None
    if place.name == "pyproject.toml":
        return table.get("tool", {}).get("leakguard", {}), "pyproject.toml [tool.leakguard]"
    return table, place.name


def _config_error(label: str, problem: str) -> ConfigError:
    unknown = re.search(r"unknown field `(\w+)`", problem)
    where = re.search(r"`\$\.?(.*?)`", problem)
    place = where.group(1) if where else ""
    if unknown:
        key = f"{place}.{unknown.group(1)}" if place else unknown.group(1)
        known = ", ".join(Allowance.__struct_fields__ if "allow" in place else _File.__struct_fields__)
        return ConfigError(label, key, f"is no known key; known are {known}")
    return ConfigError(label, place or "file", problem.split(" - at ")[0])
