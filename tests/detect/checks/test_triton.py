import base64
import zlib

from leakguard.detect.checks.evidence import Evidence
from leakguard.detect.checks.triton import check_key

BODY = bytes(range(100, 132))


def outcome(data: bytes) -> str:
    secret = b"tdc_" + base64.urlsafe_b64encode(data).rstrip(b"=")
    return check_key(Evidence(secret, secret, 0, len(secret)), "").outcome


def test_the_checksum_of_prefix_and_bytes_is_proof():
    assert outcome(BODY + zlib.crc32(b"tdc_" + BODY).to_bytes(4, "little")) == "proven"


def test_the_checksum_of_the_documented_sample_is_proof_too():
    assert outcome(BODY + zlib.crc32(BODY).to_bytes(4, "big")) == "proven"


def test_a_wrong_checksum_is_doubtful():
    assert outcome(BODY + b"\0\0\0\0") == "doubtful"


def test_another_length_is_refuted():
    assert outcome(BODY) == "refuted"
