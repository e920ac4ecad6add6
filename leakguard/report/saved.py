"""A secret as a saved result tells it: redacted text and length, its bytes only where they were asked for."""

from __future__ import annotations

from leakguard.errors import UsageError
from leakguard.model import Secret


class SavedSecret(Secret):
    """A secret of which the bytes may be unknown. Everything but `reveal` works as for any other."""

    __slots__ = ("_characters", "_length", "_shown")

    def __init__(self, shown: str, length: int, characters: int, value: bytes | None = None) -> None:
        super().__init__(value or b"")
        self._shown, self._length, self._characters = shown, length, characters

    @property
    def known(self) -> bool:
        """Whether the bytes themselves were saved."""
        return bool(self._value)

    @property
    def characters(self) -> int:
        """Its length in characters."""
        return self._characters

    def reveal(self) -> bytes:
        """The bytes, where they were saved."""
        if not self.known:
            raise UsageError("the saved result holds no secrets; make it anew with --format json --show-secrets.")
        return self._value

    def redacted(self) -> str:
        """The redacted text that was saved."""
        return self._shown

    __str__ = redacted

    def __len__(self) -> int:
        return self._length

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SavedSecret) and self._state() == other._state()

    def __hash__(self) -> int:
        return hash(self._state())

    def __reduce__(self) -> tuple[type[SavedSecret], tuple[str, int, int, bytes | None]]:  # type: ignore[override]
        return (SavedSecret, self._state())

    def _state(self) -> tuple[str, int, int, bytes | None]:
        return self._shown, self._length, self._characters, self._value or None


def characters(secret: Secret) -> int:
    """How many characters a secret has; a byte that is not UTF-8 counts as one."""
    if isinstance(secret, SavedSecret):
        return secret.characters
    return len(secret.reveal().decode("utf-8", "replace"))


def is_known(secret: Secret) -> bool:
    """Whether `reveal` has an answer."""
    return secret.known if isinstance(secret, SavedSecret) else len(secret) > 0
