"""Google Cloud: key files in JSON."""

from __future__ import annotations

import base64
import binascii

import msgspec
import regex

from leakguard.detect.checks.evidence import Evidence, Verdict
from leakguard.detect.checks.pem import check_pem

_ACCOUNT = regex.compile(rb"[a-z0-9.-]{1,100}@[a-z0-9.-]{1,100}\.gserviceaccount\.com")
_MEMBERS = (b"service_account", b"private_key_id", b"client_email", b"auth_provider_x509_cert_url")


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
