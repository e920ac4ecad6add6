"""Which paths fit which globs: what they mean in configurations, on the command line and in catalogues."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def path_matches(path: str, globs: Iterable[str]) -> bool:
    """Whether a path, or a folder that it lies in, fits one of the globs. `**` crosses folders; a glob without a slash
    fits a name at any depth, as in .gitignore."""
    path = path.split("!", 1)[0]
    parts = path.split("/")
    prefixes = ["/".join(parts[:size]) for size in range(1, len(parts) + 1)]
    for glob in globs:
        pattern = glob.strip("/")
        names = parts if "/" not in pattern else []
        expression = glob_expression(pattern)
        if any(expression.fullmatch(name) for name in (*names, *prefixes)):
            return True
    return False


def glob_expression(glob: str) -> re.Pattern[str]:
    """A glob as an expression for whole paths."""
    if glob not in _TRANSLATED:
        out = ""
        at = 0
        while at < len(glob):
            if glob.startswith("**/", at):
                out, at = out + "(?:.*/)?", at + 3
            elif glob.startswith("**", at):
                out, at = out + ".*", at + 2
            elif glob[at] == "*":
                out, at = out + "[^/]*", at + 1
            elif glob[at] == "?":
                out, at = out + "[^/]", at + 1
            elif glob[at] == "[" and (close := glob.find("]", at + 2)) > 0:
                body = glob[at + 1 : close].replace("\\", "\\\\")
                out, at = out + "[" + ("^" + body[1:] if body[0] == "!" else body) + "]", close + 1
            else:
                out, at = out + re.escape(glob[at]), at + 1
        _TRANSLATED[glob] = re.compile(out, re.DOTALL)
    return _TRANSLATED[glob]


_TRANSLATED: dict[str, re.Pattern[str]] = {}
