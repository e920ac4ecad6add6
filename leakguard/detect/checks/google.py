"""Google: key files in JSON, and the API keys that Firebase publishes."""

from __future__ import annotations

import base64
import binascii
import hashlib

import msgspec
import regex

from leakguard.detect.checks.evidence import NEUTRAL, Evidence, Verdict
from leakguard.detect.checks.pem import check_pem

_ACCOUNT = regex.compile(rb"[a-z0-9.-]{1,100}@[a-z0-9.-]{1,100}\.gserviceaccount\.com")
_MEMBERS = (b"service_account", b"private_key_id", b"client_email", b"auth_provider_x509_cert_url")

_PUBLISHED = frozenset(
    [
        "0b476bdf9acf2123",
        "2037abcaffb2b777",
        "27a9a42931dff7eb",
        "37f8f09bdf12c2f2",
        "3a8b61d0f636b007",
        "3f370c9dd8225c63",
        "49f777db995e8260",
        "4c98242dcadc8b29",
        "6ca6473b42d9c17e",
        "74170575123fcbfc",
        "8731261cb72d8626",
        "a19f89ab3555eac1",
        "a6c814bc555ae62c",
        "dc0fcf046c61640c",
        "e4a5542bb7fd7b67",
        "ea9bb1082cf95663",
        "eb540d2b6ee2a0a4",
        "f56e323494a6ffc2",
    ]
)
"""The first 16 hexadecimal digits of the SHA-256 of each API key in the tests and samples, present and past, of
https://github.com/firebase/firebase-android-sdk, which live on in copies of them, and of the one that stands in the
address of everybody's Google Chat webhooks."""

_DESKTOP = frozenset(
    [
        "1d2f041093fd95aa",
        "456a51b1f1b3cf3e",
        "6a5f78b8b99dd402",
        "846cd027bbd3a783",
        "ea140d9c92022174",
        "f0386f9be1fe905f",
    ]
)
"""Likewise of the client secrets of Google's own programs: gcloud and its application default credentials, the Firebase
command line, clasp, Gemini CLI, Antigravity. They stand in the programs' published sources, and in all that copies
their sign-in; https://developers.google.com/identity/protocols/oauth2 says that an installed program's is no secret."""


def _digest(secret: bytes) -> str:
    """What stands for a secret in the lists."""
    return hashlib.sha256(secret).hexdigest()[:16]


def check_client_secret(evidence: Evidence, _argument: str) -> Verdict:
    """The client secret of a program that Google hands out to everybody is nobody's secret."""
    if _digest(evidence.secret) in _DESKTOP:
        return Verdict("harmless", "is that of a program which Google publishes")
    return NEUTRAL


def check_api_key(evidence: Evidence, _argument: str) -> Verdict:
    """A key that Google itself publishes, in tests, samples and webhooks' addresses, is nobody's secret."""
    if _digest(evidence.secret) in _PUBLISHED:
        return Verdict("harmless", "is a key that Google publishes")
    return NEUTRAL


def check_key_file(evidence: Evidence, _argument: str) -> Verdict:
    """A private key in JSON is a service account's where at least two of the file's other members stand around it;
    the key itself is then parsed."""
    if sum(member in evidence.window for member in _MEMBERS) < 2:
        return Verdict("refuted", "no service account is named near it")
    account = _ACCOUNT.search(evidence.window)
    whose = f"; it belongs to {account.group().decode()}" if account else ""
    parsed = check_pem(evidence, "")
    if parsed.outcome == "proven":
        return Verdict("proven", parsed.reason + whose)
    return Verdict("doubtful", "the key does not parse; it may be cut or altered" + whose)


def check_encoded_key_file(evidence: Evidence, _argument: str) -> Verdict:
    """The same file, wrapped in base64."""
    try:
        text = base64.b64decode(evidence.secret + b"=" * (-len(evidence.secret) % 4))
        members = msgspec.json.decode(text, type=dict[str, str])
    except (binascii.Error, ValueError, msgspec.DecodeError):
        return Verdict("refuted", "it does not decode to a key file")
    if members.get("type") != "service_account" or "private_key" not in members:
        return Verdict("refuted", "it does not decode to a key file")
    return Verdict("proven", f"it decodes to the key file of {members.get('client_email', 'a service account')}")
