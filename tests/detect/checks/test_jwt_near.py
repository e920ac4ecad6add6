from leakguard.detect.checks.evidence import Evidence
from leakguard.detect.checks.jwt_near import check_near
from leakguard.detect.template import expand


def outcome(template: str) -> str:
    data = expand(template, "a").encode()
    return check_near(Evidence(data, data, 0, len(data)), "").outcome


def test_a_token_that_decodes_is_proven():
    assert outcome("{jwt}") == "proven"


def test_a_token_that_does_not_decode_is_doubtful():
    assert outcome("eyJhbGciOiJIUzI1NiJ9.eyJ{alnum:80}.{alnum:43}") == "doubtful"
