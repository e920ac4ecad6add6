from leakguard.detect.checks.evidence import Evidence
from leakguard.detect.checks.mapbox import check_token
from leakguard.detect.template import expand


def verdict(template: str):
    data = expand(template, "a").encode()
    return check_token(Evidence(data, data, 0, len(data)), "")


def test_a_token_that_names_its_account_is_proven():
    said = verdict('sk.{b64url:{"u":"acme","a":"cl{lowernum:23}"}}.{alnum:22}')
    assert said.outcome == "proven"
    assert "acme" in said.reason


def test_a_middle_part_that_does_not_decode_is_only_doubtful():
    assert verdict("sk.eyJ1Ijoi{alnum:60}.{alnum:22}").outcome == "doubtful"
    assert verdict('sk.{b64url:{"u":"acme"}}.{alnum:22}').outcome == "doubtful"
