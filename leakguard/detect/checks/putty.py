"""PuTTY's private keys (.ppk, versions 2 and 3) and those of SSH Communications Security's programs (SSH2).

https://the.earth.li/~sgtatham/putty/latest/htmldoc/AppendixC.html
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import struct

import regex

from leakguard.detect.checks.evidence import Evidence, Verdict
from leakguard.detect.checks.pem import decode_body, known_key, tokens, unwrap

_LINE = regex.compile(rb"^[^A-Za-z\n]{0,40}([A-Z][A-Za-z0-9-]{2,30}): ?([^\r\n]*?)[\"',;+ ]*$", regex.MULTILINE)
_PASSPHRASE_KEY = hashlib.sha1(b"putty-private-key-file-mac-key", usedforsecurity=False).digest()
_SSH2 = b"\x3f\x6f\xf9\xeb"


def check_putty(evidence: Evidence, _argument: str) -> Verdict:
    """A .ppk file: whether it is encrypted, and where it is not, whether its Private-MAC is right."""
    text = regex.sub(rb"\\+r\\+n|\\+n|\r\n", b"\n", evidence.secret)
    fields: dict[bytes, bytes] = dict(_LINE.findall(text))
    private = _lines(text, b"Private-Lines")
    if not private:
        return Verdict("refuted", "holds no private part")
    if fields.get(b"Encryption", b"none") != b"none":
        return Verdict("doubtful", "the key is encrypted with a pass phrase")
    public = _lines(text, b"Public-Lines") or b""
    known = known_key(private)
    if known:
        return known
    found = regex.match(rb"[^A-Za-z]*PuTTY-User-Key-File-(\d): ?(\S+)", text)
    if not found:
        return Verdict("refuted", "is no PuTTY key")
    version, kind = found.group(1), found.group(2).rstrip(b"\"',;+\\")
    parts = (kind, b"none", fields.get(b"Comment", b""), public, private)
    signed = b"".join(struct.pack(">I", len(part)) + part for part in parts)
    digest, key = ("sha1", _PASSPHRASE_KEY) if version == b"2" else ("sha256", b"")
    if hmac.new(key, signed, digest).hexdigest().encode() == fields.get(b"Private-MAC", b"").lower():
        return Verdict("proven", f"its Private-MAC is right ({kind.decode('ascii', 'replace')})")
    return Verdict("doubtful", "its Private-MAC is wrong; it may be altered")


def _lines(text: bytes, name: bytes) -> bytes | None:
    """The base64 in the lines that follow `name: COUNT`, decoded."""
    found = regex.search(name + rb": ?(\d{1,3})[^\n]*\n((?:[^\n]*\n?){0,200})", text)
    if not found:
        return None
    lines = found.group(2).split(b"\n")[: int(found.group(1))]
    try:
        return base64.b64decode(b"".join(tokens(b"\n".join(lines))), validate=True)
    except (binascii.Error, ValueError):
        return None


def check_ssh2(evidence: Evidence, _argument: str) -> Verdict:
    """A block with four hyphens: a magic number, lengths, the key's kind and the name of its cipher."""
    inside = regex.sub(rb"----[^\n-]*----", b"", unwrap(evidence.secret))
    data = decode_body(b"".join(tokens(regex.sub(rb"(?m)^[A-Za-z-]+: [^\n]*$", b"", inside))))
    if not data or not data.startswith(_SSH2):
        return Verdict("refuted", "holds no SSH2 key")
    known = known_key(data)
    if known:
        return known
    if b"\0\0\0\x04none" in data[:200]:
        return Verdict("proven", "the key's head parses (SSH2, not encrypted)")
    return Verdict("doubtful", "the key is encrypted with a pass phrase")
