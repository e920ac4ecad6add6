"""The one place where a check asks for the time, so that tests can set it."""

from __future__ import annotations

import time


def now() -> float:
    """Seconds since 1970. Call it as `clock.now()`: a test that replaces it then reaches every check."""
    return time.time()
