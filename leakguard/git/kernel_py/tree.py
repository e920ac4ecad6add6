"""The entries of tree objects. Source: git's tree-walk.c for what makes one malformed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NoReturn

from leakguard.git.kernel_error import KernelError
from leakguard.git.kernel_py.buffers import as_bytes, check_hash_len
from leakguard.git.kernel_py.oid_table import OidTable

if TYPE_CHECKING:
    from typing_extensions import Buffer

_TREE_TRUNCATED = "the tree is truncated"
_BAD_MODE = "a tree entry's mode is malformed"

KIND_MASK, KIND_TREE, KIND_COMMIT = 0o170000, 0o040000, 0o160000
"""S_IFMT and its values, as git uses them."""

ENTRY = {hash_len: re.compile(rb"([0-7]{1,7}) ([^\0]+)\0(.{%d})" % hash_len, re.DOTALL).match for hash_len in (20, 32)}
"""By the length of ids: what finds mode, name and id of the entry at a place, if one is there."""


def refuse_tree(data: bytes, hash_len: int) -> NoReturn:
    """Say what is wrong with a tree of which one entry is known to be malformed."""
    at = 0
    while at < len(data):
        digits = 0
        while at < len(data) and data[at] != 0x20:
            if digits == 7 or not 0x30 <= data[at] <= 0x37:
                raise KernelError(_BAD_MODE)
            digits += 1
            at += 1
        if at == len(data):
            raise KernelError(_TREE_TRUNCATED)
        if not digits:
            raise KernelError(_BAD_MODE)
        nul = data.find(b"\0", at + 1)
        if nul == at + 1:
            raise KernelError("a tree entry has no name")
        at = nul + 1 + hash_len
        if nul < 0 or at > len(data):
            raise KernelError(_TREE_TRUNCATED)
    raise AssertionError("the tree is not malformed")


def parse_tree(data: Buffer, hash_len: int, /) -> list[tuple[int, bytes, bytes]]:
    """The entries of a tree object: (mode, name, object id). Raises KernelError where it is malformed."""
    check_hash_len(hash_len)
    raw, match = as_bytes(data), ENTRY[hash_len]
    entries = []
    at = 0
    while at < len(raw):
        found = match(raw, at)
        if found is None:
            refuse_tree(raw, hash_len)
        mode, name, oid = found.groups()
        entries.append((int(mode, 8), name, oid))
        at = found.end()
    return entries


def tree_leads(data: Buffer, blobs: OidTable, /) -> list[tuple[int, bytes, bytes]]:
    """The entries of a tree object that are trees, or whose id is in a table. Raises KernelError as `parse_tree`."""
    if not isinstance(blobs, OidTable):
        raise TypeError("blobs must be an OidTable")
    return [
        entry
        for entry in parse_tree(data, blobs.hash_len)
        if entry[0] & KIND_MASK == KIND_TREE or entry[2] in blobs.positions
    ]
