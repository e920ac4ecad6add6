"""Private keys in text form: do they parse, are they encrypted, and are they keys that everyone has?

A block may stand in a file of its own, or inside other text: one line with `\\n` for line ends, in JSON, indented in
YAML, in comments or quoted mail, as the strings of an expression, URL-encoded. What follows undoes that.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import struct
from functools import lru_cache
from pathlib import Path

import regex

from leakguard.detect.checks.evidence import Evidence, Verdict
from leakguard.detect.kept import rich

_BEGIN = rich(rb"-----BEGIN[ +_]((?:[A-Z0-9]+[ +_]){0,4}?PRIVATE[ +_]KEY(?:[ +_]BLOCK)?)-----")
_END = rich(rb"-----END[ +_](?:[A-Z0-9]+[ +_]){0,4}?PRIVATE[ +_]KEY(?:[ +_]BLOCK)?-----")
_HEADER = rich(
    rb"^[^A-Za-z\n]*(?:Proc-Type|DEK-Info|Comment|Version|Hash|Charset|MessageID|X-[A-Za-z-]+):[^\n]*$",
    regex.MULTILINE,
)
_LINE_END = rich(rb"\\+[nr]|%0[AD]|&#(?:10|13|x[AaDd]);|<br */?>|\\+(?=[ \t]*\n)|\\u000[aAdD]", regex.IGNORECASE)
_TOKEN = rich(rb"[A-Za-z0-9+/]+={0,2}")
_ABBREVIATED = rich(
    rb"(?i)\.\.\.|\xe2\x80\xa6|\[\.|<[a-z_ -]{3,40}>|\$\{|\{\{|\*{4}|x{10}|redacted|your[_ -]?(?:private[_ -]?)?key|"
    rb"(?:key|contents?|data|body)[_ -](?:here|goes)|example[_ -]?key|"
    rb"(?<![A-Za-z0-9+/])(?:snip|placeholder|omitted|truncated)(?![A-Za-z0-9+/])"  # base64 may spell a short word
)
_LEAST = 40
"""Characters of base64 in the shortest private key there is (an Ed25519 seed in PKCS#8 has 64)."""

_KNOWN = Path(__file__).with_name("known_keys.txt")


def check_pem(evidence: Evidence, _argument: str) -> Verdict:
    """Whether the block decodes to a key structure: ASN.1 for RFC 7468 blocks, OpenSSH's own for its format, packets
    for PGP's. A block that is cut off is doubtful, one that holds no base64 is no key."""
    found = _BEGIN.search(evidence.secret)
    if found is None:
        return Verdict("refuted", "is no block of a private key")
    label = found.group(1).replace(b"+", b" ").replace(b"_", b" ")
    inside = evidence.secret[found.end() :]
    end = _END.search(inside)
    return judge_block(label, inside[: end.start()] if end else inside, whole=end is not None)


def check_wrapped_pem(evidence: Evidence, _argument: str) -> Verdict:
    """The same for a block that is in base64 once more."""
    from leakguard.detect.checks.decode import decode_base64

    text = bytes(regex.sub(rb"\\[nr]|[\s\"'\\]+", b"", evidence.secret))
    data = decode_base64(text) or decode_base64(text[: len(text) // 4 * 4])
    if data is None:
        return Verdict("refuted", "is not base64")
    return check_pem(Evidence(data, data, 0, len(data)), "")


def check_bare_key(evidence: Evidence, _argument: str) -> Verdict:
    """Base64 of a key's ASN.1 without the lines around it."""
    data = decode_body(b"".join(tokens(unwrap(evidence.secret))))
    data = data[: der_length(data)] if data else None
    if not data or data[:1] != b"\x30":
        return Verdict("refuted", "holds no key structure")
    verdict = judge_der(data, whole=True)
    return Verdict("refuted", "holds no private key") if verdict.outcome == "doubtful" else verdict


def check_jwk(evidence: Evidence, _argument: str) -> Verdict:
    """The secret member of a JSON Web Key: base64url of at least 16 bytes, and none of those in the RFCs."""
    from leakguard.detect.checks.decode import decode_base64

    data = decode_base64(evidence.secret)
    if data is None or len(data) < 16:
        return Verdict("refuted", "is not base64url of a key")
    return known_key(data) or Verdict("supported", "is the secret member of a key object")


def judge_block(label: bytes, inside: bytes, *, whole: bool) -> Verdict:
    """What a block with this label and this text between its lines is."""
    encrypted = b"ENCRYPTED" in label or b"4,ENCRYPTED" in inside
    text = unwrap(inside)
    runs = tokens(text)
    body = b"".join(runs)
    if len(body) < _LEAST or (len(runs) > 3 and len(body) < 12 * len(runs)):
        return Verdict("refuted", "the block holds no key")
    if _ABBREVIATED.search(text) and len(body) < 1500:
        return Verdict("harmless", "the block is abbreviated")
    if label.startswith(b"PGP"):
        return _judge_armour(text, whole=whole)
    decoded = [data for data in map(decode_body, spellings(text)) if data]
    data = next((found for found in decoded if found.startswith((b"\x30", _OPENSSH))), decoded[0] if decoded else None)
    if data is None:
        return Verdict("refuted", "the block is not base64")
    if len(set(body)) < 12 and len(body) >= 64:
        return Verdict("harmless", "the block repeats the same few characters")
    known = known_key(data)
    if known:
        return known
    if label.startswith(b"OPENSSH") or data.startswith(_OPENSSH):
        return judge_openssh(data, whole=whole)
    if encrypted:
        return Verdict("doubtful", "the key is encrypted with a pass phrase")
    if data[0] != 0x30:
        return Verdict("doubtful", "the block is base64, but no key structure")
    return judge_der(data, whole=whole)


def unwrap(inside: bytes) -> bytes:
    """The lines of a block as they were before they were put into JSON, a URL, XML or a program."""
    text = _LINE_END.sub(b"\n", inside)
    text = text.replace(b"\\/", b"/").replace(b"\\u002b", b"+").replace(b"\\u002f", b"/").replace(b"\\u003d", b"=")
    text = text.replace(b"\\t", b" ").replace(b"\\", b"")
    if b"%2" in text or b"%3" in text:
        for code, sign in ((b"2B", b"+"), (b"2b", b"+"), (b"2F", b"/"), (b"2f", b"/"), (b"3D", b"="), (b"3d", b"=")):
            text = text.replace(b"%" + code, sign)
    return bytes(_HEADER.sub(b"", text))


def tokens(text: bytes) -> list[bytes]:
    """The runs of base64 in a block, without the signs that only join strings or begin comments."""
    return [run for run in _TOKEN.findall(text) if run.strip(b"+/")]


def spellings(text: bytes) -> list[bytes]:
    """The base64 of a block: as it stands, and without the plus sign that a patch puts before each line."""
    plain = b"".join(tokens(text))
    lines = [line.strip() for line in text.split(b"\n") if line.strip()]
    if not all(line.startswith(b"+") for line in lines):
        return [plain]
    return [plain, b"".join(tokens(b"\n".join(line[1:] for line in lines)))]


def decode_body(body: bytes) -> bytes | None:
    """The bytes of a key's base64, also of one that is cut in the middle; None where it is no base64."""
    body = body.rstrip(b"=")
    body = body[: len(body) - 1] if len(body) % 4 == 1 else body
    try:
        return base64.b64decode(body + b"=" * (-len(body) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None


_OPENSSH = b"openssh-key-v1\0"


def judge_openssh(data: bytes, *, whole: bool) -> Verdict:
    """OpenSSH's own format: a magic, the name of the cipher, and in the clear part two equal check numbers
    (PROTOCOL.key in OpenSSH's sources)."""
    if not data.startswith(_OPENSSH):
        return Verdict("doubtful", "the block is base64, but no OpenSSH key")
    if data[15:23] != b"\0\0\0\x04none":
        return Verdict("doubtful", "the key is encrypted with a pass phrase")
    try:
        _, at = _strings(data, 15, 3)
        public, at = _string(data, at + 4)
        kind, _ = _string(public, 0)
        private, _ = _string(data, at)
    except (struct.error, ValueError):
        return Verdict("doubtful", "the key does not parse; it may be altered" if whole else "the key is cut off")
    if len(private) < 8 or private[:4] != private[4:8]:
        return Verdict("doubtful", "the key does not parse; it may be altered")
    return Verdict("proven", f"the key parses (OpenSSH, {kind[:40].decode('ascii', 'replace')})")


def _string(data: bytes, at: int) -> tuple[bytes, int]:
    """An SSH string at `at`, and where it ends. ValueError where the data end before."""
    (length,) = struct.unpack_from(">I", data, at)
    end = at + 4 + length
    if end > len(data):
        raise ValueError("cut off")
    return data[at + 4 : end], end


def _strings(data: bytes, at: int, count: int) -> tuple[list[bytes], int]:
    found = []
    for _ in range(count):
        value, at = _string(data, at)
        found.append(value)
    return found, at


def judge_der(data: bytes, *, whole: bool) -> Verdict:
    """A key in ASN.1: PKCS#1, PKCS#8, SEC 1 or DSA's; or the public half, or a certificate, under a wrong label."""
    known = known_key(data)
    if known:
        return known
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_der_private_key, load_der_public_key

    try:
        # Whether its factors are prime takes up to half a second to try, and says little more than that they fit.
        key = load_der_private_key(data, None, unsafe_skip_rsa_key_validation=True)
    except UnsupportedAlgorithm:
        return Verdict("supported", "is a key of a rare kind")
    except TypeError:
        return Verdict("doubtful", "the key is encrypted with a pass phrase")
    except ValueError:
        key = None
    if key is not None and not _fits(key):
        return Verdict("doubtful", "the key's numbers do not fit together; it may be altered")
    if key is not None:
        size = getattr(key, "key_size", None)
        name = type(key).__name__.replace("PrivateKey", "").replace("_", "")
        return Verdict("proven", f"the key parses ({name}{f', {size} bits' if size else ''})")
    try:
        load_der_public_key(data)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return Verdict("doubtful", "the key does not parse; it may be altered" if whole else "the key is cut off")
    return Verdict("harmless", "is a public key")


def _fits(key: object) -> bool:
    """Whether the numbers of an RSA key belong together; of other kinds the library makes sure by itself."""
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    if not isinstance(key, RSAPrivateKey):
        return True
    numbers = key.private_numbers()
    public, p, q = numbers.public_numbers, numbers.p, numbers.q
    return p > 1 < q and p * q == public.n and all(public.e * numbers.d % (prime - 1) == 1 for prime in (p, q))


def der_length(data: bytes) -> int:
    """The length of the ASN.1 value that `data` begins with, its head included."""
    if len(data) < 2:
        return len(data)
    count = data[1] & 0x7F
    return 2 + data[1] if data[1] < 0x80 else 2 + count + int.from_bytes(data[2 : 2 + count], "big")


_CRC24_START = 0xB704CE
_CRC24_POLYNOMIAL = 0x1864CFB


@lru_cache(maxsize=1)
def _crc24_table() -> tuple[int, ...]:
    table = []
    for byte in range(256):
        value = byte << 16
        for _ in range(8):
            value = value << 1 ^ (_CRC24_POLYNOMIAL if value & 0x800000 else 0)
        table.append(value & 0xFFFFFF)
    return tuple(table)


def crc24(data: bytes) -> int:
    """The checksum of ASCII armour (RFC 4880, section 6.1)."""
    table, value = _crc24_table(), _CRC24_START
    for byte in data:
        value = (value << 8 & 0xFFFFFF) ^ table[(value >> 16) ^ byte]
    return value


_ARMOUR_CHECK = rich(rb"(?:\A|[^A-Za-z0-9+/=])=([A-Za-z0-9+/]{4})(?![A-Za-z0-9+/=])")


def _judge_armour(text: bytes, *, whole: bool) -> Verdict:
    """PGP's armour: base64 of packets, the first of them a secret key, and maybe a checksum."""
    check = next(iter(_ARMOUR_CHECK.finditer(text, pos=max(0, len(text) - 200))), None)
    data = decode_body(b"".join(tokens(text[: check.start() + 1] if check else text)))
    if not data:
        return Verdict("refuted", "the block is not base64")
    if check and base64.b64decode(check.group(1)) == crc24(data).to_bytes(3, "big"):
        known = known_key(data)
        return known or Verdict("proven", "the armour's checksum is right")
    if not data[0] & 0x80:
        return Verdict("doubtful", "the block is base64, but no PGP key")
    if check and whole:
        return Verdict("doubtful", "the armour's checksum is wrong; it may be altered")
    if (data[0] & 0x3F if data[0] & 0x40 else data[0] >> 2 & 0x0F) in (5, 7):
        return Verdict("supported", "begins with a secret key")
    return Verdict("doubtful", "the block begins with no secret key")


@lru_cache(maxsize=1)
def _known() -> dict[str, str]:
    """Digest to origin. A line of the list is the first 32 hexadecimal digits of a SHA-256, a space, the origin."""
    lines = [line.partition(" ") for line in _KNOWN.read_text("utf-8").splitlines()]
    return {digest: origin for digest, _, origin in lines if len(digest) == 32}


def key_digest(data: bytes) -> str:
    """What the list of known keys holds of a key: half a SHA-256 of its decoded bytes."""
    return hashlib.sha256(data).hexdigest()[:32]


def known_key(data: bytes) -> Verdict | None:
    """The answer to a key that is published for tests, or None."""
    origin = _known().get(key_digest(data))
    return Verdict("harmless", f"is a published test key ({origin})") if origin else None
