"""JSON Web Tokens (RFC 7519): do header and payload decode, until when is it good, and is its key guessable?"""

from __future__ import annotations

import base64
import binascii
import time
from typing import Any

from leakguard.detect.checks import clock
from leakguard.detect.checks.decode import read_json
from leakguard.detect.checks.evidence import NEUTRAL, Evidence, Verdict
from leakguard.detect.checks.guess import guess_key

_LAST_SECOND = 253402300800
"""The year 10000; no date beyond it can be printed, and no expiry there is meant."""

_SIGNATURES = {
    "HS256": 32,
    "HS384": 48,
    "HS512": 64,
    "ES256": 64,
    "ES384": 96,
    "ES512": 132,
    "EdDSA": 64,
    **dict.fromkeys(("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"), 128),
}
"""The least bytes of each algorithm's signature (RFC 7518)."""

_SAMPLES: tuple[tuple[tuple[str, object], ...], ...] = (
    (("name", "John Doe"),),
    (("sub", "1234567890"),),
    (("iss", "joe"), ("http://example.com/is_root", True)),
    (("some", "payload"),),
    (("iss", "supabase-demo"),),
    (("iss", "https://example.com"),),
    (("iss", "http://example.com"),),
    (("iss", "example.com"),),
)
"""Claims of tokens that everyone has: jwt.io's, those of RFC 7515 and 7519, and a local Supabase's keys."""


def decode_part(part: bytes) -> dict[str, Any] | None:
    """One base64url part of a token as the JSON object it holds, or None."""
    try:
        value = read_json(base64.urlsafe_b64decode(part + b"=" * (-len(part) % 4)))
    except (binascii.Error, ValueError):
        return None
    return value if isinstance(value, dict) else None


def check_jwt(evidence: Evidence, _argument: str) -> Verdict:
    """A token whose header names an algorithm and whose payload is an object is one; its `exp` may lie in the past."""
    return judge_token(evidence.secret)


def check_wrapped_jwt(evidence: Evidence, _argument: str) -> Verdict:
    """The same for a token that is in base64 once more, as in Kubernetes' Secrets."""
    from leakguard.detect.checks.decode import decode_base64

    token = decode_base64(evidence.secret)
    return judge_token(token.strip()) if token else Verdict("refuted", "is not base64")


def check_jwe(evidence: Evidence, _argument: str) -> Verdict:
    """Refutes five parts that are no encrypted token: its header must name an algorithm and an encryption."""
    verdict = judge_token(evidence.secret)
    return verdict if verdict.outcome == "refuted" else NEUTRAL


def judge_token(token: bytes) -> Verdict:
    """What the token says of itself."""
    parts = token.rstrip(b"=").split(b".")
    header = decode_part(parts[0])
    if header is None or not isinstance(header.get("alg"), str) or len(parts) not in (3, 5):
        return Verdict("refuted", "its header is no JSON object with an algorithm")
    if len(parts) == 5:
        return _judge_encrypted(header)
    payload = decode_part(parts[1])
    if payload is None:
        return Verdict("refuted", "its payload is no JSON object")
    if any(all(payload.get(claim) == value for claim, value in sample) for sample in _SAMPLES):
        return Verdict("harmless", "is a published sample token")
    return _judge_claims(token, parts[2], header["alg"], payload)


def _judge_encrypted(header: dict[str, Any]) -> Verdict:
    """A JWE (RFC 7516): its contents are encrypted, which is how they should be kept."""
    if not isinstance(header.get("enc"), str):
        return Verdict("refuted", "has five parts, but its header names no encryption")
    return Verdict("harmless", f"is encrypted ({_word(header['alg'])}, {_word(header['enc'])})")


def _judge_claims(token: bytes, signature: bytes, algorithm: str, payload: dict[str, Any]) -> Verdict:
    issuer = payload.get("iss")
    said = f"header and payload decode ({_word(algorithm)}"
    said += f", issued by {_word(issuer)})" if isinstance(issuer, str) and issuer else ")"
    expiry = _expiry(payload)
    day = time.strftime("%Y-%m-%d", time.gmtime(expiry)) if expiry else ""
    expired = bool(expiry) and expiry < clock.now()
    if not signature and algorithm.lower() != "none":
        return Verdict("refuted", "its signature is missing")
    if not signature:
        return Verdict("expired", day) if expired else Verdict("doubtful", "is not signed: anyone can write it")
    key = guess_key(algorithm, token)
    if key is not None:
        until = f"; this one {'expired' if expired else 'is good until'} {day}" if day else ""
        return Verdict("proven", f"signed with a guessable key ({_hint(key)}): anyone can forge one like it{until}")
    if expired:
        return Verdict("expired", day)
    if len(signature) * 3 // 4 < _SIGNATURES.get(algorithm, 1):
        return Verdict("doubtful", "its signature is cut off")
    return Verdict("proven", f"{said}; good until {day}" if day else said)


def _expiry(payload: dict[str, Any]) -> float:
    """`exp` in seconds since 1970, also where it was given in milliseconds by mistake; 0 for none."""
    expiry = payload.get("exp")
    if isinstance(expiry, bool) or not isinstance(expiry, int | float) or expiry <= 0:
        return 0
    if expiry >= 10**11:
        expiry /= 1000
    return expiry if expiry < _LAST_SECOND else 0


def _word(text: str) -> str:
    """Text of a token for a reason: printable, and not long."""
    return "".join(sign if sign.isprintable() else "?" for sign in text[:60])


def _hint(key: bytes) -> str:
    """At most four characters of a guessed key, and none of a short one."""
    return f"{key[:4].decode('ascii', 'replace')}…" if len(key) >= 8 else "a short word"
