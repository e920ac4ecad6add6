"""Which files should never be committed, told by their names (and, where a name does not decide, by their first bytes).

A hook asks about every commit: most names are settled by their beginning and end, without an expression.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from leakguard.excerpt import escape
from leakguard.globs import path_matches
from leakguard.hygiene.catalogue import GROUPS, Group

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

HEAD_BYTES = 1 << 16
"""How much of a file is read to tell what it is."""


def groups_of(path: str) -> list[Group]:
    """The groups that a path's name belongs to; a harmless name belongs to none."""
    if not any(map(_may_be, path.split("/"))):
        return []
    found = [group for group in GROUPS if path_matches(path, _anywhere(group.globs))]
    return [] if any(path_matches(path, group.harmless) for group in found) else found


def classify(path: str, content: bytes) -> Group | None:
    """The group that a file belongs to by its name and its first bytes, None for a harmless one."""
    return next((group for group in groups_of(path) if group.holds(content)), None)


def remark(paths: Iterable[str], head: Callable[[str], bytes], shown: Callable[[str], str] = escape) -> str:
    """One line for other commands' reports: which of these paths should not be tracked, '' where none is. `head` gives
    what a file holds, at least its first bytes, `shown` its path as it may be shown."""
    found = [path for path in paths if groups_of(path) and classify(path, head(path)[:HEAD_BYTES])]
    if not found:
        return ""
    more = f" and {len(found) - 1} more" if len(found) > 1 else ""
    return f"hygiene: {shown(found[0])}{more} should not be tracked; `leakguard hygiene` says what to do"


@lru_cache(maxsize=1 << 16)
def _may_be(name: str) -> bool:
    """Whether any group may know files or folders of this name: whether it has the plain parts of one of the globs."""
    return name in _PLAIN or any(
        name.startswith(first) and name.endswith(last) and all(part in name for part in between)
        for first, *between, last in _PARTS
    )


_LAST = [glob.rsplit("/", 1)[-1].split("*") for group in GROUPS for glob in group.globs]
"""The last part of each glob (the catalogue has no wildcard but the star), cut at its stars."""
_PLAIN = frozenset(parts[0] for parts in _LAST if len(parts) == 1)
_PARTS = sorted({tuple(parts) for parts in _LAST if len(parts) > 1})


def _anywhere(globs: tuple[str, ...]) -> list[str]:
    """The same globs, those with a slash at any depth too."""
    return [f"**/{glob}" if "/" in glob else glob for glob in globs]
