"""The parser and the compiler of Python's `re`: from the parser's trees anchors are measured."""

from __future__ import annotations

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    try:
        from re import _compiler as sre_compile  # type: ignore[attr-defined]
        from re import _parser as sre_parse  # type: ignore[attr-defined]
    except ImportError:  # Python 3.10
        import sre_compile
        import sre_parse

__all__ = ["sre_compile", "sre_parse"]
