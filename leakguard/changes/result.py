"""From texts that were taken in to a result: places at the paths and commits that brought the secrets."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Literal

import msgspec

from leakguard import __version__
from leakguard.changes.intake import NAME
from leakguard.detect.decoders import decode
from leakguard.detect.detector import Found
from leakguard.excerpt import TextView, escape, printable
from leakguard.model import CommitInfo, Coverage, Event, Place, Provenance, Result, Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from leakguard.assemble import Sited
    from leakguard.changes.intake import Intake, Site
    from leakguard.collect import Group, Spot
    from leakguard.model import Finding

MAX_PLACES = 50


class Frame(msgspec.Struct, frozen=True):
    """What a result says beside its findings. `info` tells of a commit; `unpushed` are those that are nowhere else yet,
    None where nobody knows."""

    kind: Literal["staged", "range"]
    target: str
    head: str = ""
    notes: tuple[str, ...] = ()
    info: Callable[[str], CommitInfo] | None = None
    unpushed: frozenset[str] | None = None
    advise: Callable[[Finding], Finding] | None = None


def result_of(intake: Intake, frame: Frame) -> Result:
    """The result of a run whose texts were all taken in."""
    bare = Result(
        target=frame.target,
        kind=frame.kind,
        version=__version__,
        rules=len(intake.active),
        coverage=_coverage(intake, (*frame.notes, *intake.settings.notes)),
        head=frame.head,
    )
    collector = intake.collector
    if not collector.groups and not collector.held:
        return bare
    from leakguard.assemble import assemble, settle

    rules = {rule.id: rule for rule in intake.rules.rules}
    guidance = intake.rules.guidance()
    found = assemble(settle(collector, rules), collector, _Places(intake, frame), rules, guidance, intake.settings)
    used = {finding.rule for finding in found.findings} | {item.rule for item in found.suppressed}
    return msgspec.structs.replace(
        bare,
        findings=tuple(map(frame.advise, found.findings)) if frame.advise else found.findings,
        suppressed=found.suppressed,
        coverage=msgspec.structs.replace(
            bare.coverage, held=found.held, notes=(*frame.notes, *found.notes), stale=found.stale
        ),
        guidance={rule: guidance[rule] for rule in sorted(used)},
    )


def _coverage(intake: Intake, notes: tuple[str, ...]) -> Coverage:
    return Coverage(
        objects={kind: number for kind, number in sorted(intake.counts.items()) if number},
        bytes=intake.bytes,
        scanned_bytes=intake.bytes,
        skipped=tuple(sorted(intake.skipped, key=lambda item: (item.what, item.reason))),
        notes=notes,
    )


class _Places:
    """Turns spots into the places where the changes put them, and the commits that did."""

    def __init__(self, intake: Intake, frame: Frame) -> None:
        self.intake, self.frame = intake, frame
        self.mask = None if intake.settings.show_secrets else intake.detector
        self._views: dict[tuple[str, str], TextView | None] = {}

    def locate(self, groups: Sequence[Group]) -> list[Sited]:
        """Each spot at every path and commit that it came with."""
        from leakguard.assemble import Sited

        sited = []
        for group in groups:
            found = self._placed(group)
            places = tuple(dict.fromkeys(place for _, place in found))
            paths = tuple(dict.fromkeys(place.path for place in places))
            sited.append(Sited(places[:MAX_PLACES], self._life(found), paths))
        return sited

    def place(self, spot: Spot) -> Place | None:
        """The first site of a spot that is held back."""
        sites = [
            site
            for (oid, label, _), found in self.intake.sites.items()
            if (oid, label) == (spot.holder, spot.label)
            for site in found
        ]
        return self._at(spot, min(sites)) if sites else None

    def _placed(self, group: Group) -> list[tuple[Site, Place]]:
        value = group.match.secret.reveal()
        sites = sorted(
            (site, spot) for spot in group.spots for site in self.intake.sites.get((spot.holder, spot.label, value), ())
        )
        return [(site, place) for site, spot in sites if (place := self._at(spot, site))]

    def _life(self, found: Sequence[tuple[Site, Place]]) -> Provenance | None:
        """The commits of the range that brought a secret in, in the order of the history."""
        if self.frame.kind == "staged":
            return None
        places: dict[str, list[Place]] = defaultdict(list)
        for site, place in found:
            places[site.commit].append(place)
        events = tuple(
            Event(self._info(commit), tuple(dict.fromkeys(there))[:MAX_PLACES]) for commit, there in places.items()
        )
        unpushed = self.frame.unpushed
        pushed = None if unpushed is None else any(commit not in unpushed for commit in places)
        return Provenance(introduced=events, pushed=pushed, commits=len(events))

    def _info(self, commit: str) -> CommitInfo:
        info = self.frame.info(commit) if self.frame.info else CommitInfo(commit, "", "", 0, 0, "")
        author, email, subject = (self._masked(text.encode()) for text in (info.author, info.email, info.subject))
        return msgspec.structs.replace(info, author=author, email=email, subject=subject)

    def _at(self, spot: Spot, site: Site) -> Place | None:
        view = self._view(spot)
        if view is None:
            return None
        path = self._masked(site.path) if site.path else f"{spot.label} {spot.holder[:12]}"
        inner = escape(spot.label) if spot.label.startswith("!") else ""
        source = "file name" if spot.label.startswith(NAME) else "blob" if site.path else spot.label
        return view.place(path + inner, spot.start, spot.end, source, spot.holder, mask=self.mask is not None)

    def _view(self, spot: Spot) -> TextView | None:
        key = (spot.holder, spot.label)
        if key not in self._views:
            content = self._content(spot)
            self._views[key] = None if content is None else TextView(content, self.mask)
        return self._views[key]

    def _content(self, spot: Spot) -> bytes | None:
        if spot.label.startswith(NAME):
            return spot.label[len(NAME) :].encode("utf-8", "surrogateescape")
        content = self.intake.blobs.content(spot.holder)
        if spot.label in ("", "commit", "tag"):
            return content
        return next(
            (inner.data for inner in decode(content) if (inner.label or "decoded") == spot.label and not inner.problem),
            None,
        )

    def _masked(self, raw: bytes) -> str:
        """Text that is shown far from where it was scanned, every secret in it masked."""
        found = self.mask.detect(raw) if self.mask else Found()
        spans = {(match.start, match.end) for match in found.matches} | {(held.start, held.end) for held in found.held}
        for start, end in sorted(spans, reverse=True):
            raw = raw[:start] + Secret(raw[start:end]).redacted().encode() + raw[end:]
        return printable(raw)
