from leakguard.detect.checks.evidence import Evidence
from leakguard.detect.checks.shape import check_mixed, check_not_hex


def outcome(secret: bytes, argument: str = "") -> str:
    return check_mixed(Evidence(secret, secret, 0, len(secret)), argument).outcome


def test_random_text_is_left_alone():
    assert outcome(b"h3kd92ksl1p0q8v7") == "neutral"
    assert outcome(b"h3Kd92ksl1P0q8v7", "aA0") == "neutral"


def test_an_identifier_without_digits_is_refuted():
    assert outcome(b"getWorkspaceConfiguration") == "refuted"


def test_a_missing_case_is_refuted_only_where_it_is_asked_for():
    assert outcome(b"h3kd92ksl1p0q8v7", "aA0") == "refuted"
    assert outcome(b"H3KD92KSL1P0Q8V7", "A0") == "neutral"


def test_a_digest_is_refuted_where_letters_and_digits_are_wanted():
    digest, key = b"0a1b2c3d4e5f60718293a4b5c6d7e8f901234567", b"0a1b2c3d4e5f60718293a4b5c6d7e8f90123456z"
    assert check_not_hex(Evidence(digest, digest, 0, 40), "").outcome == "refuted"
    assert check_not_hex(Evidence(digest, digest, 0, 40), "64").outcome == "neutral"
    assert check_not_hex(Evidence(key, key, 0, 40), "").outcome == "neutral"
