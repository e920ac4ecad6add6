import pytest

from leakguard.detect.checks.digest import check_not_digest
from leakguard.detect.checks.evidence import Evidence


def outcome(line: bytes, value: bytes) -> str:
    start = line.index(value)
    return check_not_digest(Evidence(value, line, start, start + len(value)), "").outcome


@pytest.mark.parametrize(
    "label",
    [
        b"acme/agent@sha256:",
        b"acme/__init__.py,sha256=",
        b'"integrity": "',
        b"commit ",
        b"acme md5sum: ",
        b"acme#rev=",
        b"https://acme.example/contents/README.md?ref=",
        b'"headSha": "',
        b'{"before": "',
        b'"tree_id":"',
        b"acme commit id: ",
        b'acmeDriverChecksum := "',
    ],
)
def test_a_labelled_digest_is_refuted(label):
    assert outcome(label + b"5f3a" * 8, b"5f3a" * 8) == "refuted"


@pytest.mark.parametrize(
    "label",
    [b"ACME_KEY=", b'"acmeToken": "', b"acme committed ", b"sha256 of it, acme_key: ", b"<a href=", b"acmeAbbrev: "],
)
def test_other_labels_say_nothing(label):
    assert outcome(label + b"5f3a" * 8, b"5f3a" * 8) == "neutral"
