"""Takes in the commits, tags and blobs of a walk, as far as that needs no look at what they say."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any

from leakguard.git.kernel_error import KernelError
from leakguard.git.kernel_py.buffers import as_bytes
from leakguard.git.kernel_py.chain import Chain
from leakguard.git.kernel_py.commit import append_commit
from leakguard.git.kernel_py.oid_table import OidTable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from typing_extensions import Buffer

COMMIT, BLOB, TAG = 1, 3, 4


class TextReader:
    """Reads the texts that `chain` holds, as a `Walk` comes to them.

    `objects` are those that commits may name; `most` is how many bytes of messages are gathered before the walk tells.
    `scan` gives what there is in some bytes, tuples that begin with where it ends; `hits` is what it gave for what is
    new of the last blob, None where nothing is new.
    `commits`, `blobs` and `tags` count what was read, `decoded` its bytes, `scanned` those of them that no base has.
    `settled`: every tree and parent that the commits name is known.
    """

    def __init__(
        self, chain: Chain, objects: OidTable, most: int, scan: Callable[[bytes], Sequence[tuple[Any, ...]]]
    ) -> None:
        if not isinstance(chain, Chain) or not isinstance(objects, OidTable):
            raise TypeError("chain must be a Chain and objects an OidTable")
        self.chain = chain
        self._objects, self._most, self._scan = objects, most, scan
        self.hits: Any = None
        self.commits = self.blobs = self.tags = 0
        self.decoded = self.scanned = 0
        self.settled = True
        self._commits = bytearray()
        self._messages = bytearray()
        self._rows = array("q")

    def add(self, kind: int, number: int, content: Buffer, /) -> None:
        """Take in a commit or a tag that no walk comes to. KernelError where a commit is malformed: then its message is
        taken in and it has no place in the graph."""
        if kind not in (COMMIT, TAG):
            raise KernelError("only commits and tags have messages")
        content = as_bytes(content)
        self._messages += content + b"\n"
        self._rows.extend((number, kind, len(self._messages)))
        self.commits += kind == COMMIT
        self.tags += kind == TAG
        self.decoded += len(content)
        self.scanned += len(content)
        if kind == COMMIT:
            known = append_commit(content, number, self._objects, self._commits)
            self.settled = self.settled and known

    def take_commits(self) -> bytes:
        """The places in the graph of the commits that were read since the last time, as rows of `append_commit`."""
        taken = bytes(self._commits)
        self._commits = bytearray()
        return taken

    def take_messages(self) -> tuple[bytes, bytes]:
        """The commits and tags that were read since the last time, a newline after each, and where each is, as int64
        rows: number, kind, the end of its newline."""
        taken = bytes(self._messages), self._rows.tobytes()
        self._messages, self._rows = bytearray(), array("q")
        return taken

    def wants(self, kind: int) -> bool:
        """Whether a walk hands objects of this kind to this reader."""
        return kind in (COMMIT, BLOB, TAG)

    def take_in(self, number: int, kind: int) -> bool:
        """Take in the chain's last object; whether the walk has to tell of it: of a blob with hits in what is new, that
        was made of one for which something is kept, or is no plain text; of a message when many are gathered."""
        chain = self.chain
        if kind != BLOB:
            self.add(kind, number, chain.content(chain.depth))
            return len(self._messages) > self._most
        new = chain.dirty()
        self.blobs += 1
        self.decoded += chain.size
        self.scanned += chain.dirty_size
        self.hits = self._scan(new) if new else None
        if self.hits is not None:
            chain.remember(self.hits)
        return bool(self.hits or chain.base_kept is not None or chain.unusual)
