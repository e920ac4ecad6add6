"""Results that were made with secrets, without them."""

from __future__ import annotations

import pickle

import msgspec

from leakguard.model import Secret
from leakguard.report.saved import SavedSecret, characters
from leakguard.report.seal import holds_secrets, seal
from tests.report.samples import finding, place, sample, token


def test_a_sealed_result_holds_no_secret_anywhere() -> None:
    secret = token("a").decode()
    item = finding("a", place(f"keys/{secret}.txt", 2, f"{secret} {{}}"))
    (sealed,) = seal([msgspec.structs.replace(sample(), findings=(item,), target=f"/srv/{secret}")])
    assert not holds_secrets([sealed])
    assert secret not in repr(sealed)
    assert sealed.findings[0].places[0].path == "keys/ghp_****.txt"
    assert sealed.findings[0].places[0].excerpt == ()


def test_values_that_share_their_beginning_are_all_masked() -> None:
    values = [b"abcdefgh-long-one", b"abcdefgh", b"defgh-long-one-more"]
    items = tuple(
        msgspec.structs.replace(finding("a"), secret=Secret(value), fingerprint=str(at))
        for at, value in enumerate(values)
    )
    target = "x abcdefgh-long-one abcdefgh defgh-long-one-more abcdefgh-long-abcdefgh"
    (sealed,) = seal([msgspec.structs.replace(sample(), findings=items, target=target)])
    assert sealed.target == "x abcd**** **** defg**** ****-long-****"


def test_all_else_stays_as_it_was() -> None:
    (sealed,) = seal([sample()])
    assert sealed.coverage == sample().coverage
    assert [item.fingerprint for item in sealed.findings] == [item.fingerprint for item in sample().findings]
    assert [len(item.secret) for item in sealed.findings] == [len(item.secret) for item in sample().findings]


def test_a_short_value_is_not_looked_for_in_other_texts() -> None:
    item = msgspec.structs.replace(finding("a"), secret=Secret(b"app"))
    (sealed,) = seal([msgspec.structs.replace(sample(), findings=(item,))])
    assert sealed.findings[0].places[0].path == "app.py"


def test_a_saved_secret_shows_nothing_in_repr_str_and_format() -> None:
    secret = SavedSecret("ghp_****", 40, 40, b"the bytes themselves")
    assert "bytes" not in f"{secret!r} {secret} {secret:>20}"
    assert pickle.loads(pickle.dumps(secret)) == secret
    assert characters(Secret(("ää" + "b" * 6).encode())) == 8
