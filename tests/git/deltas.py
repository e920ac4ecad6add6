"""Making pack deltas for tests: git's format, cut the way difflib matches."""

from __future__ import annotations

from difflib import SequenceMatcher


def size(number: int) -> bytes:
    """A size as a delta header holds it: seven bits a byte, least significant first."""
    out = bytearray()
    while True:
        byte, number = number & 0x7F, number >> 7
        out.append(byte | (0x80 if number else 0))
        if not number:
            return bytes(out)


def copy(offset: int, length: int) -> bytes:
    """Copy instructions for any length."""
    out = b""
    while length > 0:
        part = min(length, 0xFFFFFF)
        op, operands = 0x80, b""
        for bit in range(4):
            if byte := offset >> 8 * bit & 0xFF:
                op, operands = op | 1 << bit, operands + bytes([byte])
        for bit in range(3):
            if byte := part >> 8 * bit & 0xFF:
                op, operands = op | 0x10 << bit, operands + bytes([byte])
        out += bytes([op]) + operands
        offset, length = offset + part, length - part
    return out


def insert(data: bytes) -> bytes:
    """Insert instructions for any data."""
    return b"".join(bytes([len(data[at : at + 127])]) + data[at : at + 127] for at in range(0, len(data), 127))


def make_delta(base: bytes, target: bytes) -> bytes:
    """A delta from `base` to `target`; copies only what is worth a copy, as git does."""
    out = size(len(base)) + size(len(target))
    at = 0
    for block in SequenceMatcher(None, base, target, autojunk=False).get_matching_blocks():
        if block.size and block.size < 8:
            continue
        out += insert(target[at : block.b]) if block.b > at else b""
        out += copy(block.a, block.size) if block.size else b""
        at = max(at, block.b + block.size)
    return out + insert(target[at:])
