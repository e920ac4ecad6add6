"""A text inside of archives is found again by its label, and by nothing else's cost."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile

import pytest

from leakguard.detect.decoders import decode, find_inner, find_inners


def zipped(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def tarred(**members: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


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
    honest = zipfile.ZipFile.open

    def counted(self: zipfile.ZipFile, name: zipfile.ZipInfo, *rest: object) -> object:
        read.append(name.filename)
        return honest(self, name, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(zipfile.ZipFile, "open", counted)
    assert find_inner(NESTED, "!f") is not None
    assert read == ["f"]
