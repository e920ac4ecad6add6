"""The contents from the root of a delta tree down to where a walk stands."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any

from leakguard.git.kernel_error import KernelError
from leakguard.git.kernel_py.buffers import as_bytes
from leakguard.git.kernel_py.delta import apply_delta, cut
from leakguard.git.kernel_py.lines import NewLines, Seen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from typing_extensions import Buffer

    from leakguard.git.kernel_py.delta import Copy

_MOST_MARGIN = 1 << 20
_MARKS = (b"\x1f\x8b", b"\xff\xfe", b"\xfe\xff", b"PK\x03\x04", b"\0\0\xfe\xff")


class _Link:
    """One object of a chain; `kept` is what was kept for it."""

    def __init__(self, serial: int, content: bytes) -> None:
        self.serial, self.content = serial, content
        self.kept: object = None


class Chain:
    """Applies deltas from parent to child, and keeps no content longer than it is needed.

    `limit` is the largest content in bytes that a delta may make, `margin` W, the most bytes an anchor can be wide
    (KernelError unless it is between 1 and 2**20). Not for two threads at a time.
    """

    def __init__(self, limit: int, margin: int) -> None:
        if not 1 <= margin <= _MOST_MARGIN:
            raise KernelError("the margin is not between 1 and 1048576 bytes")
        self._limit, self._margin = limit, margin
        self._links: list[_Link | None] = []
        self._serials = 0
        self._clean: Sequence[int] = ()
        self.copies: list[Copy] = []
        self.depth = -1
        self.base_serial = 0
        self._base_len = 0
        self._seen = Seen()
        self._new: NewLines | None = None
        self._whole = False
        self.base_kept: Any = None
        self.size = 0
        self.dirty_size = 0
        self.unusual = False

    def root(self, content: bytes, /) -> None:
        """Begin a new delta tree with its whole content; all that was held is dropped."""
        if type(content) is not bytes:
            raise TypeError("content must be bytes")
        self._links.clear()
        self._forget()
        self._see(0, content)

    def edit(self, depth: int, delta: Buffer, last: bool, /) -> None:
        """Apply a delta to the content above `depth`, from which on all that was held is dropped. `last`: nothing after
        this needs the content above, it is dropped as well. KernelError where the delta is malformed or does not belong
        to that content; then nothing is held at `depth`."""
        self._forget()
        base = self._links[depth - 1] if 1 <= depth <= len(self._links) else None
        if base is None:
            raise KernelError("the delta's base is not held")
        del self._links[depth:]
        self.base_kept = base.kept
        try:
            child, copies = apply_delta(base.content, as_bytes(delta), self._limit)
        finally:
            if last:
                self._links[depth - 1] = None
        self.copies, self.base_serial, self._base_len = copies, base.serial, len(base.content)
        self._see(depth, child)

    def content(self, depth: int, /) -> bytes:
        """The content held at a depth. KernelError where there is none."""
        return self.link(depth).content

    def keep(self, kept: object, /) -> None:
        """Keep something for as long as the last object is held. While objects are made of it, `base_kept` is that."""
        link = self._links[self.depth] if 0 <= self.depth < len(self._links) else None
        if link is None:
            raise KernelError("nothing is held")
        link.kept = kept

    def link(self, depth: int) -> _Link:
        """What is held at a depth; its serial number tells it from all others that this chain has held."""
        link = self._links[depth] if 0 <= depth < len(self._links) else None
        if link is None:
            raise KernelError("nothing is held at this depth")
        return link

    def dirty(self) -> bytes:
        """What of the last object has to be scanned: the bytes of each window and a newline after each.

        `delta.cut` says what the windows of an edit are; another object is one window. Lines that were given before and
        in which nothing was found are left out; `dirty_size` is how much it would have been with them. To ask again
        gives the same. KernelError where the last object could not be had."""
        if not self._whole:
            raise KernelError("nothing is held")
        if self._new is None:
            self._new = self._find_new(self.content(self.depth))
        return self._new.gather()

    def _find_new(self, content: bytes) -> NewLines:
        if not self.base_serial:
            self.dirty_size = len(content)
            return NewLines(content, [(0, len(content), 0, len(content))] if content else [], self._seen)
        self._clean, numbers = cut(content, self._base_len, self.copies, self._margin)
        windows = list(zip(*[iter(numbers)] * 4, strict=True))
        self.dirty_size = sum(end - start + 1 for start, end, *_ in windows)
        return NewLines(content, windows, self._seen)

    def rows(self) -> tuple[bytes, bytes]:
        """Where in the last object what `dirty` gave is, as int64 rows of five: (clean, windows).

        windows: (gather_start, gather_end, start in the object, accept_lo, accept_hi), ascending.
        clean:   (lo, hi, shift, copy_start, copy_end), ascending; see `delta.cut`.
        """
        windows = self._new.windows if self._new else ()
        return _packed(self._clean), _packed([number for window in windows for number in window])

    def remember(self, hits: Sequence[tuple[Any, ...]], /) -> None:
        """Take note that nothing was found in what `dirty` gave but the hits, which begin with where each ends in it:
        the other lines are not given again."""
        if self._new is not None:
            self._seen.add(self._new.clean(hit[0] for hit in hits))

    def _forget(self) -> None:
        self.copies, self._clean = [], ()
        self.base_serial, self.base_kept, self._new, self._whole = 0, None, None, False

    def _see(self, depth: int, content: bytes) -> None:
        self._serials += 1
        self._links.append(_Link(self._serials, content))
        self._whole = True
        self.depth, self.size, self.unusual = depth, len(content), _is_unusual(content)


def _packed(rows: Sequence[int]) -> bytes:
    return array("q", rows).tobytes()


def _is_unusual(text: bytes) -> bool:
    """Whether the first bytes are like those of no plain text: see `decoders.may_decode`, which has the last word."""
    if len(text) >= 2 and (text.startswith(_MARKS[:3]) or (text[0] == 0) != (text[1] == 0)):
        return True
    return text.startswith(_MARKS[3:]) or (len(text) > 262 and text[257:262] == b"ustar")
