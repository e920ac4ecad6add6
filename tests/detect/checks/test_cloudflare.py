import zlib

from leakguard.detect.checks.cloudflare import check_token
from leakguard.detect.checks.evidence import Evidence


def ask(secret: bytes) -> str:
    return check_token(Evidence(secret, secret, 0, len(secret)), "").outcome


def test_a_right_checksum_proves_and_a_wrong_one_says_nothing():
    body = b"k7Jq2LmN8x" * 4
    good = b"cfut_" + body + f"{zlib.crc32(body):08x}".encode()
    assert ask(good) == "proven"
    assert ask(good[:-8] + b"01234567") == "neutral"
