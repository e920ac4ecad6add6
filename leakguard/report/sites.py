"""A place as other programs take it: a path inside the repository and columns that count characters."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from leakguard.report.saved import characters

if TYPE_CHECKING:
    from leakguard.model import Place, Secret

_OBJECT = re.compile(r"(blob|tree|commit|tag) ([0-9a-f]{12})")
_ODD = re.compile(r"[^\x20-\x7e]|\\[xuU]")


def site(place: Place) -> str:
    """The path of a place for programs that know only files.

    What is no file of the repository gets a path below `.git`, where no file of a repository can be: an object that no
    path leads to, a commit's or tag's message, the names of refs. The path is text; who needs a URI quotes it.
    """
    found = _OBJECT.match(place.path)
    if found and place.object.startswith(found[2]):
        return f".git/{found[1]}/{place.object}{place.path[found.end() :]}"
    if place.source == "repository" and not place.path.startswith(".git/"):
        return ".git/" + place.path.replace(" ", "-")
    return place.path


def is_file(place: Place) -> bool:
    """Whether the place is a spot in a file's content, so that a line number of that file says something."""
    return place.source in ("blob", "file") and site(place) == place.path and not place.path.startswith(".git/")


def columns(place: Place, secret: Secret) -> tuple[int, int] | None:
    """First column and the one after the last, from 1, in characters; None where bytes and characters may differ.

    Places count bytes. Characters are the same number where all of the line up to the secret is ASCII; the masked
    excerpt tells. Elsewhere a line without columns is true and a guess would not be.
    """
    hits = [line.text for line in place.excerpt if line.hit]
    if not hits or place.line < 1 or place.column < 1:
        return None
    before = hits[0][: place.column - 1]
    if len(hits[0]) < place.column or _ODD.search(before):
        return None
    if place.line != place.end_line:
        last = hits[-1] if len(hits) == place.end_line - place.line + 1 else ""
        return (place.column, place.end_column) if last and not _ODD.search(last) else None
    if place.end_column - place.column == len(secret):
        return place.column, place.column + characters(secret)
    return place.column, max(place.end_column, place.column + 1)
