"""The baseline file: findings that someone has seen and accepted, by fingerprint, each with its reason.

It is made to be committed. It holds no secret and nothing that a weak one could be guessed from: the fingerprint of
what a person may have chosen is keyed (see `leakguard.fingerprint`), and `check` only tells whether the right key is at
hand.
"""

from __future__ import annotations

import datetime
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from leakguard.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

FILE_NAME = ".leakguard-baseline.json"
SCHEMA = "leakguard-baseline/1"
WAIT = 10.0
"""Seconds that a writer waits for another one to be done."""

_FAMILY = "leakguard-baseline/"


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One accepted finding. `path` helps a person to find it; what decides is the fingerprint (which the rule is in).

    `keyed`: the fingerprint depends on the key. `slow`: it would, but there was none, so the hash is a slow one.
    """

    fingerprint: str
    rule: str
    reason: str
    path: str = ""
    owner: str = ""
    added: datetime.date | None = None
    expires: datetime.date | None = None
    keyed: bool = False
    slow: bool = False


class Baseline(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All entries, ordered by rule and fingerprint, and the check of the key that the keyed ones were made with."""

    schema: str = SCHEMA
    check: str = ""
    entries: tuple[Entry, ...] = ()

    def with_entries(self, entries: list[Entry]) -> Baseline:
        """The same baseline with other entries, in their order; of two with one fingerprint the last stays."""
        unique = {entry.fingerprint: entry for entry in entries}
        return msgspec.structs.replace(
            self, entries=tuple(sorted(unique.values(), key=lambda entry: (entry.rule, entry.fingerprint)))
        )


class _Head(msgspec.Struct):
    schema: str = ""


def parse_baseline(data: bytes, label: str) -> Baseline:
    """A baseline from the bytes of its file. UsageError where it is none, or one of a later version."""
    try:
        schema = msgspec.json.decode(data, type=_Head).schema
        if schema.startswith(_FAMILY) and schema != SCHEMA:
            raise UsageError(f"{label} is a baseline of another version ({schema}); use the leakguard that wrote it.")
        if schema != SCHEMA:
            raise UsageError(f"{label} is no leakguard baseline; make one with `leakguard baseline create`.")
        return msgspec.json.decode(data, type=Baseline)
    except msgspec.DecodeError as problem:
        raise UsageError(
            f"{label} cannot be read as a baseline ({problem}); take the committed version back, or make a new one "
            "with `leakguard baseline create --force`."
        ) from None


def read_baseline(path: Path) -> Baseline:
    """The baseline at `path`. UsageError where it cannot be read."""
    try:
        data = path.read_bytes()
    except OSError as problem:
        raise UsageError(
            f"the baseline {path.name} cannot be read ({problem.strerror}); check the path and its permissions."
        ) from None
    return parse_baseline(data, path.name)


def render_baseline(baseline: Baseline) -> bytes:
    """The file's bytes: an entry a few lines, so that two people's additions merge."""
    return msgspec.json.format(msgspec.json.encode(baseline), indent=2) + b"\n"


def update_baseline(path: Path, change: Callable[[Baseline | None], Baseline], wait: float = WAIT) -> Baseline:
    """Replace the baseline at `path` by what `change` makes of it (None: there is none yet), whole or not at all.

    A lock file beside it keeps a second writer out, who waits: no addition is lost. The lock becomes the new file.
    """
    lock = path.with_name(path.name + ".lock")
    handle = _lock(lock, wait)
    ours = True
    try:
        with os.fdopen(handle, "wb") as out:
            made = change(read_baseline(path) if path.exists() else None)
            out.write(render_baseline(made))
            out.flush()
            os.fsync(out.fileno())
        lock.replace(path)
        ours = False
    except OSError as problem:
        raise UsageError(f"{path} cannot be written ({problem.strerror}); check the folder's permissions.") from None
    finally:
        if ours:  # once it is the new file, a lock of this name is the next writer's
            lock.unlink(missing_ok=True)
    return made


def _lock(lock: Path, wait: float) -> int:
    until = time.monotonic() + wait
    while True:
        try:
            return os.open(lock, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o644)
        except FileExistsError:
            if time.monotonic() > until:
                raise UsageError(
                    f"another leakguard is writing the baseline; if none runs any more, delete {lock} and try again."
                ) from None
            time.sleep(0.02)
        except OSError as problem:
            raise UsageError(
                f"{lock.parent} cannot be written ({problem.strerror}); check the folder's permissions."
            ) from None
