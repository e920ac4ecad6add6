import base64

import pytest

from leakguard.detect.checks.evidence import Evidence
from leakguard.detect.checks.saved import check_password


def outcome(tag: bytes, text: bytes) -> str:
    return check_password(Evidence(text, tag + text + b"</Pass>", len(tag), len(tag) + len(text)), "").outcome


ENCODED = b'<Pass encoding="base64">'


def test_a_saved_password_is_read_plain_and_in_base64():
    assert outcome(b"<Pass>", b"tr0ub4dor-and-3") == "supported"
    assert outcome(ENCODED, base64.b64encode(b"tr0ub4dor-and-3")) == "supported"


@pytest.mark.parametrize("text", [b"%%%%", base64.b64encode(b"\xff\xfe\x00\x01"), base64.b64encode(b"password")])
def test_what_holds_no_password_is_refuted(text):
    assert outcome(ENCODED, text) == "refuted"
