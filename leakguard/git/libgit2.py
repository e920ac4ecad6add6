"""pygit2, imported without the certificates of the machine, and set up for other people's repositories.

libgit2 is given them as soon as pygit2 is imported, and parsing them takes a tenth of a hook's time. Nothing in
leakguard connects to anything through libgit2; should that ever change, it trusts nobody.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_PLACES = {"SSL_CERT_FILE": os.devnull, "SSL_CERT_DIR": str(Path(__file__).parent)}
"""Where Python looks for certificates: in no file, and in a folder that has none."""


@contextmanager
def _no_certificates() -> Iterator[None]:
    before = {name: os.environ.get(name) for name in _PLACES}
    os.environ.update(_PLACES)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


if "pygit2" not in sys.modules:
    with _no_certificates():
        import pygit2
else:
    import pygit2

# A scanner reads other people's repositories (CI checkouts, mounted backups); it runs nothing of them.
pygit2.option(pygit2.enums.Option.SET_OWNER_VALIDATION, False)
# What early partial clones are marked with; it changes nothing of how objects and refs are kept.
pygit2.option(pygit2.enums.Option.SET_EXTENSIONS, ["partialclone"], 1)
# libgit2 maps packs as well, and would map all of one: its windows are kept few and small.
pygit2.settings.mwindow_size = 1 << 20
pygit2.settings.mwindow_mapped_limit = 8 << 20

__all__ = ["pygit2"]
