"""From object id to position."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leakguard.git.kernel_error import KernelError
from leakguard.git.kernel_py.buffers import as_bytes, check_hash_len, split

if TYPE_CHECKING:
    from typing_extensions import Buffer


class OidTable:
    """Finds where an object id stands among many, given as one run of bytes in any order.

    ``hash_len`` is 20 or 32. Of equal ids the first counts. Raises KernelError where the run's length is not
    a multiple of it.
    """

    def __init__(self, oids: Buffer, hash_len: int) -> None:
        check_hash_len(hash_len)
        raw = as_bytes(oids)
        if len(raw) % hash_len:
            raise KernelError("the ids have a broken length")
        self._count = len(raw) // hash_len
        self.hash_len = hash_len
        self.names = split(raw, hash_len)
        self.positions = dict(zip(reversed(self.names), range(self._count - 1, -1, -1), strict=True))

    def __len__(self) -> int:
        """How many ids were given, equal ones counted apart."""
        return self._count

    def find(self, oid: Buffer, /) -> int:
        """The position of an object id among the table's, -1 where it is none of them."""
        key = as_bytes(oid)
        if len(key) != self.hash_len:
            raise KernelError("the id has another length than the table's")
        return self.positions.get(key, -1)
