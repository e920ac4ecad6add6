import pytest

from leakguard.detect.checks.evidence import Evidence
from leakguard.detect.checks.github import check_stateless
from leakguard.detect.template import expand


@pytest.mark.parametrize(
    ("template", "outcome"),
    [
        ("ghs_{digits:6}_{jwt}", "proven"),
        ('ghs_{digits:6}_{jwt:{"exp": 1}}', "expired"),
        ("ghs_{digits:6}_eyJ{alnum:30}.eyJ{alnum:30}.{alnum:43}", "refuted"),
    ],
)
def test_the_token_behind_the_apps_id_is_read(template, outcome):
    secret = expand(template, "github").encode()
    assert check_stateless(Evidence(secret, secret, 0, len(secret)), "").outcome == outcome
