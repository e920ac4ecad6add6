"""How much of a pack is mapped while it is read: little, however large it is and however its objects lie."""

from __future__ import annotations

import random
import re
import sys
from pathlib import Path

import pytest

from leakguard.git import kernel
from leakguard.git.packs import BLOB, Pack
from tests.git.packs import Entry, blob_id, write_pack

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the pages of a process are told by Linux alone")


@pytest.fixture
def pack(tmp_path: Path) -> Pack:
    """16 MB of blobs that deflate to no less, written a little at a time as git does it: of what is written at once the
    system may map up to 2 MB around a byte."""
    dice = random.Random(1)
    blobs = [dice.randbytes(40_000) for _ in range(400)]
    entries = [Entry(BLOB, blob, blob_id(blob)) for blob in blobs]
    path = write_pack(tmp_path, entries)
    content = path.read_bytes()
    path.unlink()
    with path.open("wb", buffering=0) as file:
        for at in range(0, len(content), 4096):
            file.write(content[at : at + 4096])
    return Pack(path.with_suffix(".idx"), 20)


@pytest.fixture
def most(pack: Pack) -> int:
    """What may be mapped: a small part, whatever the system maps around a byte."""
    pack.inflate(0, 1 << 20)
    around = mapped(pack)
    pack.release()
    if 40 * around > pack.size // 2:
        pytest.skip(f"the system maps {around} bytes around each that is read")
    return 40 * around


def mapped(pack: Pack) -> int:
    """Bytes of a pack that are mapped in this process."""
    maps = Path("/proc/self/smaps").read_text()
    part = maps.partition(str(pack.index.with_suffix(".pack")))[2]
    found = re.search(r"Rss: *(\d+) kB", part)
    assert found is not None
    return int(found[1]) << 10


def test_a_pack_that_was_opened_is_not_mapped(pack: Pack) -> None:
    assert mapped(pack) == 0


def test_walks_map_a_part(pack: Pack, most: int) -> None:
    """Each what the one before left and no more than 4 MB in all, but for what the system maps around a byte."""
    chain = kernel.Chain(1 << 20, 8)
    reader = kernel.TextReader(chain, kernel.OidTable(pack.table.oids, 20), 1000, lambda new: [(len(new) // 2,)])
    spans = [(begin, begin + 50) for begin in range(0, pack.count, 50)]
    seen = [mapped(pack) for span in spans for at, _ in enumerate(pack.walk(*span, reader, 1 << 20)) if at % 5 == 0]
    assert len(seen) == 80
    assert most < max(seen) < (4 << 20) + most
    pack.end_walks()
    assert mapped(pack) == 0


def test_single_reads_map_little(pack: Pack, most: int) -> None:
    seen = []
    for number in range(0, pack.count, 5):
        pack.inflate(number, 1 << 20)
        seen.append(mapped(pack))
    assert 0 < max(seen) < most
