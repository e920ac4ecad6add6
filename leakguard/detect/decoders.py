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
    from collections.abc import Iterable, Iterator
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


class Decoded(msgspec.Struct, frozen=True):
    """A text inside of another: where (`!member.txt` of an archive, or '' for a change of encoding) and its bytes.

    `problem` is set instead where something could not be unfolded.
    """

    label: str
    data: bytes = b""
    problem: str = ""


def may_decode(data: bytes) -> bool:
    """Whether the first bytes look like something that `decode` knows. Costs next to nothing: it runs on every blob."""
    head = data[:4]
    return (
        head[:2] in (b"\x1f\x8b", b"\xff\xfe", b"\xfe\xff")
        or head in (b"PK\x03\x04", b"\0\0\xfe\xff")
        or (len(data) > 262 and data[257:262] == b"ustar")
        or (len(data) >= 8 and (data[1] == 0) != (data[0] == 0) and _wide(data) != "")
    )


def decode(data: bytes) -> Iterator[Decoded]:
    """Every text that `data` unfolds to, archives inside of archives included."""
    yield from _Unfolder().unfold(data, "", 0)


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
    return (OSError, EOFError, *broken, ValueError, NotImplementedError, RuntimeError)


class _Unfolder:
    """Unfolds one text within one budget of bytes and members: all of it, or what leads to some labels."""

    def __init__(self, targets: Iterable[str] | None = None) -> None:
        self.wanted = None if targets is None else {part for target in targets for part in _above(target)}
        self.left = MAX_TOTAL
        self.members = MAX_MEMBERS

    def unfold(self, data: bytes, label: str, depth: int) -> Iterator[Decoded]:
        encoding = _wide(data)
        if encoding:
            yield Decoded(label, data.decode(encoding, "replace").lstrip("\ufeff").encode("utf-8", "replace"))
            return
        archive = data[:2] == b"\x1f\x8b" or data[:4] == b"PK\x03\x04" or data[257:262] == b"ustar"
        if not archive:
            return
        if depth >= MAX_DEPTH:
            yield Decoded(label, problem=f"is nested more than {MAX_DEPTH} archives deep")
            return
        try:
            for name, content in self.read(data, label):
                inner = _joined(label, name)
                if isinstance(content, str):
                    yield Decoded(inner, problem=content)
                    continue
                yield Decoded(inner, content)
                yield from self.unfold(content, inner, depth + 1)
        except _unfold_errors() as problem:
            yield Decoded(label, problem=f"cannot be unfolded ({type(problem).__name__})")

    def wants(self, label: str, name: str) -> bool:
        return self.wanted is None or _joined(label, name) in self.wanted

    def read(self, data: bytes, label: str) -> Iterator[tuple[str, bytes | str]]:
        if data[:2] == b"\x1f\x8b":
            yield from (("", content) for content in self.gzip(data))
        elif data[:4] == b"PK\x03\x04":
            yield from self.zip(data, label)
        else:
            import tarfile

            with tarfile.open(fileobj=io.BytesIO(data)) as archive:
                for member in archive:
                    if not (member.isfile() and self.wants(label, member.name)):
                        continue
                    end = member.offset_data + member.size
                    whole = end <= len(data) and 0 <= member.size <= self.left and not member.issparse()
                    inner = None if whole else archive.extractfile(member)
                    if whole:
                        yield member.name, self.count() or self.keep(data[member.offset_data : end])
                    elif inner:
                        yield member.name, self.count() or self.take(inner, max(member.size, 1))

    def gzip(self, data: bytes) -> Iterator[bytes | str]:
        """What its parts unfold to, as far as they go, and then what ended them too early."""
        room, content, at, problem = self.room(len(data)), bytearray(), 0, ""
        while at < len(data) and not (problem := self.count()):
            part = zlib.decompressobj(31)
            try:
                while at < len(data) and not part.eof:
                    packed = data[at : at + _CHUNK]
                    content += part.decompress(packed, room + 1 - len(content))
                    if len(content) > room:
                        yield _TOO_MUCH
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
            yield self.keep(bytes(content))
        if problem:
            yield problem

    def zip(self, data: bytes, label: str) -> Iterator[tuple[str, bytes | str]]:
        import zipfile

        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = archive.infolist()
            limits = _limits(infos, archive.start_dir)
            for info in infos:
                if info.is_dir() or not self.wants(label, info.filename):
                    continue
                if info.flag_bits & 1:
                    yield info.filename, "is encrypted"
                    continue
                packed = max(info.compress_size, 1)
                fits = self.members > 0 and info.file_size <= self.room(packed)
                content = _member(data, info, limits[info.header_offset]) if fits else None
                if content is not None:
                    yield info.filename, self.count() or self.keep(content)
                    continue
                with archive.open(info) as file:
                    yield info.filename, self.count() or self.take(file, packed)

    def count(self) -> str:
        self.members -= 1
        return "" if self.members >= 0 else f"is past the limit of {MAX_MEMBERS} members"

    def room(self, packed: int) -> int:
        """How many bytes so many packed ones may unfold to."""
        return min(self.left, max(packed * MAX_RATIO, 1 << 20))

    def keep(self, content: bytes) -> bytes:
        """What is known to have room."""
        self.left -= len(content)
        return content

    def take(self, file: IO[bytes], packed: int) -> bytes | str:
        room = self.room(packed)
        content: bytes = file.read(room + 1)
        if len(content) > room:
            return _TOO_MUCH
        self.left -= len(content)
        return content


def _above(label: str) -> Iterator[str]:
    """A label, and those of the archives that it may lie in; a member's name may have the mark in it, too."""
    yield label
    yield from (label[:at] for at, char in enumerate(label) if char == "!")


def _limits(infos: Iterable[ZipInfo], directory: int) -> dict[int, int]:
    """Where each member must end, by where it begins: at the next one, or at the directory."""
    starts = sorted({info.header_offset for info in infos})
    return dict(zip(starts, [*starts[1:], directory], strict=True)) if starts else {}


def _member(data: bytes, info: ZipInfo, limit: int) -> bytes | None:
    """The content of a zip's member that is as its entry says, stored or deflated, and ends by `limit`. Of any other,
    None: `zipfile`, which reads a little at a time, is to say what is wrong with it."""
    head = data[info.header_offset : info.header_offset + _HEAD.size]
    if len(head) < _HEAD.size or info.flag_bits & _ODD:
        return None
    magic, flags, name, extra = _HEAD.unpack(head)
    start = info.header_offset + _HEAD.size
    packed = data[start + name + extra : start + name + extra + info.compress_size]
    same = data[start : start + name] == info.orig_filename.encode("utf-8" if flags & _UTF8 else "cp437", "replace")
    if magic != b"PK\x03\x04" or flags != info.flag_bits or not same or start + name + extra + len(packed) > limit:
        return None
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
