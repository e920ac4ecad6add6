import base64
import zlib

import pytest

from leakguard.detect.checks.atlassian import check_bitbucket, check_cloud, check_data_center
from leakguard.detect.checks.evidence import Evidence


def ask(check, secret: bytes, **groups: bytes) -> str:
    return check(Evidence(secret, secret, 0, len(secret), groups), "").outcome


def token() -> bytes:
    body = b"ATATT3xFfGF0" + b"k7Jq2LmN8x" * 17 + b"="
    return body + f"{zlib.crc32(body):08X}".encode()


@pytest.mark.parametrize("sign", [b"=", b"\\=", b"%3D", b"%3d"])
def test_the_checksum_covers_the_equals_sign_however_it_is_written(sign):
    assert ask(check_cloud, token().replace(b"=", sign)) == "proven"


def test_a_wrong_checksum_refutes_and_a_missing_one_casts_doubt():
    assert ask(check_cloud, b"ATATT3y" + token()[7:]) == "refuted"
    assert ask(check_cloud, token()[:-9]) == "doubtful"


def test_a_data_center_token_holds_its_number():
    good = base64.b64encode(b"123456789012:" + bytes(range(200, 220)))
    assert ask(check_data_center, good) == "proven"
    assert ask(check_data_center, base64.b64encode(b"12345678901x:" + bytes(20))) == "refuted"
    assert ask(check_data_center, good[:40]) == "refuted"


def test_bitbuckets_prefix_is_worth_showing_without_proof():
    good = base64.b64encode(b"123456789012:" + bytes(range(200, 220)))
    assert ask(check_bitbucket, b"BBDC-" + good, payload=good) == "proven"
    assert ask(check_bitbucket, b"BBDC-" + b"x" * 44, payload=b"x" * 44) == "doubtful"
