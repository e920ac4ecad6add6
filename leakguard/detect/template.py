"""Fill-in templates for the examples of rules: `ghp_{alnum:30}` becomes a token when a test runs, and only then.

No live-looking token lies in the repository that way. The text is made from a seed, so a failure can be repeated.
The list of templates is in patterns/README.md.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import random
import re
import string
import uuid
import zlib
from collections.abc import Callable

BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
BASE36 = string.digits + string.ascii_lowercase

ALPHABETS = {
    "alnum": string.ascii_letters + string.digits,
    "alpha": string.ascii_letters,
    "lower": string.ascii_lowercase,
    "upper": string.ascii_uppercase,
    "digits": string.digits,
    "lowernum": string.ascii_lowercase + string.digits,
    "uppernum": string.ascii_uppercase + string.digits,
    "hex": "0123456789abcdef",
    "HEX": "0123456789ABCDEF",
    "base32": "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567",
    "base58": "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz",
    "base64": string.ascii_letters + string.digits + "+/",
    "base64url": string.ascii_letters + string.digits + "-_",
    "x": "x",
}

_KINDS = {
    *ALPHABETS,
    "chars", "uuid", "UUID", "azure", "start", "end", "strkey", "nkey", "triton-key", "b64", "b64url", "b64pad",
    "jwt", "pem", "pem1", "der", "bytes64", "base58check", "bech32", "mnemonic", "solana",
}  # fmt: skip
_OPEN = re.compile(r"\{([A-Za-z][A-Za-z0-9-]*)(?=[:}])")


def base_digits(number: int, alphabet: str, width: int) -> str:
    """`number` in the base of `alphabet`, most significant digit first, padded to `width`."""
    digits = ""
    while number or not digits:
        number, rest = divmod(number, len(alphabet))
        digits = alphabet[rest] + digits
    return digits.rjust(width, alphabet[0])


def _crc32(kind: str, text: str, width: int) -> str:
    value = zlib.crc32(text.encode())
    forms: dict[str, Callable[[], str]] = {
        "crc32-base62": lambda: base_digits(value, BASE62, width or 6),
        "crc32-base62-le": lambda: base_digits(value, BASE62, 0)[::-1].rjust(6, "0"),
        "crc32-base36": lambda: base_digits(value, BASE36, width or 7),
        "crc32-hex": lambda: f"{value:08x}",
        "crc32-HEX": lambda: f"{value:08X}",
        "crc32-le-hex": lambda: value.to_bytes(4, "little").hex(),
    }
    if kind not in forms:
        raise ValueError(f"no template {kind!r}")
    return forms[kind]()


def expand(template: str, seed: str) -> str:
    """`template` with every recipe in it filled in; the same seed gives the same text. ValueError for a bad recipe."""
    return _Expander(random.Random(seed)).run(template)  # noqa: S311 (text for tests, no security)


class _Expander:
    def __init__(self, source: random.Random) -> None:
        self.random = source
        self.mark = 0
        self.stop: int | None = None

    def run(self, template: str) -> str:
        out = ""
        at = 0
        while found := _OPEN.search(template, at):
            out += template[at : found.start()]
            kind = found.group(1)
            close = _closing(template, found.start())
            if close < 0 or not (kind in _KINDS or kind.startswith("crc32-")):
                out += template[found.start() : found.end()]
                at = found.end()
                continue
            argument = template[found.end() + 1 : close]
            if kind == "start":
                self.mark, self.stop = len(out), None
            elif kind == "end":
                self.stop = len(out)
            elif kind.startswith("crc32-"):
                out += _crc32(kind, out[self.mark : self.stop], int(argument or 0))
            else:
                out += self.fill(kind, argument)
            at = close + 1
        return out + template[at:]

    def fill(self, kind: str, argument: str) -> str:
        if kind in ALPHABETS:
            return self.draw(ALPHABETS[kind], argument)
        if kind == "chars":
            characters, _, length = argument.rpartition(":")
            return self.draw(_characters(characters), length)
        if kind in ("uuid", "UUID"):
            text = str(uuid.UUID(int=self.random.getrandbits(128), version=4))
            return text if kind == "uuid" else text.upper()
        if kind in ("b64", "b64url", "b64pad"):
            inner = _Expander(self.random).run(argument).encode()
            text = (base64.urlsafe_b64encode if kind == "b64url" else base64.b64encode)(inner).decode()
            return text if kind == "b64pad" else text.rstrip("=")
        if kind in ("pem", "pem1", "der"):
            return self.key(kind, argument)
        return self.checked(kind, argument)

    def key(self, kind: str, argument: str) -> str:
        """A private key: in PEM, the same in one line, or the base64 alone."""
        text = _private_key(argument)
        if kind == "der":
            return "".join(text.strip().split("\n")[1:-1])
        return text.strip().replace("\n", "\\n") if kind == "pem1" else text

    def draw(self, alphabet: str, length: str) -> str:
        return "".join(self.random.choice(alphabet) for _ in range(int(length)))

    def checked(self, kind: str, argument: str) -> str:
        """Formats with a checksum or a structure of their own."""
        from leakguard.detect.checks import azure, mnemonic, nats

        forms: dict[str, Callable[[], str]] = {
            "azure": lambda: azure.make(argument, self.random),
            "base58check": lambda: self.encoded(kind, *argument.split(":")),
            "bech32": lambda: self.encoded(kind, *argument.split(":")),
            "bytes64": lambda: base64.b64encode(self.random.randbytes(int(argument))).decode(),
            "jwt": lambda: self.jwt(argument),
            "mnemonic": lambda: mnemonic.encode_mnemonic(self.random.randbytes(int(argument) * 4 // 3)),
            "nkey": lambda: nats.encode_seed(argument, self.random.randbytes(32)),
            "solana": self.solana,
            "strkey": lambda: self.strkey(int(argument)),
            "triton-key": self.triton,
        }
        return forms[kind]()

    def strkey(self, version: int) -> str:
        """32 random bytes as Stellar writes them: a version byte before them, a checksum after them."""
        data = bytes([version]) + self.random.randbytes(32)
        return base64.b32encode(data + binascii.crc_hqx(data, 0).to_bytes(2, "little")).decode()

    def triton(self) -> str:
        data = self.random.randbytes(32)
        tail = zlib.crc32(b"tdc_" + data).to_bytes(4, "little")
        return "tdc_" + base64.urlsafe_b64encode(data + tail).decode()

    def encoded(self, kind: str, head: str, length: str, tail: str = "") -> str:
        """Random bytes in an encoding with a checksum: Base58Check with `head` as version bytes, or Bech32."""
        data = self.random.randbytes(int(length))
        if kind == "bech32":
            from leakguard.detect.checks.bech32 import encode_bech32

            text = encode_bech32(head.lower().encode(), data).decode()
            return text if head.islower() else text.upper()
        from leakguard.detect.checks.base58 import encode_base58check

        versions, _, alphabet = head.partition("@")
        return encode_base58check(bytes.fromhex(versions) + data + bytes.fromhex(tail), alphabet).decode()

    def solana(self) -> str:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        seed = self.random.randbytes(32)
        return str([*seed, *Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()])

    def jwt(self, claims: str) -> str:
        import hmac

        def part(data: bytes) -> str:
            return base64.urlsafe_b64encode(data).decode().rstrip("=")

        payload = claims or json.dumps({"sub": self.draw(string.digits, "10"), "iat": 1700000000})
        head = part(b'{"alg":"HS256","typ":"JWT"}') + "." + part(_Expander(self.random).run(payload).encode())
        return head + "." + part(hmac.new(self.random.randbytes(32), head.encode(), hashlib.sha256).digest())


def _closing(template: str, start: int) -> int:
    """The offset of the brace that closes the one at `start`, or -1."""
    depth = 0
    for at in range(start, len(template)):
        depth += {"{": 1, "}": -1}.get(template[at], 0)
        if depth == 0:
            return at
    return -1


def _characters(body: str) -> str:
    """The ASCII characters that a character class with this inside matches."""
    expression = re.compile(f"[{body}]")
    return "".join(chr(code) for code in range(0x20, 0x7F) if expression.match(chr(code)))


def _private_key(kind: str) -> str:
    """A fresh private key in PEM; never the same twice, so no key is ever committed."""
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa

    key: dsa.DSAPrivateKey | rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
    if kind in ("ec",):
        key = ec.generate_private_key(ec.SECP256R1())
    elif kind == "dsa":
        key = dsa.generate_private_key(1024)  # noqa: S505 (an example, and quick to make)
    elif kind in ("ed25519", "openssh", "encrypted"):
        key = ed25519.Ed25519PrivateKey.generate()
    elif kind in ("rsa", "pkcs8"):
        key = rsa.generate_private_key(65537, 2048)
    else:
        raise ValueError(f"no template pem:{kind}")
    formats = {**dict.fromkeys(("rsa", "dsa", "ec"), "TraditionalOpenSSL"), "openssh": "OpenSSH"}
    encryption: form.KeySerializationEncryption = form.NoEncryption()
    if kind == "encrypted":
        encryption = form.BestAvailableEncryption(uuid.uuid4().bytes)
    chosen = getattr(form.PrivateFormat, formats.get(kind, "PKCS8"))
    return key.private_bytes(form.Encoding.PEM, chosen, encryption).decode()
