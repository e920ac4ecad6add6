"""How time and memory of a sweep grow with the history: made-up repositories of several sizes.

    python benchmarks/sweep/curve.py FOLDER [--secrets N] [COMMITS...]

The repositories are made in FOLDER by git's own fast-import (the same bytes every time) and kept for the next run.
Every commit edits a line of one of 400 files; one in a thousand brings a password or takes one out, or N do in each
history, so that what grows is the history alone. Time and peak
memory are of one worker, mapped pages of the pack included; beside them the peak of two workers' processes together, in
which each page that they share is counted once (Linux alone tells it, and it is looked at every few milliseconds).
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

SIZES = (10_000, 30_000, 100_000)
FILES = 400
LINES = 120
SECRET_EVERY = 1000
WORDS = ("the", "of", "and", "to", "in", "is", "that", "for", "it", "as", "was", "with", "be", "by", "on", "not", "he")


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("folder", type=Path)
    asked.add_argument("--secrets", type=int, default=0)
    asked.add_argument("sizes", type=int, nargs="*", default=SIZES)
    options = asked.parse_args()
    print("| commits | objects | pack MB | seconds | peak MB | of it the tables' | two workers MB |")
    print("|---|---|---|---|---|---|---|")
    for commits in options.sizes:
        repository = options.folder / (f"history-{commits}" + (f"-{options.secrets}" if options.secrets else ""))
        if not repository.exists():
            make(repository, commits, commits // (options.secrets + 1) if options.secrets else SECRET_EVERY)
        if commits == options.sizes[0]:
            sweep(repository)  # so that the rules are compiled
        objects, packed = size_of(repository)
        seconds, peak = sweep(repository)
        row = (f"{commits:,}", f"{objects:,}", *megabytes(packed), f"{seconds:.1f}", *megabytes(peak))
        print("|", " | ".join((*row, *megabytes(table_bytes(objects), shared_peak(repository)))), "|")


def megabytes(*figures: int) -> list[str]:
    return [f"{figure / 1e6:.0f}" if figure else "-" for figure in figures]


def make(repository: Path, commits: int, secret_every: int) -> None:
    """A bare repository with one branch of that many commits."""
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", repository], check=True)
    importing = subprocess.Popen(["git", "-C", repository, "fast-import", "--quiet"], stdin=subprocess.PIPE)
    assert importing.stdin is not None
    write_history(importing.stdin, commits, secret_every)
    importing.stdin.close()
    if importing.wait():
        raise SystemExit("git fast-import failed")
    subprocess.run(["git", "-C", repository, "repack", "-adfq", "--window=10", "--depth=50"], check=True)


def write_history(out: IO[bytes], commits: int, secret_every: int) -> None:
    """git's fast-import stream."""
    dice = random.Random(1)
    texts = [[sentence(dice) for _ in range(LINES)] for _ in range(FILES)]
    for number in range(commits):
        changed = range(FILES) if number == 0 else [dice.randrange(FILES)]
        if number:
            edit(dice, texts[changed[0]], secret=number % secret_every == 0)
        message = f"change {number}\n".encode()
        out.write(b"commit refs/heads/main\nmark :%d\n" % (number + 1))
        out.write(b"committer A U Thor <author@example.org> %d +0000\n" % (1_500_000_000 + 60 * number))
        out.write(b"data %d\n%s" % (len(message), message))
        for file in changed:
            content = "\n".join(texts[file]).encode() + b"\n"
            out.write(b"M 100644 inline part%d/file%d.txt\n" % (file % 20, file))
            out.write(b"data %d\n%s\n" % (len(content), content))


def edit(dice: random.Random, text: list[str], *, secret: bool) -> None:
    at = dice.randrange(LINES)
    text[at] = sentence(dice)
    if secret:
        value = "".join(dice.choices("abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789", k=20))
        text[at] = f'db_password = "{value}"'


def sentence(dice: random.Random) -> str:
    return " ".join(dice.choices(WORDS, k=dice.randint(4, 12))) + f" {dice.randrange(10**6)}"


def size_of(repository: Path) -> tuple[int, int]:
    """How many objects a repository has, and how many bytes their pack."""
    said = subprocess.run(
        ["git", "-C", repository, "count-objects", "-v"], check=True, capture_output=True, text=True
    ).stdout
    figures = dict(line.split(": ") for line in said.splitlines())
    return int(figures["in-pack"]), int(figures["size-pack"]) * 1024


def table_bytes(objects: int) -> int:
    """What the tables of a pack and of ids hold: see kernel_py.PackTable, and kernel_src/oid_table.h."""
    pack = objects * (20 + 1 + 8 + 1 + 8 + 3 * 4 + 1)
    slots = 1 << max(3, (objects + objects // 2).bit_length())
    bits = 1 << max(6, (8 * objects - 1).bit_length())
    return pack + 4 * slots + bits // 8


def start(repository: Path, jobs: int) -> subprocess.Popen[bytes]:
    options = ["--no-cache", "--jobs", str(jobs), "-f", "json", "-o", os.devnull]
    command = [sys.executable, "-m", "leakguard", "sweep", *options, str(repository)]
    return subprocess.Popen(command, stderr=subprocess.DEVNULL)


def check(code: int, repository: Path) -> None:
    if code not in (0, 1):
        raise SystemExit(f"the sweep of {repository} failed")


def sweep(repository: Path) -> tuple[float, int]:
    """Seconds and bytes of memory that a sweep takes."""
    begun = time.monotonic()
    process = start(repository, 1)
    _, status, usage = os.wait4(process.pid, 0)
    check(os.waitstatus_to_exitcode(status), repository)
    return time.monotonic() - begun, usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def shared_peak(repository: Path) -> int:
    """Bytes of memory that two workers take together; 0 where the system does not tell."""
    process, peak = start(repository, 2), 0
    while process.poll() is None:
        peak = max(peak, sum(map(share, family(process.pid))))
        time.sleep(0.005)
    check(process.returncode, repository)
    return peak


def family(pid: int) -> list[int]:
    """A process and those that it started."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return [pid]
    return [pid, *map(int, children)]


def share(pid: int) -> int:
    """A process's part of the pages that it has mapped."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:  # it is gone, or this is no Linux
        return 0
    return next((1024 * int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


if __name__ == "__main__":
    main()
