import base64
import hashlib
import json

import pytest

from leakguard.detect.checks import google
from leakguard.detect.checks.evidence import Evidence
from leakguard.detect.checks.google import check_api_key, check_client_secret, check_encoded_key_file, check_key_file
from leakguard.detect.template import expand

EMAIL = "ci@acme.iam.gserviceaccount.com"


def key_file(key: str):
    text = json.dumps({"type": "service_account", "private_key": key, "client_email": EMAIL}).encode()
    start = text.index(b"-----BEGIN")
    end = text.index(b'"', start)
    return check_key_file(Evidence(text[start:end], text, start, end), "")


def encoded(members: object):
    secret = base64.b64encode(json.dumps(members).encode())
    return check_encoded_key_file(Evidence(secret, secret, 0, len(secret)), "")


def test_a_key_file_names_its_account():
    verdict = key_file(expand("{pem:pkcs8}", "google"))
    assert verdict.outcome == "proven"
    assert EMAIL in verdict.reason


def test_a_cut_key_only_raises_doubt():
    assert key_file("-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n").outcome == "doubtful"


def test_a_key_in_other_json_is_none():
    secret = b"-----BEGIN PRIVATE KEY-----"
    assert check_key_file(Evidence(secret, b'{"private_key": "' + secret, 17, 44), "").outcome == "refuted"


def test_an_encoded_key_file_is_decoded():
    assert encoded({"type": "service_account", "private_key": "x", "client_email": EMAIL}).outcome == "proven"
    assert encoded({"type": "service_account"}).outcome == "refuted"
    assert encoded(["service_account"]).outcome == "refuted"
    assert check_encoded_key_file(Evidence(b"eyJ0", b"eyJ0", 0, 4), "").outcome == "refuted"


def test_an_api_key_that_firebase_publishes_is_harmless(monkeypatch: pytest.MonkeyPatch):
    key, other = (expand("AIzaSy{base64url:33}", seed).encode() for seed in ("one", "two"))
    monkeypatch.setattr(google, "_PUBLISHED", {hashlib.sha256(key).hexdigest()[:16]})
    assert check_api_key(Evidence(key, key, 0, 39), "").outcome == "harmless"
    assert check_api_key(Evidence(other, other, 0, 39), "").outcome == "neutral"


def test_the_client_secret_of_a_program_that_google_publishes_is_harmless(monkeypatch: pytest.MonkeyPatch):
    secret, other = (expand("GOCSPX-{base64url:28}", seed).encode() for seed in ("one", "two"))
    monkeypatch.setattr(google, "_DESKTOP", {hashlib.sha256(secret).hexdigest()[:16]})
    assert check_client_secret(Evidence(secret, secret, 0, 35), "").outcome == "harmless"
    assert check_client_secret(Evidence(other, other, 0, 35), "").outcome == "neutral"
