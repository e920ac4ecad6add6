"""Installs leakguard from the action's own checkout into a virtual environment of its own, once a version.

The environment lies in the runner's tool cache, so that a runner which is used again finds it again; it gets its name
from the files that it was made of, and it appears there whole or not at all. Only the standard library is used.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent.parent
PARTS = ("leakguard", "patterns", "pyproject.toml", "setup.py")
WRONG = 2


def main() -> int:
    """Install where needed, and tell the runner which interpreter to use."""
    store = Path(os.environ.get("RUNNER_TOOL_CACHE") or os.environ.get("RUNNER_TEMP") or tempfile.gettempdir())
    place = store / "leakguard" / f"{python_name()}-{fingerprint(CHECKOUT)}"
    if not interpreter(place).exists():
        try:
            install(place, store / "leakguard" / "pip")
        except subprocess.CalledProcessError:
            say("::error title=leakguard::Installing leakguard failed; the lines above say why.")
            return WRONG
        except OSError as problem:
            say(f"::error title=leakguard::Installing leakguard failed ({problem.strerror}); is {store} writable?")
            return WRONG
    output = os.environ.get("GITHUB_OUTPUT")
    if output:
        with Path(output).open("a", encoding="utf-8", newline="\n") as file:
            file.write(f"python={interpreter(place)}\n")
    say(f"leakguard: installed in {place}")
    return 0


def say(line: str) -> None:
    """A line for the log, at once: the runner reads it between the lines of pip."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def python_name() -> str:
    """What makes an environment unfit for another interpreter: its kind, version and machine."""
    return f"{sys.implementation.cache_tag}-{sys.platform}-{os.environ.get('RUNNER_ARCH', 'any').lower()}"


def fingerprint(checkout: Path) -> str:
    """A name for the files that leakguard is made of."""
    found = hashlib.sha256(sys.prefix.encode())
    for part in PARTS:
        root = checkout / part
        for path in sorted(root.rglob("*")) if root.is_dir() else [root]:
            if path.is_file() and "__pycache__" not in path.parts:
                found.update(f"{path.relative_to(checkout).as_posix()}\0{path.stat().st_size}\0".encode())
                found.update(path.read_bytes())
    return found.hexdigest()[:16]


def interpreter(place: Path) -> Path:
    """The interpreter of a virtual environment."""
    return place / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def install(place: Path, cache: Path) -> None:
    """Make the environment beside its place and move it there; another job may have done so in the meantime."""
    place.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix="draft-", dir=place.parent))
    try:
        run(sys.executable, "-I", "-m", "venv", str(draft))
        source = draft / "source"
        copy(CHECKOUT, source)
        pip = (str(interpreter(draft)), "-I", "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
        run(*pip, "--cache-dir", str(cache), str(source))
        shutil.rmtree(source, ignore_errors=True)
        try:
            draft.rename(place)
        except OSError:
            if not interpreter(place).exists():
                raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def copy(checkout: Path, target: Path) -> None:
    """What a build reads, so that it writes nothing into the action's checkout, which other jobs may share."""
    target.mkdir()
    for part in (*PARTS, "README.md", "LICENSE"):
        source = checkout / part
        if source.is_dir():
            shutil.copytree(source, target / part, ignore=shutil.ignore_patterns("__pycache__", "*.so", "*.pyd"))
        elif source.is_file():
            shutil.copy2(source, target / part)


def run(*command: str) -> None:
    """Run a command; what it prints goes to the log."""
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)


if __name__ == "__main__":
    sys.exit(main())
