"""Expressions of leakguard's own code, as what they compile to.

To compile those that confirm candidates takes a thirtieth of a second in every process, to put together what was kept
of them a tenth of that. They are kept beside the compiled rules; one that was not, or by another version of its
package, is compiled. Reading what was kept runs no code.
"""

from __future__ import annotations

import re
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import msgspec

from leakguard.detect.syntax import sre_compile, sre_parse

if TYPE_CHECKING:
    import regex

_engine: Any = sre_compile._sre
ENGINE = f"{sys.version}|{_engine.MAGIC}|{_engine.CODESIZE}"

_Parts = tuple[
    bytes,  # the expression
    int,  # flags
    list[int],  # code
    int,  # how many groups
    dict[str, int],  # groups by name
    tuple[Any, ...],  # and by number
]
_decoder = msgspec.msgpack.Decoder(_Parts)


class _Kept(msgspec.Struct, array_like=True):
    """What expressions compile to, by text and flags, for these versions of `re` and of `regex`."""

    engine: str = ""
    plain: dict[str, bytes] = {}
    rich_engine: str = ""
    rich: dict[str, bytes] = {}


_kept = _Kept()
_asked: dict[str, dict[str, tuple[bytes, int]]] = {"plain": {}, "rich": {}}


def plain(text: bytes, flags: int = 0) -> re.Pattern[bytes]:
    """An expression for `re`."""
    key = _key("plain", text, flags)
    if key in _kept.plain and _kept.engine == ENGINE:
        with suppress(msgspec.MsgspecError, RuntimeError):
            restored: re.Pattern[bytes] = _engine.compile(*_decoder.decode(_kept.plain[key]))
            return restored
    return re.compile(text, flags)


def rich(text: bytes, flags: int = 0) -> regex.Pattern[bytes]:
    """An expression for `regex`."""
    from leakguard.detect.expressions import ENGINE as RICH_ENGINE
    from leakguard.detect.expressions import compile_own, restore_expression

    key = _key("rich", text, flags)
    if key in _kept.rich and _kept.rich_engine == RICH_ENGINE:
        return restore_expression(_kept.rich[key])
    return compile_own(text, flags)


def _key(kind: str, text: bytes, flags: int) -> str:
    key = f"{int(flags)} {text.decode('latin-1')}"
    _asked[kind][key] = (text, int(flags))
    return key


def use_kept(stored: bytes | memoryview) -> None:
    """From now on restore what `keep` gave."""
    global _kept  # noqa: PLW0603 - like a cache, it changes how soon an expression is there and nothing else
    _kept = msgspec.msgpack.decode(stored, type=_Kept)


def keep() -> bytes:
    """What all expressions compile to that this process asked for."""
    from leakguard.detect.expressions import ENGINE as RICH_ENGINE
    from leakguard.detect.expressions import compile_own, keep_expression

    plain = {key: _keep_plain(*asked) for key, asked in sorted(_asked["plain"].items())}
    rich = {key: keep_expression(compile_own(*asked)) for key, asked in sorted(_asked["rich"].items())}
    kept = ({key: parts for key, parts in found.items() if parts} for found in (plain, rich))
    return msgspec.msgpack.encode(_Kept(ENGINE, next(kept), RICH_ENGINE, next(kept)))


def _keep_plain(text: bytes, flags: int) -> bytes:
    """What `plain` makes the same of; b'' where this Python compiles in another way."""
    try:
        parsed = sre_parse.parse(text, flags)
        code = list(map(int, sre_compile._code(parsed, flags)))
        state = parsed.state
        names: list[str | None] = [None] * state.groups
        for name, group in state.groupdict.items():
            names[group] = name
        parts = (text, int(flags | state.flags), code, state.groups - 1, dict(state.groupdict), tuple(names))
    except (AttributeError, TypeError):
        return b""
    return msgspec.msgpack.encode(parts)
