"""What is never a secret, whatever its name: encrypted text, public keys, digests, sentences, references."""

from __future__ import annotations

import re

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
    rb"(?i)(?:checksum|fingerprint|thumbprint|integrity|digest|sha_?(?:1|2|224|256|384|512)|md5|etag|hash(?:ed)?|public_?key|pubkey|publickey_?token|"
    rb"encrypted_?\w*|timestamp|gitlink|commit|revision)\Z"
)
_ID_NAME = re.compile(rb"(?i)(?:key|credentials?|secret|token)s?_?id\Z|\Akid\Z")
_ID_VALUE = re.compile(rb"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}|[0-9a-f]{32}|[0-9]+")
_TIME_NAME = re.compile(rb"(?i)expir|time|date|creat|utc|updated|issued|version|_at\Z|stamp")
_NUMBER = re.compile(rb"-?[0-9]{1,19}")
_HASH_NAME = re.compile(rb"(?i)hash(?:ed)?\Z")
_CODE = re.compile(rb"->\w|&&|\w\(\)|\A#[0-9A-Fa-f]{3,8}\Z")
_BEYOND = bytes(range(0x80, 0x100))
_DIGEST_VALUE = re.compile(rb"[0-9A-Fa-f-]{16,}|[0-9]{9,13}|[A-Za-z0-9+/_-]{20,}={0,2}")


def veto(value: bytes, name: bytes) -> str:
    """Why this value cannot be a secret that somebody has to revoke, or ''."""
    if _ENCRYPTED.search(value):
        return "is encrypted, which is how a secret should be kept"
    if _PUBLIC.match(value):
        return "is a public key or a certificate"
    if _DIGEST.match(value):
        return "is a digest for checking integrity"
    if _REFERENCE.match(value):
        return "says where a secret is kept, or is a plain address"
    if (_DIGEST_NAME.search(name) and _DIGEST_VALUE.fullmatch(value)) or (
        _ID_NAME.search(name) and _ID_VALUE.fullmatch(value)
    ):
        return "its name says that it is a digest, an identifier or public"
    if _HASH_NAME.search(name):
        return "its name says that it is a hash"
    if _NUMBER.fullmatch(value) and _TIME_NAME.search(name):
        return "is a time or a version"
    if _CODE.search(value):
        return "is code or a colour"
    return "is a text in a human language" if _is_sentence(value) else ""


def _is_sentence(value: bytes) -> bool:
    """Letters beyond ASCII in words, or nothing else, or many: translations; a password holds one or two."""
    beyond = len(value) - len(value.translate(None, _BEYOND))
    return beyond > 0 and (beyond * 10 >= 9 * len(value) or (beyond >= 9 and beyond * 3 >= len(value)) or b" " in value)
