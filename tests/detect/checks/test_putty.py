import base64
import hashlib
import hmac
import struct

import pytest

from leakguard.detect.checks.evidence import Evidence
from leakguard.detect.checks.putty import check_putty, check_ssh2


def verdict(text: str, check=check_putty):
    secret = text.encode()
    return check(Evidence(secret, secret, 0, len(secret)), "")


def ppk(version: int, encryption: str = "none", mac: str = "") -> str:
    public, private = bytes(range(51)), bytes(range(36, 72))
    parts = (b"ssh-ed25519", encryption.encode(), b"me@work", public, private)
    signed = b"".join(struct.pack(">I", len(part)) + part for part in parts)
    key = hashlib.sha1(b"putty-private-key-file-mac-key").digest() if version == 2 else b""
    mac = mac or hmac.new(key, signed, "sha1" if version == 2 else "sha256").hexdigest()
    return "\n".join(
        [
            f"PuTTY-User-Key-File-{version}: ssh-ed25519",
            f"Encryption: {encryption}",
            "Comment: me@work",
            "Public-Lines: 2",
            base64.b64encode(public).decode()[:64],
            base64.b64encode(public).decode()[64:],
            "Private-Lines: 1",
            base64.b64encode(private).decode(),
            f"Private-MAC: {mac}",
        ]
    )


@pytest.mark.parametrize("version", [2, 3])
def test_the_mac_proves_a_key_without_pass_phrase(version):
    assert verdict(ppk(version)).outcome == "proven"
    assert verdict(ppk(version).replace("\n", "\r\n")).outcome == "proven"
    assert verdict(ppk(version).replace("\n", "\\n")).outcome == "proven"
    assert verdict(ppk(version, mac="0" * 40)).outcome == "doubtful"


def test_a_pass_phrase_makes_it_doubtful():
    assert "pass phrase" in verdict(ppk(3, "aes256-cbc")).reason


def test_a_head_without_a_private_part_is_no_key():
    assert verdict("PuTTY-User-Key-File-3: ssh-rsa\nEncryption: none\n").outcome == "refuted"


def ssh2(cipher: bytes) -> str:
    data = b"\x3f\x6f\xf9\xeb\0\0\1\0" + struct.pack(">I", 6) + b"if-mod"
    data += struct.pack(">I", len(cipher)) + cipher + bytes(90)
    label = "SSH2 ENCRYPTED PRIVATE KEY"
    return f'---- BEGIN {label} ----\nComment: "me"\n{base64.b64encode(data).decode()}\n---- END {label} ----'


def test_the_cipher_of_an_ssh2_key_tells_whether_it_is_encrypted():
    assert verdict(ssh2(b"none"), check_ssh2).outcome == "proven"
    assert verdict(ssh2(b"3des-cbc"), check_ssh2).outcome == "doubtful"
    assert verdict("---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\nAAAA", check_ssh2).outcome == "refuted"
