"""Shannon entropy of a value."""

from __future__ import annotations

import math


def shannon(value: bytes) -> float:
    """Bits a byte: 0 for a repeated character, 4 at most for hexadecimal digits, 6 for base64."""
    if not value:
        return 0.0
    size = len(value)
    shares = [value.count(byte) / size for byte in dict.fromkeys(value)]
    return -sum([share * math.log2(share) for share in shares])
