"""Shannon entropy of a value."""

from __future__ import annotations

import math
from collections import Counter


def shannon(value: bytes) -> float:
    """Bits a byte: 0 for a repeated character, 4 at most for hexadecimal digits, 6 for base64."""
    if not value:
        return 0.0
    size = len(value)
    return -sum(count / size * math.log2(count / size) for count in Counter(value).values())
