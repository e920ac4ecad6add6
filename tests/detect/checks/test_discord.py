import base64

import pytest

from leakguard.detect.checks.discord import check_token
from leakguard.detect.checks.evidence import Evidence

ACCOUNT = base64.urlsafe_b64encode(b"175928847299117063").rstrip(b"=")


def check(secret: bytes, line: bytes = b""):
    window = line + secret
    return check_token(Evidence(secret, window, len(line), len(window)), "")


def test_a_decimal_account_id_is_proof_and_dates_the_account():
    verdict = check(ACCOUNT + b".Gabcde." + b"k" * 38)
    assert verdict.outcome == "proven"
    assert "2016-04-30" in verdict.reason


@pytest.mark.parametrize("head", [b"MTIzNDU2Nzg5MA", b"Mfoo_bar-bazfoo_bar-baz0", b"M"])
def test_without_an_account_id_only_the_name_of_discord_speaks_for_it(head):
    assert check(head + b".Gabcde." + b"k" * 27).outcome == "refuted"
    assert check(head + b".Gabcde." + b"k" * 27, b"DISCORD_TOKEN=").outcome == "doubtful"
