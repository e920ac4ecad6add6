import pytest

from leakguard.detect.checks.evidence import Evidence
from leakguard.detect.checks.secp256k1 import ORDER, check_scalar, check_solana
from leakguard.detect.template import expand


def outcome(check, text: str) -> str:
    secret = text.encode()
    return check(Evidence(secret, secret, 0, len(secret)), "").outcome


def test_a_number_below_the_order_is_a_key():
    assert outcome(check_scalar, expand("0x{hex:64}", "key")) == "supported"


@pytest.mark.parametrize("number", [0, ORDER, 2**256 - 1])
def test_other_numbers_are_none(number):
    assert outcome(check_scalar, f"0x{number:064x}") == "refuted"


@pytest.mark.parametrize("text", [f"0x{1:064x}", "ab" * 32, "ac0974bec39a17e3" + "0f" * 24])
def test_published_and_regular_keys_are_harmless(text):
    assert outcome(check_scalar, text) == "harmless"


def test_other_text_is_no_key():
    assert outcome(check_scalar, "0xzz") == outcome(check_scalar, "é") == outcome(check_scalar, "0x1234") == "refuted"


def test_a_key_pair_is_proven_by_its_second_half():
    assert outcome(check_solana, expand("{solana}", "pair")) == "proven"
    assert outcome(check_solana, str(list(range(64)))) == "refuted"
    assert outcome(check_solana, str([300] * 64)) == "refuted"
    assert outcome(check_solana, "[1, 2]") == "refuted"
