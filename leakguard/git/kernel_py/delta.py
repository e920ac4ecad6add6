"""Git's pack deltas: applying them, and telling which bytes of the result are not simply the base's."""

from __future__ import annotations

from io import BytesIO

from leakguard.git.kernel_error import KernelError

_LEAST_GAP = 64  # A copy whose unscanned middle would be shorter than this is scanned whole.
_TRUNCATED_DELTA = "the delta is truncated"
_TOO_LONG = "the delta's result is longer than its header says"


def _copy_form(opcode: int) -> tuple[int, int, int]:
    """How to read a copy's operands at once: their length, then mask and width of the offset's bits.

    The bits of the opcode say which bytes of offset and size follow. Where bytes are left out in the
    middle, which is rare, the mask is -1 and ``_scattered_copy`` has to put them in their places.
    """
    offset_flags, size_flags = opcode & 15, opcode >> 4 & 7
    length = (opcode & 127).bit_count()
    if offset_flags & (offset_flags + 1) or size_flags & (size_flags + 1):
        return length, -1, 0
    width = 8 * offset_flags.bit_count()
    return length, (1 << width) - 1, width


_COPY_FORMS = [_copy_form(opcode) for opcode in range(256)]


def _scattered_copy(opcode: int, operands: bytes) -> tuple[int, int]:
    packed = 0
    position = 0
    for number in range(7):
        if opcode >> number & 1:
            packed |= operands[position] << 8 * number
            position += 1
    return packed & 0xFFFFFFFF, packed >> 32


def _read_size(delta: bytes, at: int) -> tuple[int, int]:
    size = shift = 0
    while True:
        if at >= len(delta):
            raise KernelError(_TRUNCATED_DELTA)
        if shift > 56:
            raise KernelError("a size in the delta is out of range")
        byte = delta[at]
        at += 1
        size |= (byte & 127) << shift
        if byte < 128:
            return size, at
        shift += 7


def _read_delta_header(base_len: int, delta: bytes, limit: int) -> tuple[int, int]:
    size, at = _read_size(delta, 0)
    if size != base_len:
        raise KernelError("the delta was made for a base of another size")
    size, at = _read_size(delta, at)
    if size > limit:
        raise KernelError("the delta's result is over the size limit")
    return size, at


Copy = tuple[int, int, int]
"""[start, end) of the child, and shift = child position - base position."""


def _end_copy(copies: list[Copy], start: int, end: int, resume: int) -> None:
    # Shorter ones cannot be clean, unless one is all of the child.
    if end - start >= _LEAST_GAP or start == 0 < end:
        copies.append((start, end, end - resume))


def apply_delta(base: bytes, delta: bytes, limit: int) -> tuple[bytes, list[Copy]]:
    """Applies a delta; returns the child and its copies, those that go on in the base joined.

    `limit` is the largest result in bytes that is made at all. Copies too short to be clean are left out, so that a
    hostile delta of one-byte copies costs little. KernelError where the delta is malformed or was made for a base of
    another size. Source: git's gitformat-pack page, "Deltified representation".
    """
    child_len, at = _read_delta_header(len(base), delta, limit)
    base_len, stop = len(base), len(delta)
    forms, from_bytes = _COPY_FORMS, int.from_bytes
    out = BytesIO()
    write = out.write
    copies: list[Copy] = []
    done = start = end = resume = 0  # The last copy made [start, end); the base goes on at resume.
    while at < stop:
        opcode = delta[at]
        at += 1
        if opcode > 127:
            length, mask, width = forms[opcode]
            operands = delta[at : at + length]
            at += length
            if at > stop:
                raise KernelError(_TRUNCATED_DELTA)
            if mask < 0:
                offset, size = _scattered_copy(opcode, operands)
            else:
                packed = from_bytes(operands, "little")
                offset, size = packed & mask, packed >> width
            size = size or 0x10000
            if offset + size > base_len:
                raise KernelError("the delta copies from beyond its base")
            write(base[offset : offset + size])
            if offset != resume or end != done:
                _end_copy(copies, start, end, resume)
                start = done
            done += size
            end, resume = done, offset + size
        elif opcode:
            write(delta[at : at + opcode])
            at += opcode
            done += opcode
            if at > stop:
                raise KernelError(_TRUNCATED_DELTA)
        else:
            raise KernelError("the delta holds the reserved opcode 0")
        if done > child_len:
            raise KernelError(_TOO_LONG)
    if done != child_len:
        raise KernelError("the delta's result is shorter than its header says")
    _end_copy(copies, start, end, resume)
    return out.getvalue(), copies


def cut(child: bytes, base_len: int, copies: list[Copy], margin: int) -> tuple[list[int], list[int]]:
    r"""(clean, windows): what of a child has to be scanned again, and what is known from its base.

    `margin` is W, the most bytes an anchor can be wide. Both are ascending rows in one list:

    windows: (start, end, accept_lo, accept_hi).
    clean:   (lo, hi, shift, copy_start, copy_end) in the child's coordinates, where
             shift = child position - base position.

    An anchor's end e is the offset after its last byte. For e in [lo, hi] of a clean row the child has an
    anchor's end exactly if the base has one at e - shift. For e in [accept_lo, accept_hi] of a window it has
    one exactly if the scan of the window finds one there; what a window's scan finds elsewhere is void.

    Every e in 0..len(child) is in exactly one of these intervals. The child is walked from left to right with
    at most one window open, which has accepted from accept_lo on; at first that is 0. A copy [c0, c1) that is
    found clean either begins both texts and nothing was open before it (lo = 0), or closes the window at some
    accept_hi and has lo = accept_hi + 1. It then either ends both texts (hi = len(child), nothing follows), or
    has hi = c1 - 1 and opens the next window with accept_lo = c1. At the end an open window is closed with
    accept_hi = len(child). So each interval begins one after where the one before it ended. (A child of no
    bytes has no intervals, and no anchors.)

    The intervals are right. An anchor is at most W wide, holds no newline, and looks at one byte on either
    side of itself (for ``\b``). Let it be [s, e).

    - e in [lo, hi]: the bytes from s - 1 to e are the base's. On the right, hi = c1 - 1 puts byte e into the
      copy, or both texts end there. On the left, either both texts begin there; or a newline at lo - 1 >= c0
      bounds the anchor, s >= lo; or lo = c0 + W + 1 and s >= e - W >= c0 + 1.
    - e in [accept_lo, accept_hi], on the left: the window starts at the child's start; or after a newline,
      which bounds the anchor and which ``\b`` cannot tell from the newline before it in what is gathered or from
      a text's start; or at c1 - W - 1, and s - 1 >= e - W - 1 >= c1 - W - 1. On the right: the window ends with
      the newline at accept_hi, or with the byte at accept_hi = c0 + W, or with the child, and ``\b`` cannot
      tell a text's end from a newline.

    A copy is not clean when fewer than 64 bytes between its two windows would stay unscanned: they become one
    window. That test also turns away all copies with lo > hi, since then its windows would overlap.
    """
    clean: list[int] = []
    windows: list[int] = []
    find, rfind, child_len = child.find, child.rfind, len(child)
    window_start = accept_lo = 0
    for start, end, shift in copies:
        at_start = start == 0 == shift
        at_end = end == child_len and end - shift == base_len
        is_long = end - start > margin
        lo = left_end = accept_hi = start
        hi = right_start = end
        if not at_start:
            accept_hi = find(b"\n", start, start + margin + 1 if is_long else end)
            if accept_hi < 0:
                accept_hi = start + margin
            lo = left_end = accept_hi + 1
        if not at_end:
            hi = end - 1
            reach = end - margin - 1 if is_long else start
            right_start = rfind(b"\n", reach, end) + 1 or reach
        if right_start - left_end < _LEAST_GAP and not (at_start and at_end):
            continue
        if not at_start:
            windows += (window_start, left_end, accept_lo, accept_hi)
        clean += (lo, hi, shift, start, end)
        window_start, accept_lo = right_start, end
        if at_end:
            return clean, windows
    if child:
        windows += (window_start, child_len, accept_lo, child_len)
    return clean, windows
