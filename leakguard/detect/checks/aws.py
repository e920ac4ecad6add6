"""Amazon Web Services: what key ids, secret keys and mail passwords say of themselves."""

from __future__ import annotations

import base64
import binascii

from leakguard.detect.checks.evidence import NEUTRAL, Evidence, Verdict
from leakguard.detect.kept import rich

_ACCOUNT_MASK = 0x7FFFFFFFFF80
_DOCUMENTATION_ACCOUNTS = {123456789012, 111122223333, 444455556666, 999999999999, 0}
"""Account ids that Amazon's documentation uses."""

_CANARY_ACCOUNTS = {
    52310077262, 171436882533, 266735846894, 534261010715, 595918472158, 717712589309, 730335385048, 819147034852,
    893192397702, 992382622183,
}  # fmt: skip
"""Accounts whose keys canarytokens.org hands out as bait (https://trufflesecurity.com/canaries)."""

_CLASSES = (rich(rb"[A-Z]"), rich(rb"[a-z]"), rich(rb"[0-9]"))
_WORDS = rich(rb"[A-Z]?[a-z]{5,}(?![a-z])")


def check_account(evidence: Evidence, _argument: str) -> Verdict:
    """Key ids made since about 2019 hold the account id: base32 after the four-letter prefix, 40 bits of the first six
    bytes. Older ones, whose fifth character is I or J, may have digits outside of base32 and say nothing."""
    body = evidence.secret[4:20]
    if b"EXAMPLE" in evidence.secret:
        return Verdict("harmless", "is the example of Amazon's documentation")
    old = body[:1] in (b"I", b"J")
    try:
        head = base64.b32decode(body)[:6]
    except (binascii.Error, ValueError):
        return NEUTRAL if old else Verdict("doubtful", "has digits that Amazon does not use")
    account = (int.from_bytes(head, "big") & _ACCOUNT_MASK) >> 7
    if old:
        return NEUTRAL
    if account >= 10**12 or body.isalpha():
        return Verdict("doubtful", "holds no account id" if account >= 10**12 else "holds no digit, as words do")
    if account in _DOCUMENTATION_ACCOUNTS:
        return Verdict("harmless", f"belongs to the documentation's account {account:012d}")
    if account in _CANARY_ACCOUNTS:
        return Verdict("supported", f"belongs to AWS account {account:012d}, whose keys are bait: use raises an alarm")
    return Verdict("supported", f"belongs to AWS account {account:012d}")


def check_secret(evidence: Evidence, _argument: str) -> Verdict:
    """A secret access key is 30 random bytes in base64: a hash in hexadecimal, a path or an identifier is none."""
    secret = evidence.secret
    if b"EXAMPLE" in secret:
        return Verdict("harmless", "is the example of Amazon's documentation")
    if not all(kind.search(secret) for kind in _CLASSES):
        return Verdict("refuted", "lacks upper-case letters, lower-case letters or digits")
    if sum(map(len, _WORDS.findall(secret))) > len(secret) // 2:
        return Verdict("refuted", "is made of words, like a path or a name")
    return NEUTRAL


def check_mail_password(evidence: Evidence, _argument: str) -> Verdict:
    """A password for Amazon SES over SMTP is a version byte 4 and an HMAC-SHA256
    (https://docs.aws.amazon.com/ses/latest/dg/smtp-credentials.html)."""
    try:
        data = base64.b64decode(evidence.secret, validate=True)
    except (binascii.Error, ValueError):
        return Verdict("refuted", "is not base64")
    if len(data) == 33 and data[0] == 4:
        return Verdict("supported", "decodes to version 4 and an HMAC-SHA256")
    return Verdict("refuted", "does not begin with the version byte 4")
