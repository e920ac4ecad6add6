"""Texts that cannot be random: what a key of letters and digits looks like by its classes of characters."""

from __future__ import annotations

import string

from leakguard.detect.checks.evidence import NEUTRAL, Evidence, Verdict

_HEX = frozenset(b"0123456789abcdef")
_CLASSES = {
    "l": ("letter", frozenset(string.ascii_letters.encode())),
    "a": ("lower-case letter", frozenset(string.ascii_lowercase.encode())),
    "A": ("upper-case letter", frozenset(string.ascii_uppercase.encode())),
    "0": ("digit", frozenset(string.digits.encode())),
}


def check_mixed(evidence: Evidence, argument: str) -> Verdict:
    """Twenty random characters of letters and digits hold both; a word, a name or a number does not. For rules whose
    value has no prefix: identifiers of the right length are common beside a provider's name. The argument may ask for
    more: `aA0` for lower case, upper case and digits."""
    held = set(evidence.secret)
    for kind in argument or "l0":
        name, members = _CLASSES[kind]
        if not members & held:
            return Verdict("refuted", f"holds no {name}, so it is a word or a number, not a random text")
    return NEUTRAL


def check_not_hex(evidence: Evidence, argument: str) -> Verdict:
    """Commit ids and digests stand beside many a provider's name. For keys of letters and digits, which are hexadecimal
    throughout about never. The argument may confine it to lengths: `40,64`."""
    lengths = {int(length) for length in argument.split(",") if length}
    if (not lengths or len(evidence.secret) in lengths) and set(evidence.secret.lower()) <= _HEX:
        return Verdict("refuted", "is hexadecimal throughout, like a digest")
    return NEUTRAL
