"""Passwords that programs write down: FileZilla's, plain or in base64, and those in build files."""

from __future__ import annotations

from leakguard.detect.checks.basic import judge_login
from leakguard.detect.checks.decode import decode_base64
from leakguard.detect.checks.evidence import Evidence, Verdict


def check_password(evidence: Evidence, _argument: str) -> Verdict:
    """A password of printable characters, and no stand-in. FileZilla says in its `<Pass>` element when it is base64."""
    password: bytes | None = evidence.secret
    if evidence.window[: evidence.start].endswith(b'encoding="base64">'):
        password = decode_base64(evidence.secret)
    try:
        printable = bool(password) and password is not None and password.decode().isprintable()
    except UnicodeDecodeError:
        printable = False
    if not printable or password is None:
        return Verdict("refuted", "does not decode to a password")
    verdict = judge_login(b"", password)
    return verdict if verdict.outcome == "refuted" else Verdict("supported", "is a saved password")
