from leakguard.detect.checks.dropbox import check_long_lived
from leakguard.detect.checks.evidence import Evidence
from leakguard.detect.template import expand


def outcome(template: str) -> str:
    secret = expand(template, "dropbox").encode()
    return check_long_lived(Evidence(secret, secret, 0, len(secret)), "").outcome


def test_zero_bytes_in_their_place_are_proof():
    assert outcome("{alnum:11}AAAAAAAAAA{base64url:43}") == "proven"


def test_zero_bytes_all_over_are_a_stand_in():
    assert outcome("AAAAAAAAAAAAAAAAAAAAA{base64url:43}") == "neutral"
    assert outcome("{alnum:11}AAAAAAAAAA{x:43}") == "neutral"
