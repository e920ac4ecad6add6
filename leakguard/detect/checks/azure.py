"""Microsoft's identifiable keys: what Azure services and Entra ID put into a key so that scanners can tell it.

The algorithms are those of https://github.com/microsoft/security-utilities (identifiable secrets, common annotated
security keys, and the detectors of Azure DevOps and Entra ID). `make` is their inverse, for the examples of rules.
"""

from __future__ import annotations

import base64
import binascii
import time
import zlib
from typing import TYPE_CHECKING

import regex

from leakguard.detect.checks import clock
from leakguard.detect.checks.evidence import NEUTRAL, Evidence, Verdict
from leakguard.detect.template import BASE62, base_digits

if TYPE_CHECKING:
    import random

_MASK = 0xFFFFFFFF
_DEFAULT_SEED = 0x44656661756C7430
"""The seed that most services use: the text Default0."""

_ENTRA_SEED = 0x4161645077643030
_BASE66 = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ1234567890.-_~"
_DEVOPS_KINDS = (0xE0B9692D, 0x1019F92E)
"""What the stored CRC32 of an Azure DevOps token is combined with: a user's token, an application's."""

_EMULATOR_KEYS = (b"Eby8vdM02xNOcqFl", b"C2y6yDjf5/R+ob0N")
"""How the keys of Azurite and of the Cosmos DB emulator begin."""
_EXPIRY = regex.compile(rb"\bse=(20\d\d-[01]\d-[0-3]\d)")


def marvin32(data: bytes, seed: int) -> int:
    """The Marvin checksum of .NET, its two halves combined to 32 bits."""
    low, high = seed & _MASK, seed >> 32
    whole = len(data) & ~3
    words = [int.from_bytes(data[at : at + 4], "little") for at in range(0, whole, 4)]
    for word in (*words, int.from_bytes(data[whole:] + b"\x80", "little"), 0):
        low, high = _mix((low + word) & _MASK, high)
    return low ^ high


def _mix(low: int, high: int) -> tuple[int, int]:
    high ^= low
    low = (_rotate(low, 20) + high) & _MASK
    high = _rotate(high, 9) ^ low
    low = (_rotate(low, 27) + high) & _MASK
    return low, _rotate(high, 19)


def _rotate(word: int, bits: int) -> int:
    return (word << bits | word >> (32 - bits)) & _MASK


def check_identifiable(evidence: Evidence, argument: str) -> Verdict:
    """The last four decoded bytes are the Marvin checksum of those before. Argument: the seeds in hex, separated by
    commas; with `|doubtful` after them a mismatch does not decide (services that alter the key afterwards)."""
    seeds, _, otherwise = argument.partition("|")
    data = _decode(evidence.secret)
    if data is not None and len(data) > 4:
        stored = int.from_bytes(data[-4:], "little")
        if any(marvin32(data[:-4], int(seed, 16)) == stored for seed in seeds.split(",")):
            return Verdict("proven", "its Marvin32 checksum is right")
    return Verdict("doubtful" if otherwise else "refuted", "its Marvin32 checksum is wrong")


def check_storage_key(evidence: Evidence, _argument: str) -> Verdict:
    """The keys of the storage and Cosmos DB emulators are the same on every machine and published."""
    if evidence.secret.startswith(_EMULATOR_KEYS):
        return Verdict("harmless", "is the published key of an emulator")
    return NEUTRAL


def check_signature(evidence: Evidence, _argument: str) -> Verdict:
    """The group `query` is a shared access signature's query: `se` is the time until which it is good."""
    found = _EXPIRY.search(evidence.groups.get("query", b""))
    if found is None:
        return NEUTRAL
    day = found.group(1).decode()
    if day < time.strftime("%Y-%m-%d", time.gmtime(clock.now())):
        return Verdict("expired", day)
    return Verdict("supported", f"good until {day}")


def check_annotated(evidence: Evidence, _argument: str) -> Verdict:
    """Common annotated security keys: a checksum of the first 80 characters follows them. Nobody documents how it is
    written, and early keys wrote it in another way, so a mismatch only casts doubt."""
    data = _decode(evidence.secret[:80])
    tail = evidence.secret[80:].rstrip(b"=").decode("ascii", "replace")
    if data is None or not tail:
        return NEUTRAL
    wanted = (_annotated_tail(data), base64.b64encode(marvin32(data, _DEFAULT_SEED).to_bytes(4, "little")).decode())
    if any(len(tail) >= 4 and form.startswith(tail[:4]) for form in wanted):
        return Verdict("proven", "its Marvin32 checksum is right")
    return Verdict("doubtful", "its Marvin32 checksum is not of the known form")


def _annotated_tail(data: bytes) -> str:
    stored = marvin32(data, _DEFAULT_SEED).to_bytes(4, "little")
    zeros = len(stored) - len(stored.lstrip(b"\0"))
    digits = base_digits(int.from_bytes(stored, "big"), BASE62, 1) if zeros < 4 else ""
    return ("0" * zeros + digits).ljust(6, "0")


def check_client_secret(evidence: Evidence, _argument: str) -> Verdict:
    """Entra ID client secrets with the mark 8Q~ end in three characters of a checksum; those with 7Q~ have none."""
    secret = evidence.secret
    if secret[3:6] != b"8Q~" or len(secret) != 40:
        return NEUTRAL
    if _client_secret_tail(secret[:37]) == secret[37:].decode("ascii", "replace"):
        return Verdict("proven", "its checksum is right")
    return Verdict("refuted", "its checksum is wrong")


def _client_secret_tail(body: bytes) -> str:
    return base_digits(marvin32(body, _ENTRA_SEED), _BASE66, 6)[:3]


def check_devops_token(evidence: Evidence, _argument: str) -> Verdict:
    """Azure DevOps tokens of 52 base32 characters hide a CRC32 of themselves among their 32 bytes.

    No genuine token was at hand to try it on, so a mismatch only casts doubt.
    """
    try:
        data = base64.b32decode(evidence.secret.upper() + b"====")
    except (binascii.Error, ValueError):
        return Verdict("refuted", "is not base32")
    if len(data) < 32:
        return Verdict("refuted", "is too short")
    body, stored = _devops_parts(data)
    for kind in _DEVOPS_KINDS:
        if zlib.crc32(body) ^ kind == stored:
            return Verdict("proven", "its CRC32 checksum is right")
    return Verdict("doubtful", "its CRC32 checksum is not of the known form")


def _devops_parts(data: bytes) -> tuple[bytes, int]:
    """What is summed, and the sum that is stored in between."""
    body = data[0:2] + data[3:7] + data[9:22] + data[23:32]
    return body, int.from_bytes(bytes((data[22], data[8], data[7], data[2])), "little")


def _decode(text: bytes) -> bytes | None:
    text = text.replace(b"-", b"+").replace(b"_", b"/").rstrip(b"=")
    try:
        return base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None


def make(recipe: str, source: random.Random) -> str:
    """A made-up key whose checksum is right, for the template `{azure:RECIPE}`.

    Recipes: `key,BYTES,MARK,SEED`, `url-key,BYTES,MARK,SEED` (the URL-safe alphabet), `annotated,MARKS` (what stands
    from character 72 to 80), `client-secret` and `devops-token`.
    """
    kind, *arguments = recipe.split(",")
    if kind in ("key", "url-key"):
        return _make_key(kind == "url-key", int(arguments[0]), arguments[1], int(arguments[2], 16), source)
    if kind == "annotated":
        body = _draw(BASE62, 52, source) + "JQQJ99BA" + _draw(BASE62, 12, source) + arguments[0]
        return body + _annotated_tail(base64.b64decode(body))[:4]
    if kind == "client-secret":
        body = _draw(BASE62, 3, source) + "8Q~" + _draw(_BASE66, 31, source)
        return body + _client_secret_tail(body.encode())
    if kind == "devops-token":
        data = bytearray(source.randbytes(32))
        stored = (zlib.crc32(_devops_parts(bytes(data))[0]) ^ _DEVOPS_KINDS[0]).to_bytes(4, "little")
        data[22], data[8], data[7], data[2] = stored
        return base64.b32encode(data).decode().rstrip("=").lower()
    raise ValueError(f"no recipe {kind!r}")


def _make_key(url_safe: bool, size: int, mark: str, seed: int, source: random.Random) -> str:
    """The mark stands right before the six characters that hold the checksum's four bytes."""
    length = len(base64.b64encode(bytes(size)).rstrip(b"="))
    text = _draw(BASE62, length - 6 - len(mark), source) + mark + "AAAAAA"
    data = base64.b64decode(text + "=" * (-length % 4))[:-4]
    data += marvin32(data, seed).to_bytes(4, "little")
    encode = base64.urlsafe_b64encode if url_safe else base64.b64encode
    return encode(data).decode()


def _draw(alphabet: str, length: int, source: random.Random) -> str:
    return "".join(source.choice(alphabet) for _ in range(length))
