from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from leakguard.git import kernel_py
from tests.git.kernels import compiled, needs_both

if TYPE_CHECKING:
    from types import ModuleType


@pytest.fixture(params=["python", pytest.param("c", marks=needs_both)])
def kernel(request: pytest.FixtureRequest) -> ModuleType:
    """Each kernel in turn."""
    return kernel_py if request.param == "python" else compiled  # type: ignore[return-value]
