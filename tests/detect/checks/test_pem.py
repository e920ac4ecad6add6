import base64
import json
import textwrap
from urllib.parse import quote

import pytest
from cryptography.hazmat.primitives import serialization as form
from cryptography.hazmat.primitives.asymmetric import ec

from leakguard.detect.checks import pem
from leakguard.detect.checks.evidence import Evidence
from leakguard.detect.template import expand

EC = expand("{pem:ec}", "")
KINDS = ["rsa", "ec", "ed25519", "pkcs8", "openssh"]


def verdict(text: str, check=pem.check_pem):
    secret = text.strip().encode()
    return check(Evidence(secret, secret, 0, len(secret)), "")


def joined(text: str, line: str, end: str = "\n") -> str:
    """The lines of a key in the strings of an expression, or behind a mark."""
    return end.join(line.format(part) for part in text.strip().split("\n"))


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_parses(kind):
    found = verdict(expand(f"{{pem:{kind}}}", ""))
    assert found.outcome == "proven"
    assert "parses" in found.reason


def test_keys_with_a_pass_phrase_are_doubtful():
    assert verdict(expand("{pem:encrypted}", "")).outcome == "doubtful"
    key = ec.generate_private_key(ec.SECP256R1())
    phrase = form.BestAvailableEncryption(b"pass phrase")
    text = key.private_bytes(form.Encoding.PEM, form.PrivateFormat.TraditionalOpenSSL, phrase).decode()
    assert verdict(text).reason == "the key is encrypted with a pass phrase"
    body = base64.b64encode(b"openssh-key-v1\0\0\0\0\x0aaes256-ctr\0\0\0\x06bcrypt" + bytes(200)).decode()
    text = f"-----BEGIN OPENSSH PRIVATE KEY-----\n{body}\n-----END OPENSSH PRIVATE KEY-----"
    assert verdict(text).reason == "the key is encrypted with a pass phrase"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "wrap",
    [
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("\n", "\\n"),
        lambda text: text.replace("\n", "\\\\n"),
        lambda text: text.replace("\n", "\\r\\n"),
        lambda text: text.replace("\n", " "),
        lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
        lambda text: textwrap.indent(text, "      "),
        lambda text: joined(text, '"{}\\n" +'),
        lambda text: joined(text, '    + "{}\\n"'),
        lambda text: joined(text, "'{}',"),
        lambda text: joined(text, "# {}"),
        lambda text: joined(text, "// {}"),
        lambda text: joined(text, " * {}"),
        lambda text: joined(text, "> {}"),
        lambda text: joined(text, "+{}"),
        lambda text: joined(text, "{}\\"),
        lambda text: joined(text, "{}", "&#10;"),
        lambda text: joined(text, "{}", "<br/>"),
        lambda text: joined(text, '"{}" & _'),
        lambda text: quote(text, safe="- "),
    ],
)
def test_a_key_inside_other_text_parses(kind, wrap):
    assert verdict(wrap(expand(f"{{pem:{kind}}}", ""))).outcome == "proven"


@pytest.mark.parametrize(("at", "what"), [(30, "the modulus"), (300, "the private exponent")])
def test_an_rsa_key_of_which_a_number_is_altered_is_doubtful(at, what):
    lines = expand("{pem:rsa}", "").strip().split("\n")[1:-1]
    data = bytearray(base64.b64decode("".join(lines)))
    assert pem.judge_der(bytes(data), whole=True).outcome == "proven"
    data[at] ^= 4
    found = pem.judge_der(bytes(data), whole=True)
    assert (found.outcome, found.reason) == (
        "doubtful",
        "the key's numbers do not fit together; it may be altered",
    ), what


def test_a_block_that_is_cut_off_is_doubtful():
    text = expand("{pem:rsa}", "")
    assert verdict(text[: len(text) // 2]).outcome == "doubtful"
    openssh = expand("{pem:openssh}", "")
    assert verdict(openssh[: len(openssh) // 2]).outcome == "doubtful"


@pytest.mark.parametrize(
    "body",
    [
        "",
        "anything",
        "...",
        "MIIEpAIBAAKCAQEA...",
        "the key goes here and it is a long text of plain words and nothing else",
        "A\n" * 50,
        "x" * 64,
    ],
)
def test_samples_hold_no_key(body):
    assert verdict(f"-----BEGIN RSA PRIVATE KEY-----\n{body}\n-----END RSA PRIVATE KEY-----").outcome in (
        "refuted",
        "harmless",
    )


@pytest.mark.parametrize(
    ("part", "outcome"), [("sNip", "doubtful"), ("\n[snip]\n", "harmless"), (" snip ", "harmless")]
)
def test_a_word_that_base64_spells_by_chance_is_no_abbreviation(part, outcome):
    body = base64.b64encode(bytes(range(120, 240))).decode()
    assert verdict(f"-----BEGIN PRIVATE KEY-----\n{body}{part}{body}\n-----END PRIVATE KEY-----").outcome == outcome


def test_random_base64_under_a_label_is_doubtful():
    body = base64.b64encode(bytes(range(200))).decode()
    for label in ("RSA ", "", "OPENSSH "):
        assert (
            verdict(f"-----BEGIN {label}PRIVATE KEY-----\n{body}\n-----END {label}PRIVATE KEY-----").outcome
            == "doubtful"
        )


def test_a_public_key_under_a_wrong_label_is_harmless():
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    text = public.public_bytes(form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo).decode()
    assert verdict(text.replace("PUBLIC", "PRIVATE")).outcome == "harmless"


def test_a_published_test_key_is_harmless(monkeypatch):
    body = b"".join(EC.encode().split(b"\n")[1:-2])
    monkeypatch.setattr(pem, "_known", lambda: {pem.key_digest(base64.b64decode(body)): "somewhere"})
    assert verdict(EC).outcome == "harmless"
    assert "somewhere" in verdict(EC).reason


def test_the_list_of_published_keys_reads():
    known = pem._known.__wrapped__()
    assert len(known) > 50
    assert all(len(digest) == 32 and origin for digest, origin in known.items())


def test_a_whole_block_in_base64_is_unwrapped():
    wrapped = base64.b64encode(EC.encode()).decode()
    assert verdict(wrapped, pem.check_wrapped_pem).outcome == "proven"
    assert verdict("\\n".join(textwrap.wrap(wrapped, 76)), pem.check_wrapped_pem).outcome == "proven"
    assert verdict("!!", pem.check_wrapped_pem).outcome == "refuted"


def test_bare_base64_of_a_key_is_told_from_that_of_a_public_key():
    body = "".join(EC.split("\n")[1:-2])
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    spki = public.public_bytes(form.Encoding.DER, form.PublicFormat.SubjectPublicKeyInfo)
    assert verdict(body, pem.check_bare_key).outcome == "proven"
    assert verdict(base64.b64encode(spki).decode(), pem.check_bare_key).outcome == "harmless"
    assert verdict("MIIEvaaaaaaaaaaaaaaaaaaa", pem.check_bare_key).outcome == "refuted"


def test_the_checksum_of_armour_is_that_of_the_rfc():
    assert pem.crc24(b"123456789") == 0x21CF02


def armour(data: bytes, check: bytes | None) -> str:
    lines = "\n".join(textwrap.wrap(base64.b64encode(data).decode(), 64))
    tail = f"\n={base64.b64encode(check).decode()}" if check else ""
    head = "-----BEGIN PGP PRIVATE KEY BLOCK-----\nVersion: GnuPG v2\n\n"
    return f"{head}{lines}{tail}\n-----END PGP PRIVATE KEY BLOCK-----"


def test_armour_is_proven_by_its_checksum_or_supported_by_its_first_packet():
    data = b"\x95" + bytes(range(250))
    check = pem.crc24(data).to_bytes(3, "big")
    assert verdict(armour(data, check)).outcome == "proven"
    assert verdict(armour(data, check).replace("\n", "\\n")).outcome == "proven"
    assert verdict(armour(data, b"abc")).outcome == "doubtful"
    assert verdict(armour(data, None)).outcome == "supported"
    assert verdict(armour(b"\x99" + data[1:], None)).outcome == "doubtful"


def test_what_follows_bare_base64_is_cut_off():
    body = "".join(EC.split("\n")[1:-2]).rstrip("=")
    assert verdict(body + "\nNEXTLINE", pem.check_bare_key).outcome == "proven"
    assert pem.der_length(b"") == 0


def test_the_secret_member_of_a_key_object_is_known_or_supported(monkeypatch):
    member = base64.urlsafe_b64encode(bytes(range(9, 41))).decode().rstrip("=")
    assert verdict(member, pem.check_jwk).outcome == "supported"
    assert verdict("abc", pem.check_jwk).outcome == "refuted"
    monkeypatch.setattr(pem, "_known", lambda: {pem.key_digest(bytes(range(9, 41))): "an RFC"})
    assert verdict(member, pem.check_jwk).outcome == "harmless"
