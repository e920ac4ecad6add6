"""What is never a secret, whatever its name: encrypted text, public keys, digests, sentences, references, code."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

from leakguard.detect.judgement.context import ABOUT, WORDS, name_kind
from leakguard.detect.judgement.features import decoded_text
from leakguard.detect.judgement.tables import wordiness
from leakguard.detect.judgement.value import TRANSLATED
from leakguard.detect.kept import plain

if TYPE_CHECKING:
    from leakguard.detect.checks.evidence import Evidence

_ENCRYPTED = plain(
    rb"ENC\[AES256_GCM,|\$ANSIBLE_VAULT|age-encryption\.org|ENC\(|\{cipher\}|vault:v[0-9]+:|encrypted:[A-Za-z0-9+/]|AQICAH[A-Za-z0-9+/]|"
    rb"AgA[A-Za-z0-9+/]{200}|-----BEGIN (?:PGP MESSAGE|AGE ENCRYPTED)|\A!vault|\AU2FsdGVkX1|\A\x00GITCRYPT"
)
"""SOPS, Ansible Vault, age, Jasypt, Spring Cloud Config, HashiCorp transit, dotenv-vault, AWS KMS, sealed secrets,
OpenPGP, openssl enc, git-crypt."""
_PUBLIC = plain(
    rb"(?:MIGfMA0GCSqGSIb3DQEB|MI(?:IB|IC|IE)[A-Za-z0-9+/]{2}[A-Za-z]?[A-Za-z0-9]?ANBgkqhkiG9w0BAQEFAAOC|MF[kw]wE[wA]|MC[ow]wBQYDK2V[wu]A[yz]EA|"
    rb"ssh-(?:rsa|ed25519|dss) |ecdsa-sha2-|-----BEGIN (?:PUBLIC|RSA PUBLIC|CERTIFICATE|SSH2 PUBLIC)|"
    rb"MII[A-Za-z0-9+/]{3}CC[A-Za-z0-9+/]{3,6}AwIBAgI|pk_(?:test|live)_|mQ[EGIM]NB[A-Z]|mDMEX)"
)
_DIGEST = plain(rb"\A(?:sha(?:1|256|384|512)|md5|h1|blake[23][bs]?)[-:=][A-Za-z0-9+/=_-]{16,}\Z")
_REFERENCE = plain(
    rb"\A(?:arn:aws|op://|vault://|secret://|secretsmanager:|ssm:|keyring:|projects/[\w-]+/secrets/|[A-Za-z]\w{1,11}://[^:@/\s]+(?:/[^?&=@]*)?\Z|"
    rb"data:(?:image|font|text)/|~?/(?:run|etc|var|home|usr|opt|tmp)/|~/\.?\w)"
)
_DIGEST_NAME = plain(
    rb"(?:checksum|fingerprint|thumbprint|integrity|digest|sha_?(?:1|2|224|256|384|512)|md5|etag|hash(?:ed)?|hashed_secret|public_?key|pubkey|publickey_?token|"
    rb"encrypted_?\w*|timestamp|gitlink|commit|revision)\Z"
)
_ID_NAME = plain(
    rb"(?:key|credentials?|secret|token)s?[_-]?id(?:[_-]?hex)?\Z|\Akid\Z|keyserver_?id\Z|(?:key|secret)_?version\Z"
)
_NEVER_NAME = plain(
    rb"(?:project|form|blob|deposed|dedup|partition|sort|foreign|cache|publish(?:able)?)[_-]?key\Z|client[_-]?id\Z|(?<![a-z])authors?\Z|"
    rb"sidebar\Z|(?:key|secret|token|vault|credential)s?[_-]?name\Z|key[_-]?(?:down|up|press|stroke|code|frame|binding)(?![a-z])[\w-]*\Z|"
    rb"(?:authenticity|public|ec2_?client|client_?request|creation|idempotency|page|sync|continuation|next|[cx]srf|[cx]srf[_-]?middleware)[_.-]?token\Z"
)
"""Names of identifiers, places in a list and people, which rules for keys, tokens and `auth` meet on their way."""
_UUID = rb"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"
_ID_VALUE = plain(
    _UUID + rb"|(?:0x)?[0-9A-Fa-f]{8}|(?:0x)?[0-9A-Fa-f]{16}|[0-9A-Fa-f]{32}|[0-9A-Fa-f]{40}|[0-9]+|APKA[A-Z0-9]{16}"
)
_IDENTIFIER = plain(rb"\{?" + _UUID + rb"\}?")
_TIME_NAME = plain(rb"expir|time|date|creat|utc|updated|issued|version|_at\Z|stamp")
_NUMBER = plain(rb"-?[0-9]{1,19}")
_CONSTANT = plain(rb"-?0x[0-9A-Fa-f]{1,8}[uUlL]{0,3}")
_DATE = plain(rb"(?:19|20)[0-9]{2}-[01][0-9]-[0-3][0-9](?:[T ][0-2][0-9]:[0-9]{2}.{0,16})?")
_FINGERPRINT = plain(rb"(?:[0-9A-Fa-f]{2}:){15,31}[0-9A-Fa-f]{2}")
_ALGORITHM = plain(
    rb"(?i)(?:ssh|aes|sha|hmac|[hrep]s[0-9]{3}|pbes2?|rsa|dsa|ecdsa|des|xxh|pbkdf2?)[0-9]{0,3}(?:[-_+/]+|\Z)"
    rb"(?:(?:sha|hmac|[hrep]s|rsa|dsa|ecdsa|ed|des|[gc]cm|cbc|ctr|cfb|ecb|oaep|a|md|nistp)?[0-9]{0,5}(?:kw)?(?:[-_+/]|\Z)){1,5}"
)
_HASH_NAME = plain(rb"hash(?:ed)?\Z|hashed")
_HASHED_NAME = plain(rb"sha[_-]?(?:1|224|256|384|512)|md5")
_HASH_VALUE = plain(
    rb"(?:[0-9A-Fa-f]{32}|[0-9A-Fa-f]{40}|[0-9A-Fa-f]{56}|[0-9A-Fa-f]{64}|[0-9A-Fa-f]{96}|[0-9A-Fa-f]{128})"
)
_HASH_BASE64 = plain(rb"[A-Za-z0-9+/]{27}=|[A-Za-z0-9+/]{43}=|[A-Za-z0-9+/]{86}==")
_SHORT_ID = plain(rb"[0-9A-Fa-f]{8}")
_CRYPTED = plain(
    rb"md5[0-9a-f]{32}\Z|\*[0-9A-Fa-f]{40}\Z|(?:\{[A-Z0-9-]{3,12}\})?\$(?:1|2[abxy]?|5|6|7|y|argon2\w{0,2}|pbkdf2[\w-]*|scrypt|sha1|apr1)\$"
)
_LABEL = plain(rb"[A-Za-z\x80-\xff][A-Za-z\x80-\xff '\xe2\x80\x99,-]*[.?!: ]{0,3}")
_FILE_NAME = plain(rb"\.(?:php|py|[cm]?[jt]sx?|java|rb|go|cs|css|html?|json|ya?ml|md|txt|xml|c|h|cpp)\Z")
_BINARY = plain(rb"[\x00-\x08\x0e-\x1f\x7f]")
_OAUTH = plain(rb"[12]\.0")
_CODE = plain(rb"->\w|&&|\w\(\)|\A#[0-9A-Fa-f]{3,8}\Z|\A[?&][\w.-]+=\Z")
_ALPHABET = b"0123456789abcdefghijklmnopqrstuvwxyz"
_ALPHABETS = _ALPHABET + b" " + _ALPHABET[::-1]
_NO_LETTERS = bytes({*range(256)} - {*range(0x41, 0x5B), *range(0x61, 0x7B)})
_CLIMBING = 8
"""So many neighbouring letters, whatever stands between them, and four of five of them: `a1B2c3D4e5F6g7H8i9`."""
_PLAIN_WORDS = plain(rb"[A-Za-z]{3,}(?:[ _:.-][A-Za-z]+){0,2}|[A-Z][a-z]+(?: [A-Za-z]+){3,6}[.!]?")
_HEXADECIMAL = plain(rb"(?:[2-7][0-9A-Fa-f]){4,32}")
_LOOKED_UP = plain(
    rb"(?i)(?:[\w\])]\[|\.(?:(?:get|has)(?:env|_?property|_?string|_?option)?|fetch|pop|lookup)\(|\bget_?env\()"
    rb"[ \t]{0,2}[bru]?\Z"
)
_COMPARED = plain(rb"[A-Za-z]+(?:[._-][A-Za-z]\w*)*")
_OPENPGP = plain(rb"(?i)\b(?:open)?(?:gpg|pgp|rpm)\b[^\n]{0,24}\Z")
_CONTROL = bytes({*range(32), 127} - {9, 10, 13, 27})
_BEYOND = bytes(range(0x80, 0x100))
_DIGEST_VALUE = plain(rb"[0-9A-Fa-f-]{16,}|[0-9]{9,13}|[A-Za-z0-9+/_-]{20,}={0,2}")


_BY_VALUE = (
    (_ENCRYPTED.search, "is encrypted, which is how a secret should be kept"),
    (_PUBLIC.match, "is a public key or a certificate"),
    (_DIGEST.match, "is a digest for checking integrity"),
    (_REFERENCE.match, "says where a secret is kept, or is a plain address"),
    (_CRYPTED.match, "is the hash of a password, which rules of its own weigh"),
    (_CONSTANT.fullmatch, "is a number"),
    (_DATE.fullmatch, "is a date"),
    (_FINGERPRINT.fullmatch, "is a fingerprint"),
    (_ALGORITHM.fullmatch, "is the name of an algorithm"),
    (_CODE.search, "is code or a colour"),
    (_BINARY.search, "is no text"),
)
"""What a value is whatever its name: the question, and the answer where it is so."""


def refusal(evidence: Evidence) -> str:
    """Why this match cannot be a secret that somebody has to revoke, or ''."""
    return veto(evidence.secret, evidence.groups.get("name", b"")) or _by_place(evidence)


@lru_cache(maxsize=1 << 12)
def veto(value: bytes, name: bytes) -> str:
    """What `refusal` says of a value and its name alone."""
    for holds, reason in _BY_VALUE:
        if holds(value):
            return reason
    if value.count(b",") >= 7 and _counts(value):
        return "counts up or down"
    if len(value) >= 8 and (_spells_alphabet(value) or _climbs(value)):
        return "is a run of the alphabet"
    if _spells_words(value):
        return "is plain words, encoded"
    return _by_name(value, name) or ("is a text in a human language" if _is_sentence(value) else "")


def _by_name(value: bytes, name: bytes) -> str:
    lower = name.lower()  # in which the expressions about names look, as ignoring case takes twice as long
    if (_DIGEST_VALUE.fullmatch(value) and _DIGEST_NAME.search(lower)) or (
        _ID_VALUE.fullmatch(value) and _ID_NAME.search(lower)
    ):
        return "its name says that it is a digest, an identifier or public"
    if _NEVER_NAME.search(lower) or (_SHORT_ID.fullmatch(value) and name_kind(name) == "key"):
        return "its name says that it is an identifier"
    if _FILE_NAME.search(lower) and (_HASH_VALUE.fullmatch(value) or _NUMBER.fullmatch(value)):
        return "is the digest of a file"
    if _HASH_NAME.search(lower) or (
        _HASHED_NAME.search(lower) and (_HASH_VALUE.fullmatch(value) or _HASH_BASE64.fullmatch(value))
    ):
        return "its name says that it is a hash"
    if _IDENTIFIER.fullmatch(value) and name_kind(name) in ("key", "salt"):
        return "is a UUID without a secret's name"
    if value.isalpha() and _says_of_itself(value, name):
        return "is what its name already says"
    if lower.endswith(b"oauth") and _OAUTH.match(value):
        return "is a version of OAuth"
    return "is a time or a version" if _NUMBER.fullmatch(value) and _TIME_NAME.search(lower) else ""


def _says_of_itself(value: bytes, name: bytes) -> bool:
    """Whether a word repeats its name's end (`TYPE_KEY_MAGIC = "magic"`), or stands under a name that only speaks about
    a secret (`token_type = "bearer"`)."""
    if len(value) < len(name) and name.lower().endswith(value.lower()):
        return True
    return _speaks_about(name) and wordiness(value) == 1.0


def _speaks_about(name: bytes) -> bool:
    words = WORDS.findall(name)
    return bool(words) and words[-1].lower() in ABOUT


def _by_place(evidence: Evidence) -> str:
    """What the bytes around a value say of it: they look something up, compare with a word, or are no text."""
    window, start, end, groups = evidence.window, evidence.start, evidence.end, evidence.groups
    quote = groups.get("q", b"")
    before = start - len(quote)
    if quote and _LOOKED_UP.search(window[max(0, before - 24) : before]):
        return "is the name under which code looks something up"
    compared = groups.get("sep", b"").strip()[:2] in (b"==", b"!=") and _COMPARED.fullmatch(evidence.secret)
    if compared and (wordiness(evidence.secret) > 0.7 or _speaks_about(groups.get("name", b""))):
        return "is a word that code compares with"
    named_key = name_kind(groups.get("name", b"")) == "key" and _ID_VALUE.fullmatch(evidence.secret)
    if named_key and _OPENPGP.search(window[max(0, before - 40) : before]):
        return "is the fingerprint of an OpenPGP key"
    around = window[max(0, start - 48) : end + 48]
    if not around.isascii() and len(around) - len(around.translate(None, _CONTROL)) >= 3:
        return "stands in binary content"
    return ""


def _spells_alphabet(value: bytes) -> bool:
    """Whether three quarters of a value, four characters at a time, run up or down the alphabet or the digits."""
    if value[:4].lower() not in _ALPHABETS:
        return False
    parts = [value[at : at + 4].lower() for at in range(0, len(value) - 3, 4)]
    return 4 * sum(part in _ALPHABETS for part in parts) >= 3 * len(parts)


def _climbs(value: bytes) -> bool:
    """Whether the letters of a value go through the alphabet, in steps of one or in pairs of one: `Aa1Bb2Cc3`."""
    letters = value.translate(None, _NO_LETTERS).lower()
    if len(letters) <= _CLIMBING:
        return False
    steps = [two - one for one, two in pairwise(letters) if two != one]
    return steps.count(1) >= _CLIMBING and 5 * steps.count(1) >= 4 * len(steps)


def _spells_words(value: bytes) -> bool:
    """Whether a value is up to three known words, or a sentence of them, in base64 or hexadecimal."""
    text = bytes.fromhex(value.decode()) if _HEXADECIMAL.fullmatch(value) and len(value) >= 12 else decoded_text(value)
    return 4 <= len(text) <= 64 and bool(_PLAIN_WORDS.fullmatch(text)) and wordiness(text) == 1.0


def _counts(value: bytes) -> bool:
    """Whether a list of numbers goes on by one and the same step: 0, 1, 2, or 16, 15, 14, or the same all along."""
    try:
        numbers = [int(item, 16 if b"x" in item.lower() else 10) for item in value.strip(b" ,\t").split(b",")]
    except ValueError:
        return False
    return len({two - one for one, two in pairwise(numbers)}) == 1


def _is_sentence(value: bytes) -> bool:
    """Words alone, with a full stop or the word password in some language; letters beyond ASCII in words, or nothing
    else, or many, for a password holds one or two."""
    speaks = value.count(b" ") >= 2 and value[-1:] in b".?!:"
    if _LABEL.fullmatch(value) and (speaks or TRANSLATED.search(value.lower())):
        return True
    if value.isascii():
        return False
    beyond = len(value) - len(value.translate(None, _BEYOND))
    return beyond * 10 >= 9 * len(value) or (beyond >= 9 and beyond * 3 >= len(value)) or b" " in value
