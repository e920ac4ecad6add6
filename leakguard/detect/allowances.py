"""Allowances written beside a secret: `leakguard:allow[rule-id] reason`, on its line or alone on the line before."""

from __future__ import annotations

import regex

MARK = b"leakguard:allow"
_COMMENT = regex.compile(rb"leakguard:allow(?:\[([A-Za-z0-9_*, -]*)\])?[ \t]*([^\r\n]{0,200})")
_CLOSERS = (b"*/", b"-->", b"--%>", b"%>", b"#}", b"*)", b"-}", b"]]")


def inline_allowance(data: bytes, start: int, end: int, rule: str) -> str | None:
    """The reason of the comment that allows a match of `rule` at this span, '' where it gives none, None without one."""
    if MARK not in data:
        return None
    line = data.rfind(b"\n", 0, start) + 1
    stop = data.find(b"\n", end)
    own = data[line : stop if stop >= 0 else len(data)]
    reason = _read(own, rule)
    if reason is not None or line == 0:
        return reason
    above = data[data.rfind(b"\n", 0, line - 1) + 1 : line - 1]
    code = above[: max(above.find(MARK), 0)].strip().strip(b"#/*-;<!%{('\"" + b" \t")
    return None if code else _read(above, rule)


def _read(line: bytes, rule: str) -> str | None:
    found = _COMMENT.search(line)
    if not found:
        return None
    if found.group(1) is not None:
        named = [part.strip() for part in found.group(1).decode("ascii", "replace").split(",")]
        if rule not in named and "*" not in named:
            return None
    reason: bytes = found.group(2).strip()
    for closer in _CLOSERS:
        reason = reason.removesuffix(closer).strip()
    return reason.decode("utf-8", "replace")
