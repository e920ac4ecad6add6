import pytest

from leakguard.detect.checks.evidence import Evidence
from leakguard.detect.checks.nats import ROLES, check_seed
from leakguard.detect.template import expand


def outcome(secret: str) -> str:
    data = secret.encode()
    return check_seed(Evidence(data, data, 0, len(data)), "").outcome


@pytest.mark.parametrize("role", ROLES)
def test_a_seed_of_every_role_is_proven(role):
    seed = expand(f"{{nkey:{role}}}", "a")
    assert seed.startswith("S" + role)
    assert len(seed) == 58
    assert outcome(seed) == "proven"


def test_one_changed_character_refutes():
    seed = expand("{nkey:U}", "b")
    assert outcome(seed[:20] + ("B" if seed[20] == "A" else "A") + seed[21:]) == "refuted"


def test_a_text_without_a_seed_is_refuted():
    assert outcome("-----BEGIN USER NKEY SEED-----") == "refuted"


def test_the_seed_is_found_in_a_credentials_block():
    block = expand("-----BEGIN USER NKEY SEED-----\\n{nkey:U}\\n------END USER NKEY SEED------", "c")
    assert outcome(block) == "proven"
