"""From texts that were taken in to a result: places at the paths and commits that brought the secrets."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Literal

import msgspec

from leakguard import __version__
from leakguard.changes.intake import NAME, Site
from leakguard.detect.decoders import decode
from leakguard.excerpt import TextView, masked
from leakguard.model import CommitInfo, Coverage, Event, Place, Provenance, Result

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from leakguard.assemble import Sited
    from leakguard.changes.intake import Intake
    from leakguard.changes.tips import Standing, Tips
    from leakguard.collect import Group, Spot
    from leakguard.model import Finding

    Remark = Callable[[Iterable[str], Callable[[str], bytes], Callable[[str], str]], str]
    """From paths, how to read one and how to show one, to one line; '' where there is nothing to say."""

MAX_PLACES = 50
MAX_REFS = 50


class Frame(msgspec.Struct, frozen=True):
    """What a result says beside its findings. `info` tells of a commit; `unpushed` are those that are nowhere else yet,
    None where nobody knows; `tips` is what the changes lead to; `remark` says in one line what is to be said of
    files by their names."""

    kind: Literal["staged", "range"]
    target: str
    head: str = ""
    notes: tuple[str, ...] = ()
    info: Callable[[str], CommitInfo] | None = None
    unpushed: frozenset[str] | None = None
    advise: Callable[[Finding], Finding] | None = None
    tips: Tips | None = None
    remote: str = ""
    remark: Remark | None = None


def result_of(intake: Intake, frame: Frame) -> Result:
    """The result of a run whose texts were all taken in."""
    result = _found(intake, frame)
    line = _remark(intake, frame, blocking=bool(result.findings)) if frame.remark else ""
    if not line:
        return result
    coverage = msgspec.structs.replace(result.coverage, notes=(*result.coverage.notes, line))
    return msgspec.structs.replace(result, coverage=coverage)


def _remark(intake: Intake, frame: Frame, *, blocking: bool) -> str:
    """What is to be said of the files by their names: of those that are new, and of all once the run stands in the way
    anyhow."""
    assert frame.remark is not None
    chosen = intake.touched if blocking else intake.fresh
    files = {path.decode("utf-8", "surrogateescape"): blob for path, blob in chosen.items()}

    def head(path: str) -> bytes:
        try:
            return intake.blobs.content(files[path]) if path in files else b""
        except ValueError:
            return b""

    def shown(path: str) -> str:
        return masked(
            path.encode("utf-8", "surrogateescape"), None if intake.settings.show_secrets else intake.detector
        )

    return frame.remark(sorted(files), head, shown) if files else ""


def _found(intake: Intake, frame: Frame) -> Result:
    bare = Result(
        target=frame.target,
        kind=frame.kind,
        version=__version__,
        rules=len(intake.active),
        coverage=_coverage(intake, (*frame.notes, *intake.settings.notes)),
        head=frame.head,
        remote=frame.remote,
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
            bare.coverage,
            held=found.held,
            notes=(*frame.notes, *found.notes),
            stale=found.stale,
            encrypted=found.encrypted,
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
        from leakguard.changes.tips import Newest  # not for a commit that holds nothing

        self.newest = Newest(intake, frame.tips) if frame.tips else None
        self._views: dict[tuple[str, str], TextView | None] = {}

    def locate(self, groups: Sequence[Group]) -> list[Sited]:
        """Each spot at every path and commit that it came with; in front where the newest state has it."""
        return [self._site(group) for group in groups]

    def _site(self, group: Group) -> Sited:
        from leakguard.assemble import Sited
        from leakguard.changes.tips import Standing

        came = self._sites(group)
        found = [(site, place) for site, spot in came if (place := self._at(spot, site))]
        now = self.newest.standing(group.match.secret.reveal(), came) if self.newest else Standing((), frozenset())
        there = (self._at(spot, Site(0, "", path)) for path, spot in now.spots)
        standing = {path for path, _ in now.spots}
        gone = (place for site, place in found if place.source != "blob" or site.path not in standing)
        places = tuple(dict.fromkeys((*filter(None, there), *gone)))
        paths = tuple(dict.fromkeys((*(place.path for _, place in found), *(place.path for place in places))))
        return Sited(places[:MAX_PLACES], self._life(found, now), paths)

    def place(self, spot: Spot) -> Place | None:
        """The first site of a spot that is held back."""
        sites = [
            site
            for (oid, label, _), found in self.intake.sites.items()
            if (oid, label) == (spot.holder, spot.label)
            for site in found
        ]
        return self._at(spot, min(sites)) if sites else None

    def commented_later(self, group: Group) -> bool:
        """Whether a later commit of the range puts a comment to a secret, at each path where it came in."""
        last: dict[bytes, int] = {}
        for site, spot in self._sites(group):
            if not site.path or spot.label:
                return False
            last[site.path] = max(site.order, last.get(site.path, site.order))
        return bool(last) and all(self._commented(group, path, order) for path, order in last.items())

    def _commented(self, group: Group, path: bytes, order: int) -> bool:
        """Whether a version of a file that came after the commit `order` has a secret beside comments only."""
        value = group.match.secret.reveal()
        return any(
            self.intake.look(oid).texts[label].allows(group.match)
            for (oid, label, found), sites in self.intake.sites.items()
            if found == value and not label and any(site.path == path and site.order > order for site in sites)
        )

    def _sites(self, group: Group) -> list[tuple[Site, Spot]]:
        """Where a secret came in, in the order of the history."""
        value = group.match.secret.reveal()
        return sorted(
            (site, spot) for spot in group.spots for site in self.intake.sites.get((spot.holder, spot.label, value), ())
        )

    def _life(self, found: Sequence[tuple[Site, Place]], now: Standing) -> Provenance | None:
        """The commits of a range that brought a secret in, in the order of the history, and whether its end has it."""
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
        names = self.frame.tips.refs(now.tips) if self.frame.tips else ()
        refs = tuple(self._masked(name.encode("utf-8", "surrogateescape")) for name in names)
        return Provenance(
            introduced=events,
            in_head=bool(now.tips),
            refs=refs[:MAX_REFS],
            ref_count=len(refs),
            pushed=pushed,
            commits=len(events),
        )

    def _info(self, commit: str) -> CommitInfo:
        info = self.frame.info(commit) if self.frame.info else CommitInfo(commit, "", "", 0, 0, "")
        author, email, subject = (self._masked(text.encode()) for text in (info.author, info.email, info.subject))
        return msgspec.structs.replace(info, author=author, email=email, subject=subject)

    def _at(self, spot: Spot, site: Site) -> Place | None:
        view = self._view(spot)
        if view is None:
            return None
        path = self._masked(site.path) if site.path else f"{spot.label} {spot.holder[:12]}"
        inner = self._masked(spot.label.encode("utf-8", "surrogateescape")) if spot.label.startswith("!") else ""
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
        return masked(raw, self.mask)
