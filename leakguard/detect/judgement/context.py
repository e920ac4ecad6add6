"""Features of the name that a value is assigned to, and of the line around them."""

from __future__ import annotations

from functools import lru_cache
from re import IGNORECASE
from typing import TYPE_CHECKING

from leakguard.detect.kept import plain

if TYPE_CHECKING:
    from leakguard.detect.checks.evidence import Evidence


NAMES = (
    (
        "password",
        plain(
            rb"passw|passphrase|pass_phrase|passcode|pwd|pswd|senha|contrase|kennwort|pass$|pass[^a-z]|(?:^|[_.-])pw"
        ),
    ),
    (
        "secret-key",
        plain(rb"secret_?(?:access_?)?key|private_?key|(?:en|de)crypt\w*key|sign\w*_?key|aes_?key|hmac"),
    ),
    ("api-key", plain(rb"(?:api|access|app|consumer|client|account|license|auth)[_. -]?key")),
    ("secret", plain(rb"secret")),
    ("token", plain(rb"token|jwt|ticket|[._-]sid|session|bearer")),
    ("salt", plain(rb"salt|pepper|seed")),
    ("credential", plain(rb"cred")),
    ("basic", plain(rb"basic|identified")),
    ("auth", plain(rb"auth|oauth|ntlm")),
    ("key", plain(rb"key")),
)
"""The kinds of names, most telling first; to be looked for in lower case, as ignoring case takes twice as long."""

WORDS = plain(rb"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+")
TELLING = frozenset(
    b"""
access admin age alg algorithm api app arg arn arrow attr attribute aws bad base bearer bot builder ca cache
callback can cert certificate change checksum class client code codes column config confirm confirmation
connection consumer continuation cookie count create csrf css current cursor data database db default delete
deploy desc description digest dir disabled dsn dummy duration email enabled enc encoder encrypted encryption
endpoint env err error event example exp expected expiration expires expiry factory fake field fields file
filename files fingerprint folder foreign forgot format get github gitlab grant handler has hash hashed header
headers helper hide hint host hot http https icon id ids index input integrity invalid is jwt keyboard keystore
kind label lang len length list locale login mail manager map master max md5 message method min mock mode
modifier mongo msg mysql name names new next nonce num number oauth object old option options output page param
parser partition path paths pattern placeholder plain policy port postgres prefix press primary private prompt
property provider pub public redis ref refresh regex remove require required reset root rule rules s3 sample
scope search secretname server service session set sha sha1 sha256 shared short should show signature signing
size slack smtp sort state status store strength string style suffix sync table test tests text thumbprint time
timeout timestamp title toggle translation truststore ttl type types update uri url user username validator
validity value values var verifier version want weak webhook widget wrong xsrf
    """.split()
)
ABOUT = frozenset(
    b"""
    name names path paths file filename files dir folder url uri endpoint host type kind format field fields
    column label title text message msg error err description desc hint placeholder prompt tooltip length len size
    count number min max age ttl expiry expires expiration timeout duration interval policy policies strength rule
    rules regex pattern validator validation header headers prefix suffix class style selector button btn input
    form page view screen dialog modal route icon image option options param params parameter arg args attr
    attribute property setting settings enabled disabled required visible hidden mode method strategy provider
    manager service handler factory builder helper util utils repository store storage cache list map set index
    table schema version algorithm alg algo encoding charset status state event action callback response request
    result info data test tests mock exists valid invalid expired missing changed updated created date time at
    link template alias ref reference scope scopes role roles usage limit grant claim claims issuer audience
    subject reset confirm confirmation
    """.split()
)
"""Last words of names that speak about a secret and do not hold it: `passwordField`, `token_type`, `secretName`."""
DOING = frozenset(
    b"""
    get set is has have show hide toggle reset forgot forgotten change changed update check validate verify create
    generate gen make build parse read load save store send delete remove clear add find fetch use enable disable
    require need should must can no not invalid wrong missing bad incorrect error enter choose confirm repeat retype
    label title mandatory hint want expected
    """.split()
)
"""First words of names that do something with a secret, or say something of it: `getToken`, `LABEL_PASSWORD`."""
_COMMENT = plain(rb"\s*(?:#|//|/?\*|--|;|<!--|\"\"\"|rem\b)", IGNORECASE)
_TESTING = plain(rb"\b(?:assert|expect|should|it\(|describe|test|mock|fake|stub|fixture|example|e\.g\.)")
_SPOKEN = plain(rb"\w+")
_CODE = frozenset(
    b"""
    def func function fn public private static const let var val final string String return if for import class new
    this self
    """.split()
)
_TRANSLATION = plain(rb"[t_]\((?<!\w[t_]\()|i18n|gettext|translate|label|placeholder|title=")
_SHELL = frozenset(b"export ENV ARG docker curl kubectl helm mysql psql sudo set echo".split())
_PROMPT = plain(rb"\s*\$ ")
_CODED = plain(rb"process\.env(?<!\wprocess\.env)|os\.environ|getenv|ENV\[|System\.get")


_ANY_KIND = plain(
    rb"pass|pw|pswd|senha|contrase|kennwort|key|hmac|secret|token|jwt|ticket|sid|session|bearer|salt|pepper|seed|cred|basic|identified|auth|ntlm"
)


@lru_cache(maxsize=1 << 14)
def name_kind(name: bytes) -> str:
    """Which kind of credential a name speaks of, or `other`."""
    lower = name.lower()
    if not _ANY_KIND.search(lower):
        return "other"
    for kind, expression in NAMES:
        if expression.search(lower):
            return kind
    return "other"


@lru_cache(maxsize=1 << 12)
def name_features(name: bytes) -> tuple[tuple[str, ...], bytes]:
    """What is true of a name: its kind, its case, the telling words in it; and its length in bytes and in words."""
    words = [word.lower() for word in WORDS.findall(name)]
    flags = [f"name-word:{word.decode()}" for word in set(words) & TELLING]
    case = "upper" if name.isupper() else "lower" if name.islower() else "title" if name[:1].isupper() else "camel"
    flags.append(f"case:{case}")
    if name[:1] == b"-":
        flags.append("option")
    if words:
        if words[-1] in TELLING:
            flags.append(f"name-last:{words[-1].decode()}")
        if words[-1] in ABOUT:
            flags.append("name-about")
        if len(words) > 1 and words[0] in DOING:
            flags.append("name-doing")
    return tuple(flags), bytes((min(len(name), 255), min(len(words), 255)))


def context_features(evidence: Evidence, name: bytes) -> tuple[list[str], bytes]:
    """What is true of the line: how the value is assigned and quoted, what stands before, after and around it."""
    window, start, end = evidence.window, evidence.start, evidence.end
    line_start = window.rfind(b"\n", 0, start) + 1
    line_end = window.find(b"\n", end)
    line_end = len(window) if line_end < 0 else line_end
    at = window.rfind(name, line_start, start) if name else start
    before = window[line_start : max(at, line_start)]
    quote = evidence.groups.get("q", b"")
    sep = evidence.groups.get("sep", b"").strip().decode("latin-1")
    mark = quote[-1:].decode("latin-1") if quote[:1] != b"\\" else "escaped"
    after = window[end + len(quote) : end + len(quote) + 1].decode("latin-1")
    features = [
        f"quote:{mark}",
        f"sep:{sep[:3]}",
        f"after:{'end' if after in ('', chr(13), chr(10)) else after}",
        f"before:{before.strip()[-1:].decode('latin-1') or 'start'}",
    ]
    around = (
        window[line_start:line_end] if line_end - line_start < 400 else window[max(line_start, start - 160) : end + 80]
    )
    outside = window[max(line_start, start - 160) : start]
    lower, spoken = outside.lower(), _SPOKEN.findall(outside)
    if _COMMENT.match(before):
        features.append("comment")
    if _TESTING.search(lower):
        features.append("testing-words")
    if not _CODE.isdisjoint(spoken):
        features.append("code-words")
    if _TRANSLATION.search(lower):
        features.append("translation-words")
    if not _SHELL.isdisjoint(spoken) or _PROMPT.match(outside):
        features.append("shell-words")
    if _CODED.search(around):
        features.append("reads-environment")
    if b"?" in before or before[-1:] == b"&":
        features.append("query")
    if at > line_start and window[at - 1 : at] in (b".", b"$", b"@", b">", b":"):
        features.append(f"member:{window[at - 1 : at].decode('latin-1')}")
    places = (min((line_end - line_start) // 4, 255), min(len(before), 255), min(line_end - end, 255))
    return features, bytes(places)


CONTEXT_NUMBERS = ("name-size", "name-words", "line", "indent", "rest")


def relation_features(value: bytes, name: bytes) -> list[str]:
    """What is true of value and name together: a value that repeats its name is a stand-in or an identifier."""
    lower, called = value.lower(), name.lower().strip(b"-_.")
    features = []
    if called and (called in lower or (len(lower) >= 4 and lower in called)):
        features.append("repeats-name")
    plain, called = lower.replace(b"_", b"").replace(b"-", b""), called.replace(b"_", b"").replace(b"-", b"")
    if plain == called:
        features.append("is-name")
    return features
