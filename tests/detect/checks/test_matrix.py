from leakguard.detect.checks.evidence import Evidence
from leakguard.detect.checks.matrix import check_service, check_synapse
from leakguard.detect.template import expand


def outcome(check, secret: str) -> str:
    data = secret.encode()
    return check(Evidence(data, data, 0, len(data)), "").outcome


def test_a_right_checksum_is_proof():
    assert outcome(check_synapse, expand("{start}syt_{b64:alice}_{alpha:20}{end}_{crc32-base62}", "a")) == "proven"
    assert outcome(check_service, expand("{start}mat_{alnum:30}{end}_{crc32-base62-le}", "a")) == "proven"


def test_a_wrong_checksum_refutes():
    assert outcome(check_synapse, expand("syt_{b64:alice}_{alpha:20}_{alnum:6}", "b")) == "refuted"
    assert outcome(check_service, expand("mat_{alnum:30}_{alnum:6}", "b")) == "refuted"


def test_the_two_servers_write_the_digits_in_opposite_order():
    token = expand("{start}mat_{alnum:30}{end}_{crc32-base62-le}", "c")
    assert outcome(check_synapse, token) == "refuted"


def test_the_prefix_is_part_of_what_is_summed():
    token = expand("{start}mat_{alnum:30}{end}_{crc32-base62-le}", "d")
    assert outcome(check_service, "mar_" + token[4:]) == "refuted"
