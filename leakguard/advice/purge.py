"""Taking secrets out of a history with git-filter-repo: the files that it reads, and the commands that run it.

The replace files hold the secrets themselves; whoever writes them answers for where they go. No command ever does.
What git-filter-repo would not replace (it skips a blob with a zero byte in its first 8192: archives, UTF-16) is taken
out whole, by its id.
"""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from leakguard.model import Finding, Place

REPLACEMENT = b"***REMOVED***"
SHORT = 8
"""A secret of fewer bytes is replaced wherever these bytes occur, which is told."""
_BINARY = 8192


class PurgePlan(msgspec.Struct, frozen=True):
    """What has to go. The bytes of `text` and `names` hold secrets; `blobs` are object ids.

    `outside` are places that no rewriting reaches, `refs` what has to be pushed again, `short` how many secrets are so
    short that their replacement may hit other text.
    """

    text: bytes
    names: bytes
    blobs: tuple[str, ...]
    secrets: int
    short: int
    refs: tuple[str, ...]
    paths: tuple[str, ...]
    rules: tuple[str, ...]
    outside: tuple[str, ...]
    unreachable: int


class Command(msgspec.Struct, frozen=True):
    """One command of the plan, as its words, and what it is for."""

    words: tuple[str, ...]
    purpose: str

    def line(self) -> str:
        return shlex.join(self.words)


class Hold(msgspec.Struct, frozen=True, order=True):
    """One span of a secret in a blob's own bytes; `whole` where it is in what the blob unfolds to instead (an archive's
    member, UTF-16 text)."""

    blob: str
    start: int
    end: int
    whole: bool = False


def plan_purge(
    findings: Sequence[Finding], holds: Mapping[bytes, Sequence[Hold]], read: Callable[[str], bytes]
) -> PurgePlan:
    """The plan for these findings. `holds` are the spans of each value, `read` gives a blob's content by its id."""
    needles: set[bytes] = set()
    names: set[bytes] = set()
    blobs: set[str] = set()
    for finding in findings:
        values = [finding.secret.reveal(), *(secret.reveal() for _, secret in finding.parts)]
        needles.update(values)
        for hold in (hold for value in values for hold in holds.get(value, ())):
            content = read(hold.blob)
            if hold.whole or b"\0" in content[:_BINARY]:
                blobs.add(hold.blob)
            else:
                needles.add(content[hold.start : hold.end])
        if any(place.source == "file name" for place in _places(finding)):
            names.update(values)
    lives = [finding.provenance for finding in findings if finding.provenance]
    places = [place for finding in findings for place in _places(finding)]
    needles.discard(b"")
    return PurgePlan(
        text=b"".join(map(_line, sorted(needles, key=lambda needle: (-len(needle), needle)))),
        names=b"".join(b"regex:" + _escaped(value) + b"==>REMOVED\n" for value in sorted(names)),
        blobs=tuple(sorted(blobs)),
        secrets=len(findings),
        short=sum(len(needle) < SHORT for needle in needles),
        refs=tuple(sorted({ref for life in lives for ref in life.refs})),
        paths=tuple(sorted({place.path for place in places if place.source == "blob"})),
        rules=tuple(sorted({finding.rule for finding in findings})),
        outside=tuple(sorted({place.path for place in places if place.source == "repository"})),
        unreachable=sum(life.unreachable for life in lives),
    )


def purge_commands(plan: PurgePlan, source: str, text: str, names: str, blobs: str) -> list[Command]:
    """The commands, in order. `source` is what to clone and push to; the others are the paths of the three files."""
    rewrite = ["git", "-C", "purge.git", "filter-repo", "--replace-text", text, "--replace-message", text]
    rewrite += ["--paths-from-file", names] if plan.names else []
    rewrite += ["--strip-blobs-with-ids", blobs] if plan.blobs else []
    files = [text, *([names] if plan.names else []), *([blobs] if plan.blobs else [])]
    return [
        Command(("git", "clone", "--no-local", "--mirror", source, "purge.git"), "a fresh clone with every ref"),
        Command(tuple(rewrite), "the rewriting itself; commit ids change from the first commit that held a secret on"),
        Command(("leakguard", "sweep", "purge.git"), "must find none of them any more"),
        Command(("git", "-C", "purge.git", "push", "--force", "--mirror", source), "every branch and tag, replaced"),
        Command(("rm", *files), "the replace files hold the secrets: delete them (Windows: del)"),
    ]


def _places(finding: Finding) -> tuple[Place, ...]:
    """Every place that is known of a finding, today's and those of the commits that brought it and took it."""
    life = finding.provenance
    events = (*life.introduced, *life.removed) if life else ()
    return (*finding.places, *(place for event in events for place in event.places))


def _line(needle: bytes) -> bytes:
    """One line of a replace file. What a literal line cannot say (line ends, outer blanks) is said as an
    expression."""
    plain = needle.strip() == needle and not re.search(rb"[\r\n\x0b\x0c\x1c-\x1e\x85]", needle)
    body = b"literal:" + needle if plain else b"regex:" + _escaped(needle)
    return body + b"==>" + REPLACEMENT + b"\n"


def _escaped(value: bytes) -> bytes:
    """An expression for exactly these bytes, on one line."""
    return b"".join(bytes([byte]) if chr(byte).isalnum() and byte < 128 else b"\\x%02x" % byte for byte in value)
