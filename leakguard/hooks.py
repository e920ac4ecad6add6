"""The hooks that git runs: their scripts, and putting them into a folder of hooks and taking them out again.

A hook that was there before is kept beside ours and runs after it. Every script is plain POSIX sh, which git brings
along on Windows, and stops the commit or the push where leakguard cannot be found or cannot do its work.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Literal

import msgspec

from leakguard.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

KEPT = ".before-leakguard"
"""What is added to the name of a hook that was there before."""

Outcome = Literal["installed", "renewed", "already there", "removed", "not there"]


class Hook(msgspec.Struct, frozen=True):
    """One of git's hooks: what it looks at, what it calls, and the way past it."""

    name: str
    looks_at: str
    command: str
    stops: str
    bypass: str
    reads: bool


HOOKS = {
    hook.name: hook
    for hook in (
        Hook(
            "pre-commit",
            "what is about to be committed",
            "staged",
            "the commit",
            "commit once without this check: git commit --no-verify",
            reads=False,
        ),
        Hook(
            "pre-push",
            "what a push would bring to the other side",
            'range --pre-push "${1:-}"',
            "the push",
            "push once without this check: git push --no-verify",
            reads=True,
        ),
        Hook(
            "pre-receive",
            "what somebody pushes here, before it is taken in",
            "range --pre-receive",
            "the push",
            "ask whoever runs this server",
            reads=True,
        ),
    )
}
"""By name. A new hook is one entry here and its script in hooks/."""

_MARK = "# leakguard's {name} hook:"

_HEAD = """#!/bin/sh
# leakguard's {name} hook: looks at {looks_at}.
# To {bypass_note}. To take it out: leakguard install --uninstall
program={program}
{fallback}if ! command -v "$program" >/dev/null 2>&1; then
    echo "leakguard is not installed here (pipx install leakguard), so it stopped {stops}; or {bypass}" >&2
    exit 1
fi
"""

_FALLBACK = """command -v "$program" >/dev/null 2>&1 || program=leakguard
"""

_CHECK = """{given}"$program" {arguments}{command}
status=$?
if [ $status -gt 1 ]; then
    echo "leakguard could not do its work, so it stopped {stops}; mend what it says above, or {bypass}" >&2
fi
[ $status -eq 0 ] || exit $status
"""

_TAIL = """if [ -x "$0{kept}" ]; then
    {given}"$0{kept}" "$@"
fi
"""


def script(name: str, program: Sequence[str] = ("leakguard",)) -> str:
    """The script of a hook that calls `program`, a command and the arguments that come before any other."""
    hook = HOOKS[name]
    given = 'printf "%s" "$lines" | ' if hook.reads else ""
    read = "lines=$(cat && echo x) && lines=${lines%x}\n" if hook.reads else ""
    head = _HEAD.format(
        name=name,
        looks_at=hook.looks_at,
        bypass_note=hook.bypass,
        program=shlex.quote(program[0]),
        fallback=_FALLBACK if len(program) == 1 and program[0] != "leakguard" else "",
        stops=hook.stops,
        bypass=hook.bypass,
    )
    arguments = "".join(f"{shlex.quote(word)} " for word in program[1:])
    check = _CHECK.format(given=given, arguments=arguments, command=hook.command, stops=hook.stops, bypass=hook.bypass)
    return head + read + check + _TAIL.format(kept=KEPT, given=given)


def install(folder: Path, name: str, program: Sequence[str]) -> Outcome:
    """Put a hook into a folder of hooks; one that is there and not ours is kept, and runs after it."""
    place, kept, text = folder / name, folder / (name + KEPT), script(name, program)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        before = _read(place)
        if before == text:
            return "already there"
        ours = before is None or _MARK.format(name=name) in before
        if not ours:
            if kept.exists():
                raise UsageError(f"{kept} is there already, so {place} cannot be kept; join the two by hand first.")
            place.rename(kept)
        place.write_text(text, "utf-8", newline="\n")
        place.chmod(0o755)
    except OSError as problem:
        raise _cannot(place, problem) from None
    return "renewed" if ours and before is not None else "installed"


def uninstall(folder: Path, name: str) -> Outcome:
    """Take a hook of ours out, and put the one that was there before back."""
    place, kept = folder / name, folder / (name + KEPT)
    try:
        if _MARK.format(name=name) not in (_read(place) or ""):
            return "not there"
        place.unlink()
        if kept.exists():
            kept.rename(place)
    except OSError as problem:
        raise _cannot(place, problem) from None
    return "removed"


def _read(place: Path) -> str | None:
    try:
        return place.read_text("utf-8", "surrogateescape")
    except FileNotFoundError:
        return None


def _cannot(place: Path, problem: OSError) -> UsageError:
    return UsageError(f"the hook {place} cannot be changed ({problem.strerror}); check the folder's permissions.")
