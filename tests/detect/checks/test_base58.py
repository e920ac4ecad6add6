import pytest

from leakguard.detect.checks.base58 import check_base58check, decode_base58, encode_base58check
from leakguard.detect.checks.evidence import Evidence


def outcome(secret: bytes, argument: str = "") -> str:
    return check_base58check(Evidence(secret, secret, 0, len(secret)), argument).outcome


def test_leading_zeros_survive():
    assert decode_base58(b"1112") == b"\0\0\0\1"
    assert decode_base58(encode_base58check(b"\0\0ab"))[:4] == b"\0\0ab"


@pytest.mark.parametrize("text", [b"0abc", b"", b"l", b"2" * 300])
def test_other_characters_and_lengths_are_no_base58(text):
    assert decode_base58(text) is None


def test_the_version_byte_has_to_be_one_of_those_named():
    key = encode_base58check(b"\x80" + bytes(range(32)))
    assert outcome(key) == outcome(key, "80") == outcome(key, "ef,80") == "proven"
    assert outcome(key, "ef") == "refuted"


def test_one_changed_character_refutes():
    key = encode_base58check(b"\x80" + bytes(range(32)))
    assert outcome(key[:-1] + (b"2" if key[-1:] != b"2" else b"3"), "80") == "refuted"


def test_the_ledger_has_an_alphabet_of_its_own():
    seed = encode_base58check(b"\x21" + bytes(range(16)), "ripple")
    assert seed.startswith(b"s")
    assert outcome(seed, "21@ripple") == "proven"
    assert outcome(seed, "21") == "refuted"
