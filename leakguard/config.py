"""Settings of a run: `.leakguard.toml` or `[tool.leakguard]` in pyproject.toml, merged with the command line.

A wrong key, type, glob or expression is a `ConfigError` that names file and key; nothing is ignored in silence.
"""

from __future__ import annotations

import datetime
import os
import re
from pathlib import Path
from typing import Any, Literal

import msgspec

from leakguard.errors import ConfigError
from leakguard.fingerprint import key_check
from leakguard.store.baseline import FILE_NAME as BASELINE_NAME
from leakguard.store.baseline import read_baseline
from leakguard.store.key import read_key

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
    baseline: str = ""
    stale_allowances: Literal["note", "fail"] = "note"


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
    memory: Path | None = None
    source: str = ""
    baseline: tuple[Allowance, ...] = ()
    baseline_source: str = ""
    baseline_path: Path | None = None
    notes: tuple[str, ...] = ()
    stale_fails: bool = False

    @property
    def workers(self) -> int:
        """How many workers to use: as many as asked for, or one a core that this process may use."""
        if self.jobs:
            return self.jobs
        try:
            return len(os.sched_getaffinity(0))
        except AttributeError:
            return os.cpu_count() or 1


def load_settings(folder: Path, explicit: Path | None = None, *, baseline: bool = True) -> Settings:
    """The settings that hold for `folder`: those of `explicit`, or of the nearest configuration file up to the root of
    its repository, with the entries of the baseline there (not where `baseline` is false)."""
    place = explicit or _find(folder)
    if place is None:
        settings = Settings(
            fingerprint_key=os.environ.get(KEY_VARIABLE, ""), baseline_path=_root(folder) / BASELINE_NAME
        )
    else:
        table, label = _read(place)
        settings = parse_settings(table, label, place.parent)
    if not settings.fingerprint_key:
        settings = msgspec.structs.replace(settings, fingerprint_key=read_key(folder))
    return with_baseline(settings) if baseline else settings


def with_baseline(settings: Settings, *, named: bool = False) -> Settings:
    """`settings` with the entries of the baseline that they name. UsageError where it cannot be read; one in the usual
    place has to be there only where somebody `named` it."""
    path = settings.baseline_path
    if path is None or (not named and path.name == BASELINE_NAME and not os.path.lexists(path)):
        return settings
    baseline = read_baseline(path)
    if any(entry.slow for entry in baseline.entries):
        # It was made without a key, on purpose: with one, none of these entries would be recognised.
        settings = msgspec.structs.replace(settings, fingerprint_key="")
    usable = baseline.check == key_check(settings.fingerprint_key)
    entries = [entry for entry in baseline.entries if usable or not entry.keyed]
    missing = len(baseline.entries) - len(entries)
    note = (
        f"{missing} of {len(baseline.entries)} entries of {path.name} need a fingerprint key that is not here: put it "
        f"in {KEY_VARIABLE}, or run `leakguard baseline key --set`"
    )
    allowances = tuple(
        Allowance(entry.reason, entry.fingerprint, entry.rule, "", "", entry.owner, entry.expires) for entry in entries
    )
    return msgspec.structs.replace(
        settings,
        baseline=allowances,
        baseline_source=path.name,
        notes=(*settings.notes, note) if missing else settings.notes,
    )


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
        baseline_path=folder / (found.baseline or BASELINE_NAME),
        stale_fails=found.stale_allowances == "fail",
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


def _root(folder: Path) -> Path:
    """The root of the repository that `folder` is in, or `folder`."""
    folder = folder.resolve()
    return next((place for place in (folder, *folder.parents) if (place / ".git").exists()), folder)


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
