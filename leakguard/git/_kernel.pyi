from typing import final

from typing_extensions import Buffer

from leakguard.git.kernel_error import KernelError as KernelError

@final
class PackTable:
    count: int
    oids: bytes
    types: bytes
    offsets: bytes
    data_starts: bytes
    ends: bytes
    sizes: bytes
    parents: bytes
    order: bytes
    depths: bytes
    last_child: bytes
    broken: list[tuple[int, str]]

@final
class OidTable:
    def __new__(cls, oids: Buffer, hash_len: int) -> OidTable: ...
    def __len__(self) -> int: ...
    def find(self, oid: Buffer, /) -> int: ...

def apply_delta(base: Buffer, delta: Buffer, limit: int, /) -> bytes: ...
def apply_delta_dirty(
    base: Buffer, delta: Buffer, limit: int, margin: int, gather: bytearray, /
) -> tuple[bytes, bytes, bytes]: ...
def inherit(clean: Buffer, ends: Buffer, /) -> bytes: ...
def pack_table(idx: Buffer, pack: Buffer, hash_len: int, /) -> PackTable: ...
def parse_tree(data: Buffer, hash_len: int, /) -> list[tuple[int, bytes, bytes]]: ...
def tree_edges(
    data: Buffer, hash_len: int, trees: OidTable, blobs: OidTable, names: frozenset[bytes] | None, /
) -> tuple[bytes, bytes, bool]: ...
def append_names(data: Buffer, hash_len: int, clean: Buffer | None, min_length: int, gather: bytearray, /) -> int: ...
def reach(trees: Buffer, counts: Buffer, edges: Buffer, seeds: Buffer, total: int, /) -> bytes: ...
