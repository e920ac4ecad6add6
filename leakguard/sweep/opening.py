"""A repository that is opened while the rest of a sweep is still being imported and the rules are loaded.

Reading the table of a large pack takes as long as that does, and needs no GIL.
"""

from __future__ import annotations

from threading import Thread
from typing import TYPE_CHECKING

from leakguard.errors import LeakguardError
from leakguard.git.objects import open_objects
from leakguard.git.repository import open_repository

if TYPE_CHECKING:
    from pathlib import Path

    from leakguard.git.objects import Objects
    from leakguard.git.repository import Repository


class Opening:
    """Begins to open the repository at `path`, and its packs where the engine reads them. What goes wrong is told to
    whoever asks for it, so that it makes no difference when this was begun."""

    def __init__(self, path: Path, engine: str) -> None:
        self._repository: Repository | None = None
        self._opened: tuple[Objects, list[tuple[str, str]]] | None = None
        self._problem: BaseException | None = None
        self._thread: Thread | None = None
        try:
            self._repository = open_repository(path)
        except LeakguardError as problem:
            self._problem = problem
            return
        if engine == "pack":
            # A daemon: whoever leaves before does not wait for it.
            self._thread = Thread(target=self._open, args=(self._repository,), daemon=True)
            self._thread.start()

    def _open(self, repository: Repository) -> None:
        try:
            self._opened = open_objects(repository)
        except BaseException as problem:  # noqa: BLE001 - raised anew where the objects are asked for
            self._problem = problem

    @property
    def busy(self) -> bool:
        """Whether the packs are still being read."""
        return self._thread is not None and self._thread.is_alive()

    def repository(self) -> Repository:
        """The repository. RepositoryError where there is none."""
        if self._repository is None:
            assert self._problem is not None
            raise self._problem
        return self._repository

    def objects(self) -> tuple[Objects, list[tuple[str, str]]]:
        """What `open_objects` gives, as soon as it is there. Not before `repository` was asked for."""
        if self._thread is not None:
            self._thread.join()
        if self._problem is not None:
            raise self._problem
        return self._opened or open_objects(self.repository())
