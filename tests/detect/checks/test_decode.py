import base64

import pytest

from leakguard.detect.checks.decode import check_json, check_text, decode_base64
from leakguard.detect.checks.evidence import Evidence


def outcome(check, secret: bytes, argument: str, **groups: bytes) -> str:
    return check(Evidence(secret, secret, 0, len(secret), groups), argument).outcome


TOKEN = b"glc_" + base64.b64encode(b'{"o":"7","n":"name","k":"key>?"}')


def test_both_alphabets_decode_padded_or_not():
    assert decode_base64(b"-_-_") == decode_base64(b"+/+/") == bytes([0xFB, 0xFF, 0xBF])
    assert decode_base64(b"YQ") == decode_base64(b"YQ==") == b"a"
    assert decode_base64(b"Y Q") is None


def test_a_json_object_with_its_keys_is_proof():
    assert outcome(check_json, TOKEN, "glc_|o,k") == "proven"
    assert outcome(check_json, TOKEN, "glc_|") == "proven"


def test_a_missing_key_or_prefix_or_no_object_refutes():
    assert outcome(check_json, TOKEN, "glc_|o,z") == "refuted"
    assert outcome(check_json, TOKEN, "other_|o") == "refuted"
    assert outcome(check_json, b"glc_" + base64.b64encode(b"[1,2]"), "glc_|") == "refuted"
    assert outcome(check_json, b"glc_abcdefgh", "glc_|o") == "refuted"


def test_an_undocumented_form_is_only_doubtful():
    assert outcome(check_json, b"glc_abcdefgh", "glc_|o|doubtful") == "doubtful"


def test_the_group_payload_is_read_where_there_is_one():
    assert outcome(check_json, b"glc_123.abc", "glc_|o", payload=TOKEN[4:]) == "proven"


@pytest.mark.parametrize(("text", "wanted"), [(b"xapp:12:ab", "proven"), (b"yapp:12:ab", "refuted")])
def test_decoded_text_is_held_against_the_expression(text, wanted):
    assert outcome(check_text, b"p." + base64.urlsafe_b64encode(text), r"p.|xapp:\d+:[a-z]|ab") == wanted


def test_what_follows_the_base64_is_skipped():
    assert outcome(check_json, TOKEN.rstrip(b"=") + b".signature", "glc_|o") == "proven"
