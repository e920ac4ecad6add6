import base64

import pytest

from leakguard.detect.checks.evidence import Evidence
from leakguard.detect.checks.macaroon import check_macaroon


def field(kind: int, content: bytes) -> bytes:
    size, rest = len(content) & 0x7F, len(content) >> 7
    return bytes((kind, size | 0x80, rest) if rest else (kind, size)) + content


HEAD = b"\x02" + field(1, b"index.test") + field(2, bytes(36)) + b"\0"
CAVEAT = field(2, b'[1, ["project"]]') + b"\0"
TAIL = b"\0" + field(6, bytes(range(32)))


def outcome(data: bytes) -> str:
    secret = b"acme-" + base64.urlsafe_b64encode(data).rstrip(b"=")
    return check_macaroon(Evidence(secret, secret, 0, len(secret)), "acme-").outcome


def test_a_whole_macaroon_is_proven_and_its_caveats_are_counted():
    assert outcome(HEAD + TAIL) == outcome(HEAD + CAVEAT + TAIL) == "proven"
    secret = base64.urlsafe_b64encode(HEAD + CAVEAT * 2 + TAIL)
    assert "2 caveats" in check_macaroon(Evidence(secret, secret, 0, len(secret)), "").reason


def test_long_fields_have_sizes_of_two_bytes():
    assert outcome(HEAD + field(2, b"p" * 200) + b"\0" + TAIL) == "proven"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x02",
        b"\x01" + HEAD[1:] + TAIL,
        (HEAD + TAIL)[:-1],
        HEAD + TAIL + b"\0",
        HEAD + CAVEAT,
        HEAD + field(9, b"?") + b"\0" + TAIL,
        b"\x02" + TAIL,
        HEAD + b"\x02\xff\xff\xff\xff\xff",
    ],
)
def test_what_is_cut_or_altered_is_doubtful(data):
    assert outcome(data) == "doubtful"
