from leakguard.detect.checks import clock
from leakguard.detect.checks.evidence import Evidence
from leakguard.detect.checks.kubernetes import check_key_data, check_secret_value, check_service_account
from leakguard.detect.template import expand

ACCOUNT = '"sub":"system:serviceaccount:ci:deploy"'


def verdict(check, template: str, section: bytes = b"data"):
    data = expand(template, "a").encode()
    return check(Evidence(data, data, 0, len(data), {"section": section}), "")


def test_a_private_key_in_a_kubeconfig_is_proven():
    assert verdict(check_key_data, "{b64pad:{pem:ec}}").outcome == "proven"


def test_a_cut_key_is_doubtful():
    assert verdict(check_key_data, "{b64pad:-----BEGIN EC PRIVATE KEY-----}").outcome == "doubtful"


def test_a_service_account_is_named():
    said = verdict(check_service_account, '{b64url:{"alg":"RS256"}}.{b64url:{' + ACCOUNT + "}}.{alnum:342}")
    assert said.outcome == "proven"
    assert "system:serviceaccount:ci:deploy" in said.reason


def test_another_subject_is_refuted():
    token = '{b64url:{"alg":"RS256"}}.{b64url:{"sub":"alice"}}.{alnum:342}'
    assert verdict(check_service_account, token).outcome == "refuted"


def test_the_expiry_is_read(monkeypatch):
    token = '{b64url:{"alg":"RS256"}}.{b64url:{' + ACCOUNT + ',"exp":1700000000}}.{alnum:342}'
    monkeypatch.setattr(clock, "now", lambda: 1600000000)
    assert verdict(check_service_account, token).outcome == "proven"
    monkeypatch.setattr(clock, "now", lambda: 1800000000)
    assert verdict(check_service_account, token).outcome == "expired"


def test_data_must_be_base64_and_no_stand_in():
    assert verdict(check_secret_value, "{b64pad:{alnum:16}}").outcome == "neutral"
    assert verdict(check_secret_value, "{b64pad:changeme}").outcome == "refuted"
    assert verdict(check_secret_value, "{alnum:13}").outcome == "refuted"


def test_string_data_is_plain():
    assert verdict(check_secret_value, "{alnum:13}", b"stringData").outcome == "neutral"
