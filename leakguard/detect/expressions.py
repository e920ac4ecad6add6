"""Rules' expressions as what they compile to. Compiling one takes milliseconds; putting together what was kept of it
takes microseconds.

What is kept is what the `regex` package pickles a compiled expression as, written down without pickle: reading it runs
no code. It is good for the very version of the package that made it, and `ENGINE` says which one is here.
"""

from __future__ import annotations

import copyreg
from functools import cache
from typing import Any

import msgspec
import regex
from regex import _regex

_engine: Any = _regex
ENGINE = f"{regex.__version__}|{_engine.MAGIC}|{_engine.CODE_SIZE}"

_Parts = tuple[
    bytes,  # the expression
    int,  # flags
    bytes | list[int],  # code
    dict[str, int],  # groups by name
    dict[int, str],  # and by number
    dict[str, None],  # named lists, of which a rule has none
    list[None],
    int,  # where the required characters stand
    tuple[int, ...],  # the required characters
    int,  # and their flags
    int,  # how many groups
]
_decoder = msgspec.msgpack.Decoder(_Parts)


@cache
def compile_expression(text: str) -> regex.Pattern[bytes]:
    """A rule's expression, compiled anew but once in a process. regex.error where it is none."""
    return regex.compile(text.encode(), regex.VERSION0)


def compile_own(text: bytes, flags: int = 0) -> regex.Pattern[bytes]:
    """An expression of leakguard's own code."""
    return regex.compile(text, flags)


def keep_expression(expression: regex.Pattern[bytes]) -> bytes:
    """What `restore_expression` makes the same of; b'' where this package's expressions are not of the known form."""
    try:
        kept = msgspec.msgpack.encode(copyreg.dispatch_table[type(expression)](expression)[1])
        _decoder.decode(kept)
    except (KeyError, TypeError, msgspec.MsgspecError):
        return b""
    return kept


def restore_expression(kept: bytes) -> regex.Pattern[bytes]:
    """The compiled expression that was kept by the same `ENGINE`."""
    restored: regex.Pattern[bytes] = _engine.compile(*_decoder.decode(kept))
    return restored
