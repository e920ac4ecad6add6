"""Allowances written beside a secret, in whatever comment syntax the file has.

    secret = "…"   # leakguard:allow[rule-id] reason (until 2031-01-31)
    # leakguard:allow[rule-id] reason           alone on its line: for the line below
    # leakguard:allow-start[rule-id] reason     … up to …   # leakguard:allow-end

Other tools' comments are understood as they mean them: `gitleaks:allow`, `trufflehog:ignore`, `kingfisher:ignore`,
`pragma: allowlist secret` and its next-line form. What is said here depends on nothing but one text's own bytes, so a
sweep decides for each blob anew.
"""

from __future__ import annotations

import datetime
from bisect import bisect_left
from typing import TYPE_CHECKING

import msgspec
import regex

from leakguard.detect.checks import clock
from leakguard.detect.kept import rich

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

OWN_MARK = b"leakguard:allow"
_BLOCK = OWN_MARK + b"-start"
_MARKS = (OWN_MARK, b"gitleaks:allow", b"trufflehog:ignore", b"kingfisher:", b"pragma:")
"""What `_COMMENT` can begin with. To look for these takes a tenth of what its own search does."""
_COMMENT = rich(
    rb"(?:leakguard:(?P<own>allow-start|allow-end|allow)(?![\w-])(?:\[(?P<rules>[A-Za-z0-9_.*, -]*)\])?"
    rb"|(?P<beside>gitleaks:allow|trufflehog:ignore)(?![\w-])"
    rb"|(?P<either>kingfisher:(?:ignore|allow))(?![\w-])"
    rb"|(?P<pragma>pragma:[ ]?(?:allow|white)list(?P<next>[ -]nextline)?[ -]secret)(?!\w))"
    rb"[ \t:]*(?P<reason>[^\r\n]{0,200})"
)
_UNTIL = r"[(\[]?\b(?:until|expires)[ =:]+(\d{4}-\d\d-\d\d)[)\]]?"
_BEGINNINGS = (b"#", b"//", b"*", b"--", b";", b"%", b"'", b"{-")
_ALLOWING = ("allow", "allow-start")
_CLOSERS = (b"*/", b"-->", b"--%>", b"%>", b"#}", b"*)", b"-}", b"]]")
_OPENERS = b"#/*-;<!%{('\"`" + b" \t"
_PUNCTUATION = b" \t\r,;)]}\"'"


class Inline(msgspec.Struct, frozen=True):
    """What a comment says of one match: the reason it gives ('' where none), and the day on which it ran out."""

    reason: str
    expired: str = ""


class _Comment(msgspec.Struct, frozen=True):
    """One comment: where its mark begins, what it is for, and what it says."""

    at: int
    close: int
    form: str
    rules: tuple[str, ...]
    reason: str

    def names(self, rule: str) -> bool:
        return not self.rules or rule in self.rules or "*" in self.rules


class Comments:
    """The allowing comments of one text."""

    def __init__(self, data: bytes, found: list[_Comment]) -> None:
        self.data = data
        self.found = found
        self.offsets = [comment.at for comment in found]
        self.blocks = _blocks(found)

    def about(self, start: int, end: int, rule: str, spans: Sequence[tuple[int, int]] = ()) -> Inline | None:
        """What is said of a match of `rule` at this span, or None. `spans` are all matches of the text: a comment that
        stands beside one of several secrets on a line is for that one."""
        comment = self._deciding(start, end, rule, spans)
        return _weigh(comment.reason) if comment else None

    def idle(self, secrets: Sequence[tuple[int, int, str]]) -> list[int]:
        """The lines of leakguard's own comments that stand beside none of these (start, end, rule): they allow nothing.
        What other tools' comments are for is not known here; a word of prose is no comment."""
        spans = [(start, end) for start, end, _ in secrets]
        deciding = (self._deciding(*secret, spans) for secret in secrets)
        used = {comment.at for comment in deciding if comment}
        return [
            self.data.count(b"\n", 0, comment.at) + 1
            for comment in self.found
            if comment.form in _ALLOWING and comment.at not in used and self._opened(comment)
        ]

    def _opened(self, comment: _Comment) -> bool:
        """Whether what stands before a comment's mark opens a comment."""
        line = self.data[self.data.rfind(b"\n", 0, comment.at) + 1 : comment.at]
        return line.rstrip().endswith(_BEGINNINGS)

    def _deciding(self, start: int, end: int, rule: str, spans: Sequence[tuple[int, int]]) -> _Comment | None:
        candidates = self._candidates(start, end, spans)
        return next((comment for comment in candidates if comment.names(rule)), None)

    def _candidates(self, start: int, end: int, spans: Sequence[tuple[int, int]]) -> Iterable[_Comment]:
        first = self.data.rfind(b"\n", 0, start) + 1
        last = self.data.find(b"\n", end)
        last = len(self.data) if last < 0 else last
        for comment in self._between(first, last):
            if comment.form in ("allow", "beside", "either", "pragma") and self._meant(comment, start, end, spans):
                yield comment
        yield from self._above(first)
        for opening, closing in self.blocks:
            if opening.at < start and end <= closing:
                yield opening

    def _between(self, low: int, high: int) -> list[_Comment]:
        return self.found[bisect_left(self.offsets, low) : bisect_left(self.offsets, high)]

    def _above(self, line: int) -> Iterable[_Comment]:
        """The comments that stand alone on the lines right above."""
        while line > 0:
            above = self.data.rfind(b"\n", 0, line - 1) + 1
            there = self._between(above, line - 1)
            if not there or self.data[above : there[0].at].strip(_OPENERS):
                return
            yield from (comment for comment in there if comment.form in ("allow", "either", "next"))
            line = above

    def _meant(self, comment: _Comment, start: int, end: int, spans: Sequence[tuple[int, int]]) -> bool:
        """Whether a comment on the secret's own lines is for this secret and not for another one beside it."""
        if start <= comment.at < end:
            return True
        line, stop = self.data.rfind(b"\n", 0, comment.at) + 1, comment.close
        beside = [span for span in spans if line < span[1] and span[0] < _end_of_line(self.data, stop)]
        before = [span for span in beside if span[1] <= comment.at]
        trailing = not self.data[stop : _end_of_line(self.data, stop)].strip(_PUNCTUATION)
        if end <= comment.at:
            return trailing or not before or max(before, key=lambda span: span[1]) == (start, end)
        after = [span for span in beside if span[0] > comment.at]
        return not before and (not after or min(after) == (start, end))


def read_comments(data: bytes) -> Comments | None:
    """The allowing comments in a text, None where there are none."""
    places = sorted(place for mark in _MARKS for place in _places(mark, data))
    found: list[_Comment] = []
    read = 0
    for place in places:
        match = _COMMENT.match(data, place) if place >= read else None
        if match:
            found.append(_comment(data, match))
            read = match.end()
    return Comments(data, found) if found else None


def may_allow(data: bytes, spans: Sequence[tuple[int, int]]) -> bool:
    """Whether a comment can be about one of these spans, which ascend: its mark stands on the span's lines or on the
    one above, or it begins a block before the last one. So most texts need not be read through for every mark."""
    behind = spans[-1][0] + len(_BLOCK) if spans else 0
    if data.rfind(_BLOCK, 0, behind) >= 0:  # from the end: that search of Python's skips more than the other one
        return True
    above = line = high = 0
    for start, end in spans:
        newline = data.rfind(b"\n", line, start)
        if newline >= 0:
            above = data.rfind(b"\n", line, newline) + 1 or line
            line = newline + 1
        elif end <= high:
            continue
        high = _end_of_line(data, end)
        around = data[above:high]
        if any(mark in around for mark in _MARKS):
            return True
    return False


def _places(mark: bytes, data: bytes) -> Iterator[int]:
    """Where a mark stands."""
    at = data.find(mark)
    while at >= 0:
        yield at
        at = data.find(mark, at + 1)


def _comment(data: bytes, match: regex.Match[bytes]) -> _Comment:
    text: bytes = match["reason"]
    cut = min((at for closer in _CLOSERS if (at := text.find(closer)) >= 0), default=len(text))
    closer = next((closer for closer in _CLOSERS if text.startswith(closer, cut)), b"")
    reason = text[:cut].strip().decode("utf-8", "replace")
    form = match["own"] or (b"beside" if match["beside"] else b"either" if match["either"] else b"pragma")
    if match["next"]:
        form = b"next"
    if not match["own"]:
        mark = next(filter(None, (match["beside"], match["either"], match["pragma"])))
        reason = f"{mark.decode('ascii')} {reason}".strip()
    close = match.start("reason") + cut + len(closer) if closer else _end_of_line(data, match.start())
    rules = tuple(part.strip() for part in (match["rules"] or b"").decode("ascii").split(",") if part.strip())
    if match["rules"] is not None and not rules:
        rules = ("",)
    return _Comment(match.start(), close, form.decode("ascii"), rules, reason)


def _blocks(found: list[_Comment]) -> list[tuple[_Comment, int]]:
    """(opening, offset of its end) of each block that is closed; one that is not allows nothing."""
    open_blocks: list[_Comment] = []
    blocks = []
    for comment in found:
        if comment.form == "allow-start":
            open_blocks.append(comment)
        elif comment.form == "allow-end" and open_blocks:
            blocks.append((open_blocks.pop(), comment.at))
    return blocks


def _weigh(reason: str) -> Inline:
    until = regex.search(_UNTIL, reason)
    if not until:
        return Inline(reason)
    try:
        day = datetime.date.fromisoformat(until.group(1))
    except ValueError:
        return Inline(reason, f"{until.group(1)}, which is no date")
    today = datetime.datetime.fromtimestamp(clock.now(), datetime.timezone.utc).date()
    return Inline(reason, until.group(1) if day < today else "")


def _end_of_line(data: bytes, at: int) -> int:
    found = data.find(b"\n", at)
    return len(data) if found < 0 else found
