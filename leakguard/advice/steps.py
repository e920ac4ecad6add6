"""What to do about one finding, in order, given where it is and who may have seen it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leakguard.model import Advice

if TYPE_CHECKING:
    from leakguard.model import Finding, Guidance

_STORE = "Keep the new one out of the repository: in the environment, an ignored .env file or a secret manager."


def advise(finding: Finding, guidance: Guidance | None) -> Advice:
    """Advice for the case at hand: never committed, committed only here, pushed, or no longer of use."""
    rotate = guidance.rotate if guidance else ()
    link = guidance.link if guidance else ""
    if finding.expired:
        return Advice(
            "expired",
            (
                f"It expired on {finding.expired}: make sure that nothing renews it, then no more is needed.",
                "Take it out of the file, so that nobody copies the habit.",
            ),
            link,
        )
    life = finding.provenance
    if life is None:
        return Advice("file", (*_take_out(finding), *rotate), link)
    if life.unreachable:
        return Advice(
            "unreachable",
            (
                "No branch or tag leads to it, but it is still in this clone's object database (a dropped stash, an "
                "amended commit): if it was ever pushed or shared, treat it as compromised.",
                *rotate,
                "Then drop it: git reflog expire --expire-unreachable=now --all && git gc --prune=now",
            ),
            link,
        )
    if life.pushed is False:
        commits = ", ".join(event.commit.id[:10] for event in life.introduced[:3])
        return Advice(
            "unpushed",
            (
                f"It was not pushed: rewrite {commits or 'the commit'} before you do "
                "(git rebase -i to edit that commit, or git commit --amend for the last one).",
                _STORE,
                "If anyone else can read this clone, rotate it all the same.",
                *rotate,
            ),
            link,
        )
    known = "It was pushed" if life.pushed else "Treat it as public: this clone cannot tell whether it was pushed"
    return Advice(
        "pushed",
        (
            f"{known}; deleting it from the files or the history does not make it secret again. Rotate it first.",
            *rotate,
            _STORE,
            "Then purge it from the history with git filter-repo --replace-text, force-push, and have clones made anew.",
        ),
        link,
    )


def _take_out(finding: Finding) -> tuple[str, ...]:
    place = finding.places[0] if finding.places else None
    where = f"{place.path}:{place.line}" if place else "the file"
    return (f"Take it out of {where}. {_STORE}", "If the file was ever committed, sent or published, rotate it:")
