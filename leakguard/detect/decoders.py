"""Texts that are not written as bytes of ASCII: UTF-16 and UTF-32, gzip, zip and tar.

Recognised by their first bytes, transformed whole, and scanned like files. Depth, size and ratio are bounded, because
an archive may be hostile; what a bound cut off is said, never passed over.
"""

from __future__ import annotations

import io
import re
import struct
import zlib
from typing import IO, TYPE_CHECKING

import msgspec
from isal import isal_zlib
from isal.igzip_lib import IsalError

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator
    from zipfile import ZipInfo

MAX_DEPTH = 5
MAX_TOTAL = 128 << 20
MAX_MEMBERS = 10_000
MAX_RATIO = 200

_UTF16_SAMPLE = 512
_HEAD = struct.Struct("<4s2xH18xHH")
"""A zip member's own header: its magic, flags, and the sizes of its name and of what follows that."""
_ODD = 0x61
"""Flags of members that are encrypted or patches."""
_UTF8 = 0x800
_STORED, _DEFLATED = 0, 8
_CHUNK = 4096
"""So many bytes of a gzip file are unfolded at a time: what comes before damage is kept."""
_PADDING = re.compile(rb"\0*")
"""What disks and tapes fill their last block with."""
_DAMAGED = "is damaged from some place on, or followed by something else"
_TOO_MUCH = "unfolds to more bytes than the limit allows"


Key = tuple[int, int, int, bytes]
"""What tells the content of a zip's member without unfolding it: how it is packed, its checksum and size, what it is
packed to."""


class Decoded(msgspec.Struct, frozen=True, gc=False):
    """A text inside of another: where (`!member.txt` of an archive, or '' for a change of encoding) and its bytes.

    `problem` is set instead where something could not be unfolded. `key` is set where the content is a zip's member and
    nothing to unfold itself; its bytes are left out where the caller knows the key.
    """

    label: str
    data: bytes = b""
    problem: str = ""
    key: Key | None = None

    @property
    def size(self) -> int:
        """How many bytes the text has, whether they are given or not."""
        return self.key[2] if self.key else len(self.data)


def may_decode(data: bytes) -> bool:
    """Whether the first bytes look like something that `decode` knows. Costs next to nothing: it runs on every blob."""
    head = data[:4]
    return (
        head[:2] in (b"\x1f\x8b", b"\xff\xfe", b"\xfe\xff")
        or head in (b"PK\x03\x04", b"\0\0\xfe\xff")
        or (len(data) > 262 and data[257:262] == b"ustar")
        or (len(data) >= 8 and (data[1] == 0) != (data[0] == 0) and _wide(data) != "")
    )


def decode(data: bytes, known: Container[Key] = ()) -> Iterator[Decoded]:
    """Every text that `data` unfolds to, archives inside of archives included."""
    return _Unfolder(known=known).unfold(data, "", 0)


def find_inner(data: bytes, label: str) -> bytes | None:
    """The text that `decode` gives under a spot's label ("decoded" for a change of encoding), or None."""
    return find_inners(data, (label,)).get(label)


def find_inners(data: bytes, labels: Iterable[str]) -> dict[str, bytes]:
    """The texts that `decode` gives under some labels, those that it does not give left out. Of an archive only what
    leads there is unfolded."""
    targets = {"" if label == "decoded" else label: label for label in labels}
    found: dict[str, bytes] = {}
    if not targets:
        return found
    for inner in _Unfolder(targets).unfold(data, "", 0):
        if inner.label in targets and not inner.problem:
            found.setdefault(targets[inner.label], inner.data)
            if len(found) == len(targets):
                break
    return found


def _wide(data: bytes) -> str:
    """The UTF-16 or UTF-32 encoding of `data`, by its byte-order mark or by where its NUL bytes stand, or ''."""
    if data.startswith((b"\xff\xfe\0\0", b"\0\0\xfe\xff")):
        return "utf-32"
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    sample = data[:_UTF16_SAMPLE]
    if 0 not in sample:
        return ""
    pairs = len(sample) // 2
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if pairs >= 4 and odd >= pairs * 0.7 and even <= pairs * 0.05:
        return "utf-16-le"
    if pairs >= 4 and even >= pairs * 0.7 and odd <= pairs * 0.05:
        return "utf-16-be"
    return ""


def _unfold_errors() -> tuple[type[Exception], ...]:
    """What a broken archive raises. Readers of archives are imported where there is one: a hook meets none."""
    import tarfile
    import zipfile

    broken = (zlib.error, zipfile.BadZipFile, tarfile.TarError)
    return (OSError, EOFError, *broken, ValueError, OverflowError, NotImplementedError, RuntimeError)


def _unfolds(data: bytes) -> bool:
    return bool(_wide(data) or _archive(data))


def _archive(data: bytes) -> str:
    """Which kind of archive `data` is, or ''."""
    if data[:2] == b"\x1f\x8b":
        return "gzip"
    if data[:4] == b"PK\x03\x04":
        return "zip"
    return "tar" if data[257:262] == b"ustar" else ""


class _Unfolder:
    """Unfolds one text within one budget of bytes and members: all of it, or what leads to some labels."""

    def __init__(self, targets: Iterable[str] | None = None, known: Container[Key] = ()) -> None:
        self.wanted = None if targets is None else {part for target in targets for part in _above(target)}
        self.known = known
        self.left = MAX_TOTAL
        self.members = MAX_MEMBERS

    def unfold(self, data: bytes, label: str, depth: int) -> Iterator[Decoded]:
        encoding = _wide(data)
        if encoding:
            yield Decoded(label, data.decode(encoding, "replace").lstrip("\ufeff").encode("utf-8", "replace"))
            return
        archive = _archive(data)
        if not archive:
            return
        if depth >= MAX_DEPTH:
            yield Decoded(label, problem=f"is nested more than {MAX_DEPTH} archives deep")
            return
        reader = {"gzip": self.gzip, "zip": self.zip, "tar": self.tar}[archive]
        try:
            for inner in reader(data, label):
                yield inner
                if inner.key is None:
                    yield from self.unfold(inner.data, inner.label, depth + 1)
        except _unfold_errors() as problem:
            yield Decoded(label, problem=f"cannot be unfolded ({type(problem).__name__})")

    def wants(self, label: str) -> bool:
        return self.wanted is None or label in self.wanted

    def tar(self, data: bytes, label: str) -> Iterator[Decoded]:
        import tarfile

        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            for member in archive:
                if member.size < 0:  # It would lead back to what was read, without end.
                    raise tarfile.ReadError("a negative size")
                name = _joined(label, member.name)
                if not (member.isfile() and self.wants(name)):
                    continue
                end = member.offset_data + member.size
                whole = end <= len(data) and not member.issparse()
                inner = None if whole else archive.extractfile(member)
                if whole:
                    yield self.past(name) or self.keep(name, data[member.offset_data : end])
                elif inner:
                    yield self.past(name) or self.take(name, inner, member.size)

    def gzip(self, data: bytes, label: str) -> Iterator[Decoded]:
        """What its parts unfold to, as far as they go, and then what ended them too early."""
        room, content, at, problem = self.room(len(data)), bytearray(), 0, ""
        while at < len(data) and not (problem := self.count()):
            part = zlib.decompressobj(31)
            try:
                while at < len(data) and not part.eof:
                    packed = data[at : at + _CHUNK]
                    content += part.decompress(packed, room + 1 - len(content))
                    if len(content) > room:
                        yield Decoded(label, problem=_TOO_MUCH)
                        return
                    at += len(packed) - len(part.unused_data)
            except zlib.error:
                problem = _DAMAGED if content else "cannot be unfolded (no gzip, or damaged)"
                break
            if not part.eof:
                problem = "is cut off"
            padding = _PADDING.match(data, at)
            at = padding.end() if padding else at
        if content or not problem:
            yield self.keep(label, bytes(content))
        if problem:
            yield Decoded(label, problem=problem)

    def zip(self, data: bytes, label: str) -> Iterator[Decoded]:
        import zipfile

        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = archive.infolist()
            limits = _limits(infos, archive.start_dir)
            for info in infos:
                name = _joined(label, info.filename)
                if info.filename.endswith("/") or not self.wants(name):
                    continue
                if info.flag_bits & 1:
                    yield Decoded(name, problem="is encrypted")
                    continue
                member = self.plain(data, name, info, limits[info.header_offset])
                if member is not None:
                    yield member
                    continue
                with archive.open(info) as file:
                    yield self.past(name) or self.take(name, file, info.compress_size)

    def plain(self, data: bytes, name: str, info: ZipInfo, limit: int) -> Decoded | None:
        """A zip's member that is as its entry says, and that there is room for."""
        if self.members <= 0 or info.file_size > self.room(info.compress_size):
            return None
        packed = _packed(data, info, limit)
        if packed is None:
            return None
        key = (info.compress_type, info.CRC, info.file_size, packed)
        if key in self.known:
            self.members -= 1
            self.left -= info.file_size
            return Decoded(name, key=key)
        content = _unpacked(packed, info)
        if content is None:
            return None
        self.members -= 1
        return self.keep(name, content, None if _unfolds(content) else key)

    def count(self) -> str:
        self.members -= 1
        return "" if self.members >= 0 else f"is past the limit of {MAX_MEMBERS} members"

    def past(self, label: str) -> Decoded | None:
        """What is said of one member too many."""
        problem = self.count()
        return Decoded(label, problem=problem) if problem else None

    def room(self, packed: int) -> int:
        """How many bytes so many packed ones may unfold to."""
        return min(self.left, max(packed * MAX_RATIO, 1 << 20))

    def keep(self, label: str, content: bytes, key: Key | None = None) -> Decoded:
        if len(content) > self.left:
            return Decoded(label, problem=_TOO_MUCH)
        self.left -= len(content)
        return Decoded(label, content, "", key)

    def take(self, label: str, file: IO[bytes], packed: int) -> Decoded:
        room = self.room(packed)
        content: bytes = file.read(room + 1)
        return Decoded(label, problem=_TOO_MUCH) if len(content) > room else self.keep(label, content)


def _above(label: str) -> Iterator[str]:
    """A label, and those of the archives that it may lie in; a member's name may have the mark in it, too."""
    yield label
    yield from (label[:at] for at, char in enumerate(label) if char == "!")


def _limits(infos: Iterable[ZipInfo], directory: int) -> dict[int, int]:
    """Where each member must end, by where it begins: at the next one, or at the directory."""
    starts = sorted({info.header_offset for info in infos})
    return dict(zip(starts, [*starts[1:], directory], strict=True)) if starts else {}


def _packed(data: bytes, info: ZipInfo, limit: int) -> bytes | None:
    """What a zip's member is packed to, where its own header says what its entry does and it ends by `limit`. Of any
    other, None: `zipfile`, which reads a little at a time, is to say what is wrong with it."""
    head = data[info.header_offset : info.header_offset + _HEAD.size]
    if len(head) < _HEAD.size or info.flag_bits & _ODD:
        return None
    magic, flags, name, extra = _HEAD.unpack(head)
    start = info.header_offset + _HEAD.size
    packed = data[start + name + extra : start + name + extra + info.compress_size]
    same = data[start : start + name] == info.orig_filename.encode("utf-8" if flags & _UTF8 else "cp437", "replace")
    if magic != b"PK\x03\x04" or flags != info.flag_bits or not same or start + name + extra + len(packed) > limit:
        return None
    return packed


def _unpacked(packed: bytes, info: ZipInfo) -> bytes | None:
    """The content of a zip's member, stored or deflated, that is as its entry says; of any other, None."""
    content = packed if info.compress_type == _STORED else b""
    if info.compress_type == _DEFLATED:
        unpacker = isal_zlib.decompressobj(-15)
        try:
            content = unpacker.decompress(packed, info.file_size + 1)
        except IsalError:  # type: ignore[misc]
            return None
        if not unpacker.eof:
            return None
    whole = len(content) == info.file_size and isal_zlib.crc32(content) == info.CRC
    return content if whole and info.compress_type in (_STORED, _DEFLATED) else None


def _joined(label: str, name: str) -> str:
    """The label of an archive's member, or of the one text inside of a compressed one."""
    return f"{label}!{name}" if name else label
