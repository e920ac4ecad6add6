"""Results made with --show-secrets, made fit for reports that many people read: no secret is left in them."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from leakguard.excerpt import printable
from leakguard.model import Excerpt, Result, Secret
from leakguard.report.saved import SavedSecret, characters, is_known

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_SHORT = 4
"""A value of fewer characters is not looked for in other texts: it would be found everywhere."""

R = TypeVar("R", bound=Result)


def seal(results: Sequence[R]) -> list[R]:
    """The results without their secrets: values forgotten, excerpts left out, every other text masked."""
    return [_Seal(result).sealed(result) for result in results]


def holds_secrets(results: Sequence[Result]) -> bool:
    """Whether any value in the results could be revealed."""
    return any(is_known(secret) for result in results for secret in _secrets(result))


class _Seal:
    def __init__(self, result: Result) -> None:
        known = {printable(item.reveal()): str(item) for item in _secrets(result) if is_known(item)}
        self.values = {value: mask for value, mask in known.items() if len(value) >= _SHORT}
        lengths: dict[str, set[int]] = {}
        for value in self.values:
            lengths.setdefault(value[:_SHORT], set()).add(len(value))
        self.lengths = {head: sorted(found, reverse=True) for head, found in lengths.items()}
        self.masked = lru_cache(maxsize=65_536)(self._masked)

    def sealed(self, item: Any) -> Any:
        if isinstance(item, Secret):
            return SavedSecret(item.redacted(), len(item), characters(item))
        if isinstance(item, str):
            return self.masked(item)
        if isinstance(item, tuple):
            return tuple(self.sealed(one) for one in item if not isinstance(one, Excerpt))
        if isinstance(item, dict):
            return {self.sealed(key): self.sealed(value) for key, value in item.items()}
        if isinstance(item, msgspec.Struct):
            fields = {name: getattr(item, name) for name in item.__struct_fields__}
            return msgspec.structs.replace(item, **{name: self.sealed(value) for name, value in fields.items()})
        return item

    def _masked(self, text: str) -> str:
        """The text without any of the values, the longest first. Each position is looked up once for every length that
        values with its first characters have, however many of them there are."""
        found = [at for at in range(len(text) - _SHORT + 1) if text[at : at + _SHORT] in self.lengths]
        out, done = [], 0
        for at in found:
            for length in self.lengths[text[at : at + _SHORT]] if at >= done else ():
                mask = self.values.get(text[at : at + length])
                if mask is not None:
                    out += [text[done:at], mask]
                    done = at + length
                    break
        return "".join((*out, text[done:]))


def _secrets(result: Result) -> Iterator[Secret]:
    for finding in (*result.findings, *getattr(result, "fixed", ())):
        yield finding.secret
        for _, secret in finding.parts:
            yield secret
    for item in result.suppressed:
        yield item.secret
