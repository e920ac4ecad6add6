"""Digests and commit ids beside a provider's name: lock files, image references, lists of installed files."""

from __future__ import annotations

from leakguard.detect.checks.evidence import NEUTRAL, Evidence, Verdict
from leakguard.detect.kept import rich

_LABEL = rich(
    rb"(?i)((?<![a-z])(?:md5(?:sum)?|sha[_-]?(?:1|224|256|384|512)?(?:sum)?|blake2[bs]?|integrity|digest|checksum|etag|"
    rb"h1|commit(?:[ _-]?(?:id|hash))?|rev(?:ision)?|(?:git[_-]?)?(?:head|ref)|tree[_-]?id|oid|before|after)|"
    rb"(?-i:(?<=[a-z])(?:Sha|Ref|Oid|Commit|Digest|Checksum)))"
    rb"[\"'`]?[ \t]{0,4}(?:=>|[-:=@(]|[ \t]){1,2}[ \t]{0,4}[\"'`]?\Z"
    rb"|/(commit|tree|blob|raw|tarball|archive)s?/\Z|(?<=[\w-]/[\w.-]{1,60})(@)\Z"
)
"""A label and what joins it to its value; a commit's address; `uses: owner/action@`."""


def check_not_digest(evidence: Evidence, _argument: str) -> Verdict:
    """Refutes a value that is labelled as a digest right before it (`…@sha256:`, `,sha256=`, `commit: `). For rules
    made from a context whose value has a digest's length."""
    label = _LABEL.search(evidence.window, max(0, evidence.start - 40), evidence.start)
    if not label:
        return NEUTRAL
    name = next(filter(None, label.groups())).decode("ascii")
    return Verdict("refuted", "is a revision of what stands before it" if name == "@" else f"is labelled {name}")
