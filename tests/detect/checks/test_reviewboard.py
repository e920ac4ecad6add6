import zlib

from leakguard.detect.checks.evidence import Evidence
from leakguard.detect.checks.reviewboard import check_token
from leakguard.detect.template import BASE62, base_digits

BODY = b"aB3" * 81 + b"xY"
SUM = base_digits(zlib.crc32(BODY), BASE62, 6)


def outcome(tail: str) -> str:
    secret = b"rbp_" + BODY + tail.encode()
    return check_token(Evidence(secret, secret, 0, len(secret)), "").outcome


def test_the_checksum_counts_in_either_case():
    assert outcome(SUM) == outcome(SUM.swapcase()) == "proven"


def test_another_checksum_refutes():
    assert outcome(SUM[:-1] + ("1" if SUM[-1] != "1" else "2")) == "refuted"
