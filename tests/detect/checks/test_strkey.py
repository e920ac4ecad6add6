import base64
import binascii

from leakguard.detect.checks.evidence import Evidence
from leakguard.detect.checks.strkey import check_seed


def strkey(version: int, body: bytes) -> bytes:
    data = bytes([version]) + body
    return base64.b32encode(data + binascii.crc_hqx(data, 0).to_bytes(2, "little"))


def outcome(secret: bytes) -> str:
    return check_seed(Evidence(secret, secret, 0, len(secret)), "").outcome


def test_the_checksum_is_xmodem():
    assert binascii.crc_hqx(b"123456789", 0) == 0x31C3


def test_a_seed_is_proven():
    seed = strkey(144, bytes(range(32)))
    assert seed.startswith(b"S")
    assert len(seed) == 56
    assert outcome(seed) == "proven"


def test_an_altered_seed_is_refuted():
    seed = strkey(144, bytes(range(32)))
    assert outcome(seed[:20] + (b"A" if seed[20:21] != b"A" else b"B") + seed[21:]) == "refuted"


def test_a_public_account_id_is_refuted():
    assert outcome(strkey(48, bytes(range(32)))) == "refuted"


def test_text_outside_of_base32_is_refuted():
    assert outcome(b"S" + b"1" * 55) == "refuted"
