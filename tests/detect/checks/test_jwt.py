import base64
import hmac
import json
import time

import pytest

from leakguard.detect.checks import clock
from leakguard.detect.checks.evidence import Evidence
from leakguard.detect.checks.guess import dictionary, guess_key
from leakguard.detect.checks.jwt import check_jwe, check_jwt, check_wrapped_jwt

STRONG = bytes(range(100, 164))


def part(value: object) -> bytes:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=")


def token(claims: object, key: bytes = STRONG, algorithm: str = "HS256") -> bytes:
    head = part({"alg": algorithm, "typ": "JWT"}) + b"." + part(claims)
    digest = {"HS256": "sha256", "HS384": "sha384", "HS512": "sha512"}[algorithm]
    return head + b"." + base64.urlsafe_b64encode(hmac.digest(key, head, digest)).rstrip(b"=")


def verdict(secret: bytes, check=check_jwt):
    return check(Evidence(secret, secret, 0, len(secret)), "")


@pytest.fixture(autouse=True)
def fixed_clock(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: 1_700_000_000.0)


def test_a_token_without_expiry_is_proven_and_names_its_issuer():
    found = verdict(token({"sub": "u1", "iss": "https://id.acme.dev/"}))
    assert (found.outcome, found.reason) == (
        "proven",
        "header and payload decode (HS256, issued by https://id.acme.dev/)",
    )


def test_expiry_is_read_by_the_clock_also_in_milliseconds():
    assert verdict(token({"exp": 1_600_000_000})).outcome == "expired"
    assert verdict(token({"exp": 1_600_000_000})).reason == "2020-09-13"
    assert verdict(token({"exp": 1_600_000_000_000})).outcome == "expired"
    assert "good until 2033-05-18" in verdict(token({"exp": 2_000_000_000})).reason
    assert verdict(token({"exp": True})).outcome == verdict(token({"exp": 1e300})).outcome == "proven"


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
@pytest.mark.parametrize(
    "key", [b"secret", b"your-256-bit-secret", b"MY_SECRET_KEY123", b"superSecretKey", b"ThisIsMySecretKey", b""]
)
def test_a_guessable_key_is_found_and_never_shown_whole(algorithm, key):
    secret = token({"sub": "u1", "exp": 1_600_000_000}, key, algorithm)
    assert guess_key(algorithm, secret) == key
    reason = verdict(secret).reason
    assert verdict(secret).outcome == "proven"
    assert "guessable key" in reason
    assert "expired 2020-09-13" in reason
    assert not key or key.decode() not in reason.replace("short word", "")


def test_a_base64_key_is_also_tried_decoded():
    assert guess_key("HS256", token({}, b"secret")) == b"secret"
    assert guess_key("HS256", token({}, b"ThisIsMySecretKey")) is not None


def test_a_strong_key_is_not_found_and_costs_little():
    secret = token({"sub": "nobody"})
    guess_key("HS256", secret)
    began = time.perf_counter()
    assert guess_key("HS256", token({"sub": "somebody"})) is None
    assert time.perf_counter() - began < 0.1
    assert 2000 < len(dictionary()) < 4000
    assert guess_key("RS256", secret) is None
    assert guess_key("HS384", secret) is None


def test_a_token_that_is_not_signed_is_doubtful():
    head = part({"alg": "none"}) + b"." + part({"sub": "u1"}) + b"."
    assert verdict(head).outcome == "doubtful"


def test_a_signature_that_is_cut_off_is_doubtful_and_one_that_is_missing_refutes():
    assert verdict(token({"sub": "u1"})[:-8]).outcome == "doubtful"
    assert verdict(token({"sub": "u1"}).rpartition(b".")[0] + b".").outcome == "refuted"


def test_published_samples_are_harmless():
    sample = token({"sub": "1234567890", "name": "John Doe", "iat": 1516239022}, b"your-256-bit-secret")
    assert verdict(sample).outcome == "harmless"
    assert verdict(token({"iss": "supabase-demo", "role": "anon"})).outcome == "harmless"


def test_an_encrypted_token_has_five_parts():
    head = part({"alg": "RSA-OAEP", "enc": "A256GCM"})
    assert verdict(head + b".YQ.YQ.YQ.YQ").outcome == "harmless"
    assert verdict(part({"alg": "RS256"}) + b".YQ.YQ.YQ.YQ").outcome == "refuted"


@pytest.mark.parametrize(
    "secret",
    [
        b"eyJhbGciOi.eyJ.x",
        b"a.b.c",
        b"",
        part({"typ": "JWT"}) + b".e30.x",
        part({"alg": "HS256"}) + b".WzFd.x",
        part({"alg": 7}) + b".e30.x",
    ],
)
def test_what_does_not_decode_is_refuted(secret):
    assert verdict(secret).outcome == "refuted"


def test_a_token_in_base64_once_more_is_unwrapped():
    assert verdict(base64.b64encode(token({"sub": "u1"})), check_wrapped_jwt).outcome == "proven"
    assert verdict(b"!!!", check_wrapped_jwt).outcome == "refuted"


def test_control_signs_of_a_token_do_not_reach_the_reason():
    assert "\x1b" not in verdict(token({"iss": "a\x1b[31m"})).reason


def test_the_list_holds_no_duplicate_spelling():
    assert len(dictionary()) == len(set(dictionary()))


def encrypted(header: object) -> bytes:
    return b".".join((part(header), b"", b"A" * 16, b"B" * 40, b"C" * 22))


def test_an_encrypted_token_is_no_secret_and_says_how_it_is_encrypted():
    found = verdict(encrypted({"alg": "dir", "enc": "A256GCM"}))
    assert (found.outcome, found.reason) == ("harmless", "is encrypted (dir, A256GCM)")
    assert verdict(encrypted({"alg": "dir", "enc": "A256GCM"}), check_jwe).outcome == "neutral"


def test_five_parts_without_an_encryption_are_no_encrypted_token():
    assert verdict(encrypted({"alg": "dir"}), check_jwe).outcome == "refuted"
    assert verdict(token({"sub": "u1"}) + b".a.b", check_jwe).outcome == "refuted"
