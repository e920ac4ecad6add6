"""Both kernels, and what tests that hold them against each other share."""

from __future__ import annotations

import hashlib
import importlib
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from hypothesis import HealthCheck, settings

from leakguard.git.kernel_error import KernelError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

try:
    compiled: ModuleType | None = importlib.import_module("leakguard.git._kernel")
except ImportError:
    compiled = None

needs_both = pytest.mark.skipif(compiled is None, reason="the compiled kernel is not built")
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
LIMIT = 1 << 24
MARGIN = 8


def int64s(raw: bytes) -> list[int]:
    return memoryview(raw).cast("q").tolist()


def int32s(raw: bytes) -> list[int]:
    return memoryview(raw).cast("i").tolist()


def rows(raw: bytes, width: int = 5) -> list[tuple[int, ...]]:
    numbers = int64s(raw)
    return [tuple(numbers[at : at + width]) for at in range(0, len(numbers), width)]


def outcome(function: Callable[..., Any], *arguments: Any) -> tuple[str, Any]:
    try:
        return "result", function(*arguments)
    except (KernelError, TypeError) as error:
        return type(error).__name__, str(error)


def oid_of(number: int, hash_len: int = 20) -> bytes:
    return hashlib.sha256(b"%d" % number).digest()[:hash_len]


class Edited(NamedTuple):
    """What one delta makes, as a chain tells it."""

    child: bytes
    gathered: bytes
    clean: list[tuple[int, ...]]
    windows: list[tuple[int, ...]]


def edited(kernel: ModuleType, base: bytes, delta: bytes, margin: int = 512, limit: int = LIMIT) -> Edited:
    chain = kernel.Chain(limit, margin)
    chain.root(base)
    chain.edit(1, delta, False)
    gathered = chain.dirty()
    clean, windows = chain.rows()
    return Edited(chain.content(1), gathered, rows(clean), rows(windows))
