import pytest

from leakguard.detect.checks.crates import check_trusted
from leakguard.detect.checks.evidence import Evidence


def outcome(secret: bytes) -> str:
    return check_trusted(Evidence(secret, secret, 0, len(secret)), "").outcome


@pytest.mark.parametrize(
    ("body", "digit"),
    [
        (b"A" * 31, b"D"),  # 65, modulo 62: 3
        (b"Q" * 16 + b"7" * 15, b"3"),  # the sixteen cancel out; 55
    ],
)
def test_the_last_character_is_the_others_xored(body, digit):
    assert outcome(b"cio_tp_" + body + digit) == "proven"
    assert outcome(b"cio_tp_" + body + b"k") == "doubtful"
