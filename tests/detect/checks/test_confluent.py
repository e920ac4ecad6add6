import base64
import zlib

from leakguard.detect.checks.confluent import check_secret
from leakguard.detect.checks.evidence import Evidence
from leakguard.detect.template import expand


def outcome(secret: bytes) -> str:
    return check_secret(Evidence(secret, secret, 0, len(secret)), "").outcome


def test_the_checksum_leaves_the_prefix_out():
    body = expand("{base64:54}", "confluent").encode()
    tail = base64.b64encode(zlib.crc32(body).to_bytes(4, "little"))[:6]
    assert outcome(b"cflt" + body + tail) == "proven"
    wrong = base64.b64encode(zlib.crc32(b"cflt" + body).to_bytes(4, "little"))[:6]
    assert outcome(b"cflt" + body + wrong) == "doubtful"
