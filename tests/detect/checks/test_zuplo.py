import zlib

from leakguard.detect.checks.evidence import Evidence
from leakguard.detect.checks.zuplo import check_key

BODY = b"0123456789abcdef" * 2


def outcome(secret: bytes) -> str:
    return check_key(Evidence(secret, secret, 0, len(secret)), "").outcome


def test_the_checksum_of_the_body_is_proof():
    assert outcome(b"zpka_" + BODY + f"_{zlib.crc32(BODY):08x}".encode()) == "proven"


def test_another_checksum_refutes():
    assert outcome(b"zpka_" + BODY + f"_{zlib.crc32(BODY) ^ 1:08x}".encode()) == "refuted"
