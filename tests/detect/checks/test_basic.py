import base64
import json

import pytest

from leakguard.detect.checks.basic import check_basic, check_docker
from leakguard.detect.checks.evidence import Evidence


def outcome(check, text: str | bytes) -> str:
    secret = base64.b64encode(text if isinstance(text, bytes) else text.encode())
    return check(Evidence(secret, secret, 0, len(secret)), "").outcome


@pytest.mark.parametrize(
    "login", ["deploy:Tr0ub4dor&3", "k9Jq2LmN8xR4tZ7w:", ":k9Jq2LmN8xR4tZ7w", "jürgen:Straßenfest-77"]
)
def test_a_login_speaks_for_itself(login):
    assert outcome(check_basic, login) == "supported"


@pytest.mark.parametrize(
    "login",
    [
        "user:password",
        "admin:admin",
        "user:${PASSWORD}",
        "me:<password>",
        b"\xff\xfe:\0",
        "no colon",
        "a:changeme",
        ":",
    ],
)
def test_stand_ins_and_other_things_refute(login):
    assert outcome(check_basic, login) == "refuted"


def test_the_example_of_the_rfc_is_harmless():
    assert outcome(check_basic, "Aladdin:open sesame") == "harmless"


def test_a_whole_login_file_in_base64_is_read():
    auth = base64.b64encode(b"ci:Tr0ub4dor&3").decode()
    assert outcome(check_docker, json.dumps({"auths": {"ghcr.io": {"auth": auth}}})) == "supported"
    assert outcome(check_docker, json.dumps({"auths": {"ghcr.io": {}}})) == "refuted"
    assert (
        outcome(check_docker, json.dumps({"auths": {"r.io": {"username": "ci", "password": "Tr0ub4dor&3"}}}))
        == "supported"
    )
    assert outcome(check_docker, '{"auths": ') == "refuted"
    assert outcome(check_docker, "ci:Tr0ub4dor&3") == "supported"
