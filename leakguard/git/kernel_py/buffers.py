"""What the twin's parts share about their arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leakguard.git.kernel_error import KernelError

if TYPE_CHECKING:
    from typing_extensions import Buffer


def as_bytes(buffer: Buffer) -> bytes:
    """The buffer's bytes; no copy where it is bytes already."""
    return buffer if type(buffer) is bytes else memoryview(buffer).tobytes()


def check_hash_len(hash_len: int) -> None:
    """KernelError unless object ids can be that long."""
    if hash_len not in (20, 32):
        raise KernelError("an object id is 20 or 32 bytes long")


def split(raw: bytes, width: int) -> list[bytes]:
    """`raw` in pieces of `width` bytes."""
    return [raw[at : at + width] for at in range(0, len(raw), width)]
