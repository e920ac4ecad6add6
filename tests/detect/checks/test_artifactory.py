from leakguard.detect.checks.artifactory import check_api_key
from leakguard.detect.checks.evidence import Evidence


def ask(secret: bytes) -> str:
    return check_api_key(Evidence(secret, secret, 0, len(secret)), "").outcome


def test_an_api_key_is_base58_of_54_bytes():
    assert ask(b"AKCp" + b"k7Jq2LmN8" * 7 + b"xxxxxx") == "supported"
    assert ask(b"AKCp" + b"k7Jq2LmN0" * 7 + b"xxxxxx") == "doubtful"
    assert ask(b"AKC" + b"k7Jq2LmN8" * 7) == "doubtful"
