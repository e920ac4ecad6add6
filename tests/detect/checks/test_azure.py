import random

import pytest

from leakguard.detect.checks import azure, clock
from leakguard.detect.checks.evidence import Evidence

DEFAULT = "44656661756c7430"


def ask(check, secret: str, argument: str = "", **groups: bytes) -> str:
    data = secret.encode()
    return check(Evidence(data, data, 0, len(data), groups), argument).outcome


def make(recipe: str, seed: int = 1) -> str:
    return azure.make(recipe, random.Random(seed))


# The halves of the sums in .NET's own tests of Marvin (System.Private.CoreLib, MarvinTests), combined.
@pytest.mark.parametrize(
    ("data", "halves"),
    [
        ("", 0x30ED35C100CD3C7D),
        ("AF", 0x48E73FC77D75DDC1),
        ("E70F", 0xB5F6E1FC485DBFF8),
        ("37F495", 0xF0B07C789B8CF7E8),
        ("8642DC59", 0x7008F2E87E9CF556),
        ("153FB79826", 0xE6C08C6DA2AFA997),
        ("0932E6246C47", 0x6F04BF1A5EA24060),
        ("AB427EA8D10FC7", 0xE11847E4F0678C41),
    ],
)
def test_marvin_is_that_of_dotnet(data, halves):
    assert azure.marvin32(bytes.fromhex(data), 0x4FB61A001BDBCC) == (halves >> 32) ^ (halves & 0xFFFFFFFF)


@pytest.mark.parametrize(("size", "mark"), [(64, "+ASt"), (39, "+ACR"), (32, "AIoT")])
def test_an_identifiable_key_proves_itself(size, mark):
    key = make(f"key,{size},{mark},{DEFAULT}")
    assert mark in key
    assert ask(azure.check_identifiable, key, f"53656e6430303030,{DEFAULT}") == "proven"
    assert ask(azure.check_identifiable, key, "53656e6430303030") == "refuted"
    assert ask(azure.check_identifiable, ("A" if key[0] != "A" else "B") + key[1:], DEFAULT) == "refuted"


def test_a_key_of_the_url_alphabet_proves_itself():
    assert ask(azure.check_identifiable, make("url-key,40,AzFu,46756e6374693030"), "46756e6374693030") == "proven"


def test_a_mismatch_can_be_mere_doubt():
    assert ask(azure.check_identifiable, "A" * 44, DEFAULT + "|doubtful") == "doubtful"
    assert ask(azure.check_identifiable, "no base64!", DEFAULT) == "refuted"


@pytest.mark.parametrize("seed", range(20))
def test_an_annotated_key_proves_itself(seed):
    key = make("annotated,AAASAZDO", seed)
    assert len(key) == 84
    assert ask(azure.check_annotated, key) == "proven"
    assert ask(azure.check_annotated, key[:-1] + ("x" if key[-1] != "x" else "y")) == "doubtful"


@pytest.mark.parametrize("seed", range(20))
def test_a_client_secret_proves_itself(seed):
    secret = make("client-secret", seed)
    assert ask(azure.check_client_secret, secret) == "proven"
    assert ask(azure.check_client_secret, secret[:-1] + ("x" if secret[-1] != "x" else "y")) == "refuted"


def test_the_older_client_secret_has_no_checksum():
    assert ask(azure.check_client_secret, "abc7Q~" + "k" * 31) == "neutral"


def test_an_azure_devops_token_proves_itself():
    token = make("devops-token")
    assert len(token) == 52
    assert ask(azure.check_devops_token, token) == "proven"
    assert ask(azure.check_devops_token, "a" + token[1:] if token[0] != "a" else "b" + token[1:]) == "doubtful"
    assert ask(azure.check_devops_token, "1" * 52) == "refuted"


def test_an_emulators_key_is_harmless():
    assert ask(azure.check_storage_key, "Eby8vdM02xNOcqFl" + "x" * 70 + "==") == "harmless"
    assert ask(azure.check_storage_key, "k" * 86 + "==") == "neutral"


def test_a_signature_expires(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: 1_700_000_000.0)
    assert ask(azure.check_signature, "s", query=b"?sv=2022-11-02&se=2023-11-13T00:00:00Z&sp=r&") == "expired"
    assert ask(azure.check_signature, "s", query=b"?sv=2022-11-02&se=2023-11-14T00%3A00Z&sp=r&") == "supported"
    assert ask(azure.check_signature, "s", query=b"?sv=2022-11-02&sp=r&") == "neutral"


def test_an_unknown_recipe_is_an_error():
    with pytest.raises(ValueError, match="no recipe"):
        make("nothing")
