"""A text inside of archives is found again by its label, and by nothing else's cost."""

from __future__ import annotations

import gzip
import io
import random
import zipfile

import pytest

from leakguard.detect import decoders
from leakguard.detect.decoders import decode, find_inner, find_inners
from tests.archives import tarred, zipped

NESTED = zipped(a=b"one", ab=tarred(c=b"two", d=zipped(e="wide".encode("utf-16"))), f=gzip.compress(b"three"))


@pytest.mark.parametrize(
    "data",
    [NESTED, gzip.compress(NESTED), "text".encode("utf-16"), gzip.compress(b"text")],
    ids=["archives", "archives in gzip", "text in UTF-16", "text in gzip"],  # the bytes hold the time
)
def test_every_label_leads_back_to_its_first_text(data: bytes) -> None:
    texts: dict[str, bytes] = {}
    for inner in decode(data):
        texts.setdefault(inner.label or "decoded", inner.data)
    assert texts
    assert {label: find_inner(data, label) for label in texts} == texts
    assert find_inners(data, [*texts, "!not there"]) == texts


def test_a_label_that_is_not_there_leads_nowhere() -> None:
    assert find_inner(NESTED, "!ab!x") is None
    assert find_inner(NESTED, "decoded") is None
    assert find_inner(b"plain", "decoded") is None


def test_what_a_label_does_not_name_is_not_unfolded(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    honest = decoders._packed

    def counted(data: bytes, info: zipfile.ZipInfo, limit: int) -> bytes | None:
        read.append(info.filename)
        return honest(data, info, limit)

    monkeypatch.setattr(decoders, "_packed", counted)
    assert find_inner(NESTED, "!f") is not None
    assert read == ["f"]


def told(data: bytes) -> list[tuple[str, bytes, str]]:
    return [(inner.label, inner.data, inner.problem) for inner in decode(data)]


def packed(method: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in {"one": b"first " * 300, "naïve.txt": b"second", "nothing": b"", "folder/": b""}.items():
            archive.writestr(zipfile.ZipInfo(name), content, method)
    return out.getvalue()


def changed(data: bytes, old: bytes, new: bytes, last: bool = False) -> bytes:
    at = data.rindex(old) if last else data.index(old)
    return data[:at] + new + data[at + len(old) :]


DEFLATED, STORED = packed(zipfile.ZIP_DEFLATED), packed(zipfile.ZIP_STORED)
ODD_ZIPS = {
    "deflated": DEFLATED,
    "stored": STORED,
    "another method": packed(zipfile.ZIP_BZIP2),
    "something before it": b"PK\x03\x04" + bytes(96) + DEFLATED,
    "a member is not what it was": changed(STORED, b"first first", b"first fiRst"),
    "a name in one place only": changed(STORED, b"one", b"two"),
    "a name in the directory only": changed(STORED, b"one", b"two", last=True),
    "a header is broken": changed(STORED, b"secondPK", b"secondQK"),
    "a stream is broken": DEFLATED[:33] + b"\xff\xff\xff\xff" + DEFLATED[37:],
    "cut short": DEFLATED[:-1],
}


@pytest.mark.parametrize("data", ODD_ZIPS.values(), ids=ODD_ZIPS)
def test_a_zip_tells_what_zipfile_tells_of_it(data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = told(data)
    monkeypatch.setattr(decoders, "_packed", lambda *_: None)
    assert ours == told(data)
    assert ours


def test_a_member_without_a_name_is_unfolded() -> None:
    data = zipped(**{"/name": b"text"})
    nameless = data.replace(b"/name", b"\0name")
    assert nameless != data
    assert told(nameless) == [("", b"text", "")]


def test_members_that_share_their_bytes_are_left_to_zipfile() -> None:
    with zipfile.ZipFile(io.BytesIO(DEFLATED)) as archive:
        first, *_ = infos = archive.infolist()
        limits = decoders._limits(infos, archive.start_dir)
    packed = decoders._packed(DEFLATED, first, limits[first.header_offset])
    assert packed is not None
    assert decoders._unpacked(packed, first) == b"first " * 300
    assert decoders._packed(DEFLATED, first, limits[first.header_offset] - 1) is None


def test_a_member_that_lies_about_its_size_is_not_unfolded_beyond_it() -> None:
    bomb = zipped(a=bytes(1 << 20))
    with zipfile.ZipFile(io.BytesIO(bomb)) as archive:
        info = archive.getinfo("a")
        packed = decoders._packed(bomb, info, archive.start_dir)
        assert packed is not None
        info.file_size = 100
        assert decoders._unpacked(packed, info) is None


def test_members_past_the_limit_are_told_and_not_unfolded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoders, "MAX_MEMBERS", 2)
    problems = {label: problem for label, _, problem in told(zipped(a=b"1", b=b"2", c=b"3", d=b"4"))}
    assert problems == {"!a": "", "!b": "", **dict.fromkeys(("!c", "!d"), "is past the limit of 2 members")}


def test_a_tar_that_ends_early_is_said_to_be_broken() -> None:
    whole = tarred(a=b"one", b=b"x" * 5000)
    assert [problem for *_, problem in told(whole)] == ["", ""]
    assert told(whole[:2000])[-1][2] == "cannot be unfolded (ReadError)"


NOISE = random.Random(1).randbytes(40_000)


@pytest.mark.parametrize(
    ("data", "text", "problem"),
    [
        (gzip.compress(b"one ") + gzip.compress(b"two"), b"one two", ""),
        (gzip.compress(b"one") + bytes(600), b"one", ""),
        (gzip.compress(b"one") + bytes(600) + gzip.compress(b" two"), b"one two", ""),
        (gzip.compress(b""), b"", ""),
        (gzip.compress(b"one") + b"junk", b"one", "followed by something else"),
        (gzip.compress(b"one")[:-6], b"one", "is cut off"),
        (gzip.compress(b"one")[:10], b"", "is cut off"),
        (b"\x1f\x8bnone", b"", "cannot be unfolded"),
        (gzip.compress(NOISE)[:-8] + bytes(8), NOISE[:36_000], "is damaged from some place on"),
        (gzip.compress(bytes(40 << 20)), b"", "more bytes than the limit"),
        (gzip.compress(b"") * 10_001, b"", "past the limit of 10000 members"),
    ],
    ids=["parts", "padded", "padded within", "empty", "junk", "cut", "cut early", "none", "damaged", "bomb", "many"],
)
def test_a_gzip_file_gives_what_can_be_read_and_says_what_cannot(data: bytes, text: bytes, problem: str) -> None:
    *given, last = decode(data)
    found = b"".join(inner.data for inner in [*given, last])
    assert found[:36_000] == text
    assert (problem in last.problem) if problem else not last.problem


def test_a_member_that_is_known_is_told_without_its_bytes() -> None:
    one, other = (
        zipped(a=b"same", b=b"one", c=zipped(d=b"inside")),
        zipped(x=b"same", y=b"other", z=zipped(d=b"inside")),
    )
    keys = {inner.key: inner.data for inner in decode(one) if inner.key}
    assert sorted(keys.values()) == [b"inside", b"one", b"same"]
    told_of = [(inner.label, inner.data, inner.size) for inner in decode(other, keys) if inner.label != "!z"]
    assert told_of == [("!x", b"", 4), ("!y", b"other", 5), ("!z!d", b"", 6)]


def test_a_member_is_not_known_by_its_checksum_alone() -> None:
    data = zipped(a=b"same")
    (inner,) = decode(data)
    assert inner.key is not None
    assert [told.data for told in decode(data, {(*inner.key[:3], b"else")})] == [b"same"]


def test_what_is_known_counts_towards_the_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    data = zipped(a=b"12345", b=b"12345", c=b"123")
    keys = {inner.key for inner in decode(data)}
    monkeypatch.setattr(decoders, "MAX_TOTAL", 12)
    monkeypatch.setattr(decoders, "MAX_MEMBERS", 2)
    problems = [inner.problem for inner in decode(data)]
    assert problems == ["", "", "is past the limit of 2 members"]
    assert problems == [inner.problem for inner in decode(data, keys)]
    monkeypatch.setattr(decoders, "MAX_MEMBERS", 3)
    problems = [inner.problem for inner in decode(data)]
    assert problems == ["", "", "unfolds to more bytes than the limit allows"]
    assert problems == [inner.problem for inner in decode(data, keys)]
