"""The Markdown report, as long as a comment on a pull request may be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leakguard.report.markdown import COMMENT, within

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leakguard.model import Result


def render(results: Sequence[Result], *, show_secrets: bool, colour: bool) -> bytes:  # noqa: ARG001
    """All results within what a comment holds. `show_secrets` shows none."""
    return within(results, COMMENT, show_secrets=show_secrets).encode("utf-8", "backslashreplace")
