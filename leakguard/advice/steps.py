"""What to do about one finding, in order, given where it is and who may have seen it."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from leakguard.advice.homes import read_line
from leakguard.model import Advice

if TYPE_CHECKING:
    from leakguard.model import Finding, Guidance, Provenance

_MANY = 5
"""How many commits, refs or paths a step names before it counts the rest."""

_ENCRYPTED = frozenset({
    "private-key-encrypted", "keystore-jks", "keystore-pkcs12", "wallet-ethereum-keystore",
    "artifactory-encrypted-password",
})  # fmt: skip
"""Rules whose finding is locked behind a passphrase."""

_LOCKED = "encrypted with a pass phrase"
"""What the checks of keys say of one that is locked, whatever its rule."""

_HASHED = ("hash-", "htpasswd-", "shadow-", "cisco-secret-hash", "rabbitmq-password-hash", "chpasswd-hash")
"""What the ids of rules begin with whose finding is a hash of a password."""

_PUBLIC = frozenset({
    "discord-public-key", "lob-publishable-key", "mailgun-public-key", "mapbox-public-token", "new-relic-browser-key",
    "stripe-publishable-key", "supabase-publishable-key",
})  # fmt: skip
"""Rules whose finding is made to be seen by everyone."""

_PRUNE = "git reflog expire --expire-unreachable=now --all && git gc --prune=now"


def advise(finding: Finding, guidance: Guidance | None) -> Advice:
    """Advice for the case at hand: expired, public by design, encrypted, hashed, a plain file, unreachable, not pushed,
    pushed."""
    rotate = guidance.rotate if guidance else ()
    link = guidance.link if guidance else ""
    settled = _settled(finding, rotate)
    if settled:
        return Advice(settled[0], settled[1], link)
    life = finding.provenance
    if life is None:
        return Advice("file", (*_take_out(finding), *rotate), link)
    if life.unreachable:
        return Advice("unreachable", _unreachable(rotate), link)
    if life.pushed is False:
        return Advice("unpushed", _unpushed(finding, life, rotate), link)
    return Advice("pushed", _pushed(finding, life, rotate), link)


def _settled(finding: Finding, rotate: tuple[str, ...]) -> tuple[str, tuple[str, ...]] | None:
    """The cases in which it does not matter who has seen it."""
    if finding.expired:
        return "expired", (
            f"It expired on {finding.expired}: make sure that nothing renews it, then no more is needed.",
            "Take it out of the file, so that nobody copies the habit.",
        )
    if finding.rule in _PUBLIC:
        return "public", (
            "It is made to be seen by everyone: restrict what it may do (origins, scopes, quotas) and allow it with a "
            "reason.",
            *rotate,
        )
    if finding.rule in _ENCRYPTED or any(_LOCKED in reason for reason in finding.reasons):
        return "encrypted", (
            "It is locked behind a passphrase, which can be tried out in peace by whoever has the file: where that is "
            "short, shared or lies in the repository too, treat it as leaked.",
            *rotate,
        )
    if finding.rule.startswith(_HASHED):
        return "hashed", (
            "It is a hash: whoever has it can try out passwords in peace. Change the password, and every other one "
            "that is like it.",
            *rotate,
        )
    return None


def _unreachable(rotate: tuple[str, ...]) -> tuple[str, ...]:
    return (
        "No branch or tag leads to it, but it is still in this clone's object database (a dropped stash, an amended "
        "commit): if it was ever pushed or shared, treat it as compromised.",
        *rotate,
        f"Then drop it: {_PRUNE}",
    )


def _unpushed(finding: Finding, life: Provenance, rotate: tuple[str, ...]) -> tuple[str, ...]:
    """Rewriting exactly the commits that brought it, with the commands."""
    commits = [event.commit.id[:10] for event in life.introduced]
    named = _listed(commits) or "the commit"
    place = finding.places[0] if finding.places else None
    if life.in_head and len(commits) == 1 and place and place.source == "blob" and "\\" not in place.path:
        path, commit = shlex.quote(place.path), commits[0]
        how = (
            f"Take it out of {place.path}:{place.line}, then: `git add -- {path} && git commit --fixup={commit} && "
            f"git -c sequence.editor=: rebase --interactive --autosquash {commit}~1` (--root instead of {commit}~1 "
            "where that is the first commit)."
        )
    else:
        first = commits[0] if commits else "COMMIT"
        how = (
            f"`git rebase --interactive {first}~1` (--root instead of {first}~1 where that is the first commit), mark "
            f"{'each of them' if len(commits) > 1 else 'it'} edit, take the secret out, `git commit --all --amend "
            "--no-edit`, `git rebase --continue`; or let `leakguard purge-plan` do it."
        )
    return (
        f"It was not pushed: rewrite {named} before you do. {_store(finding)}",
        how,
        f"Then drop what the rewriting left over: `{_PRUNE}`, and sweep again.",
        "If anyone else can read this clone, or backups of it, rotate it all the same.",
        *rotate,
    )


def _pushed(finding: Finding, life: Provenance, rotate: tuple[str, ...]) -> tuple[str, ...]:
    """Revoking first; the history last, with what holds it."""
    known = "It was pushed" if life.pushed else "Treat it as public: this clone cannot tell whether it was pushed"
    paths = sorted({place.path for event in life.introduced for place in event.places if place.source == "blob"})
    holders = (
        [f"{_listed(list(life.refs))} hold it"] if life.refs else ["no ref's newest state holds it, but commits do"]
    )
    holders += [f"at {_listed(paths)}"] if paths else []
    return (
        f"{known}; deleting it from the files or the history does not make it secret again. Rotate it first.",
        *rotate,
        _store(finding),
        f"Only then purge the history ({', '.join(holders)}): `leakguard purge-plan --replacements FILE` writes what "
        "git-filter-repo needs and says the commands; have clones made anew.",
    )


def _take_out(finding: Finding) -> tuple[str, ...]:
    place = finding.places[0] if finding.places else None
    where = f"{place.path}:{place.line}" if place else "the file"
    return (
        f"Take it out of {where}. {_store(finding)}",
        "If the file was ever committed, sent or published, rotate it:",
    )


def _store(finding: Finding) -> str:
    """Where the value belongs instead, in the language of the file."""
    place = finding.places[0] if finding.places else None
    line = read_line(place.path if place else "", finding.name)
    return (
        f"Keep the new one in the environment, an ignored .env file or a secret manager, and read it: {line} "
        f"(`leakguard guide {finding.rule} --store NAME` for others)."
    )


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _MANY} more" if len(names) > _MANY else ""
    return ", ".join(names[:_MANY]) + more
