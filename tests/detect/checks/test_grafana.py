import zlib

from leakguard.detect.checks.evidence import Evidence
from leakguard.detect.checks.grafana import check_service_account
from leakguard.detect.template import expand


def outcome(secret: bytes) -> str:
    return check_service_account(Evidence(secret, secret, 0, len(secret)), "").outcome


def test_the_checksum_is_read_with_its_least_significant_byte_first():
    head = expand("glsa_{alnum:32}", "grafana").encode()
    crc = zlib.crc32(head)
    assert outcome(head + b"_" + crc.to_bytes(4, "little").hex().encode()) == "proven"
    assert outcome(head + b"_" + crc.to_bytes(4, "big").hex().encode()) == "doubtful"
