"""What the next commit would add."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leakguard.changes.intake import Intake
from leakguard.changes.result import Frame, result_of
from leakguard.excerpt import escape
from leakguard.git.staged import read_staged
from leakguard.git.steps import Blobs

if TYPE_CHECKING:
    from pathlib import Path

    from leakguard.changes.result import Remark
    from leakguard.config import Settings
    from leakguard.detect.ruleset import RuleSet
    from leakguard.git.surroundings import Surroundings
    from leakguard.model import Finding, Result


def look_at_staged(
    folder: Path, surroundings: Surroundings, rules: RuleSet, settings: Settings, remark: Remark | None = None
) -> Result:
    """Every secret that is staged and that HEAD does not have at that place. RepositoryError where index or HEAD cannot
    be read."""
    staged = read_staged(folder, surroundings)
    intake = Intake(Blobs(staged.repository.git), rules, settings)
    intake.step(staged.changes, staged.step.renamed_from)
    return result_of(intake, Frame("staged", escape(str(folder)), staged.head, advise=_advised, remark=remark))


def _advised(finding: Finding) -> Finding:
    from leakguard.advice.uncommitted import advise_uncommitted  # a commit without a secret needs no advice

    return advise_uncommitted(finding)
