"""URLs and connection strings that carry a password."""

from __future__ import annotations

import ipaddress
from urllib.parse import unquote_to_bytes

from leakguard.detect.checks.evidence import NEUTRAL, Evidence, Verdict
from leakguard.detect.kept import rich
from leakguard.detect.placeholders import placeholder_reason

_STAND_INS = frozenset(
    (
        b"password pass passwd pwd passw0rd secret token pw passphrase credentials hunter2 username user usr "
        b"login account userpass mypassword mypass mypwd my_password my-password dbpassword db_password dbpass "
        b"db_pass yourpassword your_password your-password database_password postgres_password mysql_password "
        b"redis_password the_password apikey api_key api-key accesskey authtoken access_token api_token "
        b"mytoken p pa pas a b c x y z foo bar baz xxx xxxx some_password somepassword userpassword "
        b"user_password pass_word motdepasse contrase\xc3\xb1a passwort admin_password adminpassword "
        b"root_password rootpassword secretpassword secret_password value null none true false x-oauth-basic "
        b"x-access-token x-token-auth oauth oauth2 git "
    ).split()
)
_DEFAULTS = frozenset(
    (
        b"postgres root admin guest mysql mongo redis test tests testing tester example sa rabbit rabbitmq "
        b"minio minioadmin develop development dev local docker django rails app demo sample secret s3cret "
        b"changeit 123 1234 12345 123456 1234567 12345678 123456789 1234567890 qwerty abc abc123 admin123 "
        b"password1 password123 pass123 test123 root123 letmein welcome default public private anonymous ftp "
        b"nobody none empty my-secret-pw mysecretpassword mysqlpw postgrespw mongopw redispw rootpw rootpwd "
    ).split()
)
"""What everybody's local database has: worth a word on a host that can be reached, nothing on one that cannot."""

_NOBODYS = (b"localhost", b"host", b"hostname", b"hostspec", b"server", b"servername", b"my-host", b"myhost", b"host1")
_EXAMPLE_ENDS = (
    b".example.com", b".example.org", b".example.net", b".example", b".test", b".invalid", b".local", b".localhost",
    b".localdomain", b".company.com", b".mycompany.com", b".yourcompany.com", b".domain.com",
    b".yourdomain.com", b".mydomain.com",
)  # fmt: skip
_EXAMPLE_HOSTS = frozenset(
    (
        b"example.com example.org example.net example domain.com mydomain.com yourdomain.com foo.com bar.com "
        b"acme.com company.com server.com host.com hostname.com test.com somehost.com site.com website.com "
        b"foo.bar "
    ).split()
)
_NAMED = rich(
    rb"(?:[a-z]{1,12}[._-]){0,3}(?:pass|passwd|password|pw|pwd|user|token|secret|key)(?:[._-]?\d{0,4}|[._-][a-z]{1,8})\Z"
)
"""What names a password in place of being one: `test_password_2`, `MY_GITHUB_TOKEN`, `invalid-password`."""
_LEET = bytes.maketrans(b"@0$5341", b"aosseai")
_TEMPLATE = rich(
    rb"[$#%]\{|[$#]\(|\{\{|\}\}|<[^>]*>?|\A[$%@:]\w+\Z|\A%\w+%\Z|\A%[sdvr@]|\A\{[^}]*\}\Z|\[[A-Za-z _-]+\]|\A\$|\\\(|"
    rb"\A[\"'`]|[\"'`][ \t]*[+.&][ \t]*|\A\+|\A\.{2,}|\*\*|\xe2\x80\xa6|\xe2\x80\xa2"
)


def check_password(evidence: Evidence, _argument: str) -> Verdict:
    """Reads the groups `user` and `host`: a stand-in for a password opens nothing, nor does a default one on a host
    that only its own machine reaches; any password of such a host is worth less."""
    user = unquote_to_bytes(evidence.groups.get("user", b"")).strip()
    password = unquote_to_bytes(evidence.secret).strip()
    if _TEMPLATE.search(evidence.secret):
        return Verdict("refuted", "the password is filled in elsewhere")
    verdict = judge_password(password, user)
    return verdict or _weigh_host(password.lower(), user.lower(), evidence.groups.get("host", b"").strip())


def judge_password(password: bytes, user: bytes) -> Verdict | None:
    """The refusal of a password that is a stand-in or a template, or None."""
    small = password.lower().strip(b"[](){}<>*")
    if not small or small in _STAND_INS or _NAMED.match(small) or (small == user.lower() and len(small) < 16):
        return Verdict("refuted", "the password is a stand-in")
    if small.translate(_LEET) in (b"pass", b"password", b"passwd"):
        return Verdict("refuted", "the password is a stand-in")
    if _TEMPLATE.search(password) or _TEMPLATE.search(user):
        return Verdict("refuted", "the password is filled in elsewhere")
    reason = placeholder_reason(password)
    return Verdict("refuted", f"the password {reason}") if reason else None


def _weigh_host(password: bytes, user: bytes, host: bytes) -> Verdict:
    name = host_name(host)
    shown = name.decode("ascii", "replace")
    if is_local(name) or name in _NOBODYS or name in _EXAMPLE_HOSTS or name.endswith(_EXAMPLE_ENDS):
        if password in _DEFAULTS or _is_word(password):
            return Verdict("refuted", f"is a default password of {shown or 'a local host'}")
        if user in _STAND_INS and not is_local(name):
            return Verdict("refuted", f"the user and the host {shown} are examples")
        return Verdict("doubtful", f"the host {shown} is local or an example")
    if password in _DEFAULTS and name and b"." not in name and b":" not in name:
        return Verdict("refuted", f"is a default password of {shown}, which only its own network finds")
    if password in _DEFAULTS or (b"." not in name and password.isalpha() and len(password) < 8):
        return Verdict("doubtful", "is a password that everybody tries first")
    return NEUTRAL


def _is_word(password: bytes) -> bool:
    """A short word, or two: what people type for a database that only their own machine reaches."""
    from leakguard.detect.judgement.tables import rarity, wordiness

    return password.isalpha() and len(password) < 8 and (wordiness(password) > 0.9 or rarity(password) < 6)


def host_name(host: bytes) -> bytes:
    """The host without port and further hosts, in lower case."""
    first = host.split(b",")[0].lower()
    if first.startswith(b"["):
        return first.partition(b"]")[0].strip(b"[")
    return first.partition(b":")[0].strip(b".")


def is_local(name: bytes) -> bool:
    """Whether only its own machine reaches this host: a loopback name or address."""
    try:
        address = ipaddress.ip_address(name.decode("ascii", "replace"))
    except ValueError:
        return name in (b"localhost", b"host.docker.internal") or name.endswith(b".localhost")
    return address.is_loopback or address.is_unspecified
