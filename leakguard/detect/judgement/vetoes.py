"""What is never a secret, whatever its name: encrypted text, public keys, digests, sentences, references."""

from __future__ import annotations

import re
from itertools import pairwise

from leakguard.detect.judgement.context import name_kind
from leakguard.detect.judgement.value import TRANSLATED

_ENCRYPTED = re.compile(
    rb"ENC\[AES256_GCM,|\$ANSIBLE_VAULT|age-encryption\.org|ENC\(|\{cipher\}|vault:v[0-9]+:|encrypted:[A-Za-z0-9+/]|AQICAH[A-Za-z0-9+/]|"
    rb"AgA[A-Za-z0-9+/]{200}|-----BEGIN (?:PGP MESSAGE|AGE ENCRYPTED)|\A!vault|\AU2FsdGVkX1|\A\x00GITCRYPT"
)
"""SOPS, Ansible Vault, age, Jasypt, Spring Cloud Config, HashiCorp transit, dotenv-vault, AWS KMS, sealed secrets,
OpenPGP, openssl enc, git-crypt."""
_PUBLIC = re.compile(
    rb"(?:MIGfMA0GCSqGSIb3DQEB|MI(?:IB|IC|IE)[A-Za-z0-9+/]{2}[A-Za-z]?[A-Za-z0-9]?ANBgkqhkiG9w0BAQEFAAOC|MF[kw]wE[wA]|MC[ow]wBQYDK2V[wu]A[yz]EA|"
    rb"ssh-(?:rsa|ed25519|dss) |ecdsa-sha2-|-----BEGIN (?:PUBLIC|RSA PUBLIC|CERTIFICATE|SSH2 PUBLIC)|"
    rb"MII[A-Za-z0-9+/]{3}CC[A-Za-z0-9+/]{3,6}AwIBAgI|pk_(?:test|live)_)"
)
_DIGEST = re.compile(rb"\A(?:sha(?:1|256|384|512)|md5|h1|blake[23][bs]?)[-:=][A-Za-z0-9+/=_-]{16,}\Z")
_REFERENCE = re.compile(
    rb"\A(?:arn:aws|op://|vault://|secret://|secretsmanager:|ssm:|keyring:|projects/[\w-]+/secrets/|https?://[^:@/\s]+(?:/[^?&=@]*)?\Z|"
    rb"data:(?:image|font|text)/|/(?:run|etc|var|home|usr|opt|tmp)/)"
)
_DIGEST_NAME = re.compile(
    rb"(?i)(?:checksum|fingerprint|thumbprint|integrity|digest|sha_?(?:1|2|224|256|384|512)|md5|etag|hash(?:ed)?|hashed_secret|public_?key|pubkey|publickey_?token|"
    rb"encrypted_?\w*|timestamp|gitlink|commit|revision)\Z"
)
_ID_NAME = re.compile(rb"(?i)(?:key|credentials?|secret|token)s?[_-]?id\Z|\Akid\Z")
_UUID = rb"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"
_ID_VALUE = re.compile(_UUID + rb"|[0-9A-Fa-f]{8}|[0-9A-Fa-f]{16}|[0-9A-Fa-f]{32}|[0-9A-Fa-f]{40}|[0-9]+")
_IDENTIFIER = re.compile(rb"\{?" + _UUID + rb"\}?")
_TIME_NAME = re.compile(rb"(?i)expir|time|date|creat|utc|updated|issued|version|_at\Z|stamp")
_NUMBER = re.compile(rb"-?[0-9]{1,19}")
_CONSTANT = re.compile(rb"0x[0-9A-Fa-f]{1,8}[uUlL]{0,3}")
_HASH_NAME = re.compile(rb"(?i)hash(?:ed)?\Z|hashed")
_HASHED_NAME = re.compile(rb"(?i)sha[_-]?(?:1|224|256|384|512)|md5")
_HASH_VALUE = re.compile(
    rb"(?:[0-9A-Fa-f]{32}|[0-9A-Fa-f]{40}|[0-9A-Fa-f]{56}|[0-9A-Fa-f]{64}|[0-9A-Fa-f]{96}|[0-9A-Fa-f]{128})"
)
_CRYPTED = re.compile(
    rb"(?:\{[A-Z0-9-]{3,12}\})?\$(?:1|2[abxy]?|5|6|7|y|argon2\w{0,2}|pbkdf2[\w-]*|scrypt|sha1|apr1)\$"
)
_LABEL = re.compile(rb"[A-Za-z\x80-\xff][A-Za-z\x80-\xff '\xe2\x80\x99,-]*[.?!: ]{0,3}")
_OAUTH = re.compile(rb"[12]\.0")
_CODE = re.compile(rb"->\w|&&|\w\(\)|\A#[0-9A-Fa-f]{3,8}\Z")
_BEYOND = bytes(range(0x80, 0x100))
_DIGEST_VALUE = re.compile(rb"[0-9A-Fa-f-]{16,}|[0-9]{9,13}|[A-Za-z0-9+/_-]{20,}={0,2}")


_BY_VALUE = (
    (_ENCRYPTED.search, "is encrypted, which is how a secret should be kept"),
    (_PUBLIC.match, "is a public key or a certificate"),
    (_DIGEST.match, "is a digest for checking integrity"),
    (_REFERENCE.match, "says where a secret is kept, or is a plain address"),
    (_CRYPTED.match, "is the hash of a password, which rules of its own weigh"),
    (_CONSTANT.fullmatch, "is a number"),
    (_CODE.search, "is code or a colour"),
)
"""What a value is whatever its name: the question, and the answer where it is so."""


def veto(value: bytes, name: bytes) -> str:
    """Why this value cannot be a secret that somebody has to revoke, or ''."""
    for holds, reason in _BY_VALUE:
        if holds(value):
            return reason
    if value.count(b",") >= 7 and _counts(value):
        return "counts up or down"
    return _by_name(value, name) or ("is a text in a human language" if _is_sentence(value) else "")


def _by_name(value: bytes, name: bytes) -> str:
    if (_DIGEST_NAME.search(name) and _DIGEST_VALUE.fullmatch(value)) or (
        _ID_NAME.search(name) and _ID_VALUE.fullmatch(value)
    ):
        return "its name says that it is a digest, an identifier or public"
    if _HASH_NAME.search(name) or (_HASHED_NAME.search(name) and _HASH_VALUE.fullmatch(value)):
        return "its name says that it is a hash"
    if _IDENTIFIER.fullmatch(value) and name_kind(name) in ("key", "salt"):
        return "is a UUID without a secret's name"
    if name[-5:].lower() == b"oauth" and _OAUTH.match(value):
        return "is a version of OAuth"
    return "is a time or a version" if _NUMBER.fullmatch(value) and _TIME_NAME.search(name) else ""


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
    if _LABEL.fullmatch(value) and (TRANSLATED.search(value) or (value.count(b" ") >= 2 and value[-1:] in b".?!:")):
        return True
    beyond = len(value) - len(value.translate(None, _BEYOND))
    return beyond > 0 and (beyond * 10 >= 9 * len(value) or (beyond >= 9 and beyond * 3 >= len(value)) or b" " in value)
