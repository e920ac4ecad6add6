from leakguard.detect.checks.evidence import Evidence
from leakguard.detect.checks.gitlab import check_routable
from leakguard.detect.template import expand


def outcome(template: str) -> str:
    secret = expand(template, "gitlab").encode()
    return check_routable(Evidence(secret, secret, 0, len(secret)), "").outcome


def test_both_routable_forms_are_proven():
    assert outcome("glpat-{base64url:51}.01.1f{crc32-base36:7}") == "proven"
    assert outcome("glrt-t1_{base64url:51}.1f{crc32-base36:7}") == "proven"


def test_a_wrong_checksum_or_length_only_raises_doubt():
    assert outcome("glpat-{base64url:51}.01.1f{lowernum:7}") == "doubtful"
    assert outcome("glpat-{base64url:51}.01.zz{crc32-base36:7}") == "doubtful"
    assert outcome("glpat-{base64url:51}.01.__{crc32-base36:7}") == "doubtful"
