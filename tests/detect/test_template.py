"""Templates become the same text for the same seed, and never another alphabet or length."""

from __future__ import annotations

import base64
import re
import zlib

import pytest

from leakguard.detect.template import expand


@pytest.mark.parametrize(
    ("template", "expression"),
    [
        ("a_{alnum:30}", "a_[0-9A-Za-z]{30}"),
        ("{hex:32}{HEX:4}", "[0-9a-f]{32}[0-9A-F]{4}"),
        ("{lower:3}{upper:3}{digits:3}", "[a-z]{3}[A-Z]{3}[0-9]{3}"),
        ("{base32:16}", "[A-Z2-7]{16}"),
        ("{chars:A-C:9}", "[A-C]{9}"),
        ("{chars:a-z:_:9}", "[a-z:_]{9}"),
        ("{uuid}", "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"),
        ("{UUID}", "[0-9A-F-]{36}"),
        ("{x:5}", "x{5}"),
        ('{"json": {"a": 1}, "b": "{hex:2}"}', r'\{"json": \{"a": 1\}, "b": "[0-9a-f]{2}"\}'),
        ("{unknown:3} {}", r"\{unknown:3\} \{\}"),
        ("{jwt}", r"eyJ[\w-]+\.eyJ[\w-]+\.[\w-]{43}"),
        ("{nkey:U}", "SUA[A-Z2-7]{55}"),
    ],
)
def test_a_recipe_gives_its_form(template: str, expression: str) -> None:
    assert re.fullmatch(expression, expand(template, "seed"))


def test_a_seed_gives_the_same_text_again_and_another_seed_another() -> None:
    assert expand("{alnum:40}", "a") == expand("{alnum:40}", "a") != expand("{alnum:40}", "b")


def test_a_checksum_is_of_what_stands_between_the_marks() -> None:
    head, tail = expand("A={start}tok_{alnum:9}{end}-{crc32-hex:8}", "s")[2:].split("-")
    assert int(tail, 16) == zlib.crc32(head.encode())


def test_wrapped_templates_are_filled_before_they_are_wrapped() -> None:
    assert re.fullmatch(rb"bot:[a-z]{9}", base64.b64decode(expand("{b64pad:bot:{lower:9}}", "s")))


@pytest.mark.parametrize("kind", ["rsa", "ec", "dsa", "ed25519", "pkcs8", "openssh", "encrypted"])
def test_private_keys_are_real_ones(kind: str) -> None:
    text = expand(f"{{pem:{kind}}}", "s")
    assert text.startswith("-----BEGIN ")
    assert text.rstrip().endswith("PRIVATE KEY-----")


def test_a_recipe_that_is_none_is_an_error() -> None:
    with pytest.raises(ValueError, match="no template"):
        expand("{crc32-octal:3}", "s")
    with pytest.raises(ValueError, match="no template"):
        expand("{pem:clay}", "s")
