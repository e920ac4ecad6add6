"""What the commands for hooks share: where git says that things are, and a word on files that should not be tracked."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from leakguard.git.surroundings import Surroundings


def surroundings(folder: Path) -> Surroundings:
    """What git's variables say of this run; nothing where another repository was named on the command line."""
    from leakguard.git.surroundings import Surroundings, parse_surroundings

    return parse_surroundings(os.environ) if folder == Path() else Surroundings()


def remark(paths: Iterable[str], head: Callable[[str], bytes], shown: Callable[[str], str]) -> str:
    """As `leakguard.hygiene.names.remark`, which is imported where there are files to speak of."""
    from leakguard.hygiene import names

    return names.remark(paths, head, shown)
