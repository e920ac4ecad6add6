from leakguard.detect.checks.evidence import Evidence
from leakguard.detect.checks.judged import check_judged


def outcome(secret: bytes) -> str:
    window = b'master_password = "' + secret + b'"'
    return check_judged(Evidence(secret, window, 19, 19 + len(secret), {"name": b"master_password"}), "").outcome


def test_a_random_password_is_left_alone():
    assert outcome(b"Jx7!" + b"qP2#vR9zLw") == "neutral"


def test_a_stand_in_is_refuted():
    assert outcome(b"changeme") == "refuted"
    assert outcome(b"${var.password}") == "refuted"
