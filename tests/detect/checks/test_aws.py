import base64
import hashlib

import pytest

from leakguard.detect.checks.aws import check_account, check_mail_password, check_secret
from leakguard.detect.checks.evidence import Evidence, Verdict


def ask(check, secret: bytes) -> Verdict:
    return check(Evidence(secret, secret, 0, len(secret)), "")


def key_id(account: int, prefix: bytes = b"AKIA") -> bytes:
    return prefix + base64.b32encode((account << 7 | 1 << 47).to_bytes(6, "big") + bytes(range(90, 94)))


def test_a_key_id_names_its_account():
    verdict = ask(check_account, key_id(605412345678))
    assert (verdict.outcome, verdict.reason) == ("supported", "belongs to AWS account 605412345678")


def test_a_canary_says_that_it_is_bait():
    assert "bait" in ask(check_account, key_id(534261010715)).reason


@pytest.mark.parametrize("secret", [b"AKIAIOSFODNN7" + b"EXAMPLE", key_id(123456789012), key_id(111122223333, b"ASIA")])
def test_the_documentations_keys_are_harmless(secret):
    assert ask(check_account, secret).outcome == "harmless"


def test_old_keys_say_nothing():
    assert ask(check_account, b"AKIAJ" + b"0189ABCD0189ABC").outcome == "neutral"


@pytest.mark.parametrize("secret", [b"AKIAR" + b"0189ABCD0189ABC", b"ASIA" + b"PACIFICSOUTHEAST", key_id(10**12 + 7)])
def test_what_amazon_would_not_make_is_doubtful(secret):
    assert ask(check_account, secret).outcome == "doubtful"


@pytest.mark.parametrize(
    ("secret", "outcome"),
    [
        (base64.b64encode(hashlib.sha256(b"key").digest())[:40], "neutral"),
        (b"0a1b2c3d4e5f60718293a4b5c6d7e8f901234567", "refuted"),
        (b"aws/Elastic/container/service/cluster123", "refuted"),
        (b"wJalrXUtnFEMI/K7MDENG/bPxRfiCY" + b"EXAMPLEKEY", "harmless"),
    ],
)
def test_a_secret_key_is_random_base64(secret, outcome):
    assert ask(check_secret, secret).outcome == outcome


def test_a_mail_password_begins_with_version_four():
    assert ask(check_mail_password, base64.b64encode(b"\4" + bytes(range(32)))).outcome == "supported"
    assert ask(check_mail_password, base64.b64encode(b"\5" + bytes(range(32)))).outcome == "refuted"
    assert ask(check_mail_password, b"B!").outcome == "refuted"
