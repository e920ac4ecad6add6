"""Readers of config formats: this value is assigned to this name, at this exact span.

Rules read lines; these read structure, where a path is known: a name above its value, a Secret's base64, an element's
text. Every reader is tolerant (a broken file is read as far as it goes), bounded, and executes nothing. A new format is
one file here and one line in the table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from leakguard.formats import colons, json_text, lines, netrc, xml_text, yaml_text

if TYPE_CHECKING:
    from leakguard.formats.reader import Assignment, Reader

READERS: tuple[Reader, ...] = (
    netrc.READER,
    colons.READER,
    json_text.READER,
    yaml_text.READER,
    xml_text.READER,
    lines.READER,
)
"""The first that handles a path reads it."""


def find_reader(path: str) -> Reader | None:
    """The reader for a file of this path, or None."""
    return next((reader for reader in READERS if reader.handles(path)), None)


def read_assignments(path: str, data: bytes) -> list[Assignment]:
    """What the file assigns, in order of place; nothing for a format that no reader handles."""
    reader = find_reader(path)
    return list(reader.read(data)) if reader else []
