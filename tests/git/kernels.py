"""Both kernels, for tests that hold them against each other."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from types import ModuleType

try:
    compiled: ModuleType | None = importlib.import_module("leakguard.git._kernel")
except ImportError:
    compiled = None

needs_both = pytest.mark.skipif(compiled is None, reason="the compiled kernel is not built")
