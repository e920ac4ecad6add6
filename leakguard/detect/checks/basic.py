"""User and password in base64: HTTP Basic (RFC 7617) and the `auth` entries of container registries' logins."""

from __future__ import annotations

from leakguard.detect.checks.decode import decode_base64, read_json
from leakguard.detect.checks.evidence import Evidence, Verdict
from leakguard.detect.placeholders import placeholder_reason

_EXAMPLES = frozenset({(b"Aladdin", b"open sesame"), (b"Aladdin", b"OpenSesame"), (b"test", b"123\xc2\xa3")})
"""Those of RFC 7617, RFC 2617 and the pages that copied them."""
_STAND_INS = frozenset(
    b"password pass passwd pwd secret token username user login test admin guest root foo bar baz apikey api_key key "
    b"x-oauth-basic".split()
)
_TEXT = frozenset({*range(0x20, 0x7F), *range(0x80, 0x100)})


def split_login(text: bytes) -> tuple[bytes, bytes] | None:
    """User and password of base64 `text`, or None where it is not printable text with a colon."""
    data = decode_base64(text)
    if not data or b":" not in data or not _TEXT.issuperset(data):
        return None
    try:
        data.decode()
    except UnicodeDecodeError:
        return None
    user, _, password = data.partition(b":")
    return user, password


def judge_login(user: bytes, password: bytes) -> Verdict:
    """Whether this login is a real one. Either half may be empty: API keys travel as a user without a password."""
    secret, other = (password, user) if password not in (b"", b"x", b"X", b"x-oauth-basic") else (user, password)
    if (user, password) in _EXAMPLES:
        return Verdict("harmless", "is the example of RFC 7617")
    if secret == other or secret.lower() in _STAND_INS:
        return Verdict("refuted", "the password inside is a stand-in")
    stand_in = placeholder_reason(secret)
    if stand_in:
        return Verdict("refuted", f"the password inside {stand_in}")
    return Verdict("supported", "holds a user and a password")


def check_basic(evidence: Evidence, _argument: str) -> Verdict:
    """The secret is base64 of `user:password`, in printable text."""
    login = split_login(evidence.secret)
    if login is None:
        return Verdict("refuted", "does not decode to a user and a password")
    return judge_login(*login)


def check_docker(evidence: Evidence, _argument: str) -> Verdict:
    """The secret is an `auth` entry (base64 of `user:password`), or base64 of a whole login file with such entries."""
    data = decode_base64(evidence.secret)
    if data and data.lstrip().startswith(b"{"):
        return _check_file(data)
    return check_basic(evidence, "")


def _check_file(data: bytes) -> Verdict:
    found = read_json(data)
    entries = found.get("auths", found) if isinstance(found, dict) else None
    if not isinstance(entries, dict):
        return Verdict("refuted", "holds no logins")
    verdicts = [judge_entry(entry) for entry in entries.values() if isinstance(entry, dict)]
    if any(verdict.outcome == "supported" for verdict in verdicts):
        hosts = [str(host) for host in entries][:3]
        return Verdict("supported", f"holds the logins of {', '.join(hosts)}")
    return verdicts[0] if verdicts else Verdict("refuted", "holds no logins")


def judge_entry(entry: dict[str, object]) -> Verdict:
    """One registry's entry: `auth`, or `username` with `password`, or a token."""
    auth, password = entry.get("auth"), entry.get("password")
    if isinstance(auth, str) and auth:
        login = split_login(auth.encode())
        return judge_login(*login) if login else Verdict("refuted", "does not decode to a user and a password")
    if isinstance(password, str) and password:
        return judge_login(str(entry.get("username", "")).encode(), password.encode())
    if entry.get("identitytoken") or entry.get("registrytoken"):
        return Verdict("supported", "holds a registry's token")
    return Verdict("refuted", "holds no login")
