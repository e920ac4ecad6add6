"""Values that are decoded when they are asked for: of a thousand rules a run needs a few dozen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Generic, TypeVar, overload

import msgspec

T = TypeVar("T")


class LazySequence(Sequence[T], Generic[T]):
    """The items of an array in msgpack."""

    def __init__(self, stored: bytes | memoryview, kind: type[T]) -> None:
        self._stored, self._kind = stored, kind
        self._parts = msgspec.msgpack.decode(stored, type=list[msgspec.Raw])
        self._decoder = msgspec.msgpack.Decoder(kind)
        self._known: dict[int, T] = {}

    def __reduce__(self) -> tuple[type[LazySequence[T]], tuple[bytes, type[T]]]:
        return LazySequence, (bytes(self._stored), self._kind)

    def __len__(self) -> int:
        return len(self._parts)

    @overload
    def __getitem__(self, number: int) -> T: ...
    @overload
    def __getitem__(self, number: slice) -> Sequence[T]: ...
    def __getitem__(self, number: int | slice) -> T | Sequence[T]:
        if isinstance(number, slice):
            return [self[at] for at in range(*number.indices(len(self)))]
        found = self._known.get(number)
        if found is None:
            found = self._known[number] = self._decoder.decode(self._parts[number])
        return found


class LazyMapping(Mapping[str, T], Generic[T]):
    """The same items by their names."""

    def __init__(self, numbers: Mapping[str, int], items: Sequence[T]) -> None:
        self._numbers, self._items = numbers, items

    def __getitem__(self, name: str) -> T:
        return self._items[self._numbers[name]]

    def __contains__(self, name: object) -> bool:
        return name in self._numbers

    def __iter__(self) -> Iterator[str]:
        return iter(self._numbers)

    def __len__(self) -> int:
        return len(self._numbers)
