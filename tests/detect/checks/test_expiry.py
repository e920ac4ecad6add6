import base64
import json

import pytest

from leakguard.detect.checks import clock
from leakguard.detect.checks.evidence import Evidence, Verdict
from leakguard.detect.checks.expiry import check_payload

NOW = 1_700_000_000


@pytest.fixture(autouse=True)
def frozen_time(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: NOW)


def verdict(value: object) -> Verdict:
    payload = base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=")
    return check_payload(Evidence(b"", b"", 0, 0, {"payload": payload}), "e")


def test_a_date_in_the_past_is_expired_and_named():
    assert verdict({"e": NOW - 86400}) == Verdict("expired", "2023-11-13")


def test_a_date_in_the_future_speaks_for_it():
    assert verdict({"e": NOW + 86400}).outcome == "supported"


@pytest.mark.parametrize("value", [{}, {"e": "soon"}, {"e": 1e30}, {"e": -1}, [1]])
def test_anything_else_says_nothing(value):
    assert verdict(value).outcome == "neutral"
