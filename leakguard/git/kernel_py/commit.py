"""The head of a commit: its tree, its parents and when it was committed, as numbers."""

from __future__ import annotations

import re
from array import array
from binascii import unhexlify
from typing import TYPE_CHECKING

from leakguard.git.kernel_error import KernelError
from leakguard.git.kernel_py.buffers import as_bytes
from leakguard.git.kernel_py.oid_table import OidTable

if TYPE_CHECKING:
    from typing_extensions import Buffer

_HEADS = {
    hash_len: re.compile(
        rb"tree ([0-9a-f]{%d})\n((?:parent [0-9a-f]{%d}\n)*)author [^\n]*\ncommitter ([^\n]*)\n"
        % (2 * hash_len, 2 * hash_len)
    )
    for hash_len in (20, 32)
}
_TIME = re.compile(rb"> ([0-9]{1,15}) [+-][0-9]+\Z")


def append_commit(content: Buffer, number: int, objects: OidTable, rows: bytearray, /) -> bool:
    """Append a commit's place in the graph to `rows`; whether `objects` knows all that it names.

    A row is int64: `number`, the tree's position (-1 where it is not known), the committer's time in seconds since 1970
    (0 where it is malformed), how many known parents, their positions. KernelError where the commit is malformed.
    """
    if not isinstance(objects, OidTable) or not isinstance(rows, bytearray):
        raise TypeError("objects must be an OidTable and rows a bytearray")
    found = _HEADS[objects.hash_len].match(as_bytes(content))
    if found is None:
        raise KernelError("has a malformed header")
    tree, parents, committer = found.groups()
    positions = objects.positions
    root = positions.get(unhexlify(tree), -1)
    named = [positions.get(unhexlify(parent), -1) for parent in parents.split()[1::2]]
    known = [parent for parent in named if parent >= 0]
    time = _TIME.search(committer)
    rows += array("q", (number, root, int(time[1]) if time else 0, len(known), *known)).tobytes()
    return root >= 0 and len(known) == len(named)
