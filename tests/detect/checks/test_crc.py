import pytest

from leakguard.detect.checks.crc import check_base62, check_hex
from leakguard.detect.checks.evidence import Evidence
from leakguard.detect.template import expand


def outcome(check, template: str, argument: str = "") -> str:
    secret = expand(template, "crc").encode()
    return check(Evidence(secret, secret, 0, len(secret)), argument).outcome


@pytest.mark.parametrize(
    ("check", "template", "argument"),
    [
        (check_base62, "ghp_{start}{alnum:30}{crc32-base62}", "30"),
        (check_hex, "acme_{hex:32}{crc32-hex:8}", ""),
        (check_hex, "acme_{start}{hex:32}{crc32-HEX:8}", "32"),
    ],
)
def test_a_right_checksum_is_proof_and_a_wrong_one_refutes(check, template, argument):
    assert outcome(check, template, argument) == "proven"
    assert (
        outcome(check, template.replace("{start}", "").replace("{alnum:30}", "{alnum:29}0") + "0", argument)
        == "refuted"
    )
