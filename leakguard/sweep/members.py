"""What was found in members of zips: a history holds many versions of a wheel or a jar, which share most members."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from leakguard.detect.decoders import Decoded, Key
    from leakguard.detect.detector import Found

ROOM = 8 << 20
"""So many packed bytes of members are remembered."""


class Members:
    """What was found in members, by their keys, until there is no room for more."""

    def __init__(self) -> None:
        self._found: dict[Key, Found] = {}
        self._room = ROOM

    def __contains__(self, key: object) -> bool:
        return key in self._found

    def look(self, inner: Decoded, detect: Callable[[bytes], Found]) -> Found:
        """What is in a text of an archive: what was found in the same member before, or what `detect` finds."""
        key = inner.key
        if key is None:
            return detect(inner.data)
        found = self._found.get(key)
        if found is None:
            found = detect(inner.data)
            self._keep(key, found)
        return found

    def _keep(self, key: Key, found: Found) -> None:
        size = len(key[3])
        if size <= self._room:
            self._room -= size
            self._found[key] = found
