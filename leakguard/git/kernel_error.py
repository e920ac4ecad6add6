"""The one exception of the kernel, in a module of its own so that C and Python raise the same class."""

from __future__ import annotations


class KernelError(ValueError):
    """Says in one sentence what is malformed about a delta, a tree, a pack or its index."""
