from leakguard.detect.checks.evidence import Evidence
from leakguard.detect.checks.mattermost import check_alphabet
from leakguard.detect.template import expand


def outcome(template: str) -> str:
    data = expand(template, "a").encode()
    return check_alphabet(Evidence(data, data, 0, len(data)), "").outcome


def test_z_base_32_is_left_alone():
    assert outcome("{chars:a-km-uw-z13-9:26}") == "neutral"


def test_a_foreign_character_is_doubtful():
    assert outcome("{chars:a-km-uw-z13-9:25}l") == "doubtful"
    assert outcome("0{chars:a-km-uw-z13-9:25}") == "doubtful"
