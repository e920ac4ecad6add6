import hashlib

import pytest

from leakguard.detect.checks.evidence import Evidence
from leakguard.detect.checks.mnemonic import _LIST, check_mnemonic, encode_mnemonic


def outcome(text: str) -> str:
    secret = text.encode()
    return check_mnemonic(Evidence(secret, secret, 0, len(secret)), "").outcome


def test_the_list_is_that_of_the_standard():
    assert (
        hashlib.sha256(_LIST.read_bytes()).hexdigest()
        == "2f5eed53a4727b4bf8880d8f3f199efc90e58503646d9ff8eff3a2ed3b24dbda"
    )


@pytest.mark.parametrize("size", [16, 20, 24, 28, 32])
def test_a_right_phrase_of_every_length_is_proven(size):
    phrase = encode_mnemonic(bytes(range(7, 7 + size)))
    assert len(phrase.split()) == size * 3 // 4
    assert outcome(phrase) == "proven"


def test_the_test_vector_of_the_standard_encodes_and_is_harmless():
    phrase = encode_mnemonic(bytes(16))
    assert phrase == "abandon " * 11 + "about"
    assert outcome(phrase) == "harmless"


def test_a_wrong_check_word_is_doubtful_and_a_foreign_word_refutes():
    words = encode_mnemonic(bytes(range(7, 23))).split()
    wrong = [*words[:-1], "zoo"]
    assert outcome(" ".join(wrong)) == "doubtful"
    assert outcome(" ".join([*words[:-1], "leakguard"])) == "refuted"
    assert outcome(" ".join(words[:11])) == "refuted"
