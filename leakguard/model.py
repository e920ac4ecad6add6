"""The plain immutable values that flow through leakguard, from rule to finding.

    objects -> anchors -> candidates -> matches -> findings (+ provenance + advice) -> reports

Nothing here reads, prints or decides; nothing here imports another module of ours.
Offsets are half-open byte offsets into one text; lines and columns count from 1.
"""

from __future__ import annotations

from typing import Literal

import msgspec

ANCHOR_WIDTH = 512
"""W: no anchor may be wider than this many bytes. The exactness of the delta-aware sweep rests on it."""

Severity = Literal["critical", "high", "medium", "low"]
SEVERITIES: tuple[Severity, ...] = ("critical", "high", "medium", "low")

Confidence = Literal["proven", "high", "medium", "low"]
CONFIDENCES: tuple[Confidence, ...] = ("proven", "high", "medium", "low")


class Secret:
    """A matched secret. Its repr, str and format are redacted; `reveal` is the one way to the bytes.

    Redaction shows at most the first four characters of a secret of 16 or more bytes, and none of a shorter one.
    """

    __slots__ = ("_value",)

    def __init__(self, value: bytes) -> None:
        self._value = value

    def reveal(self) -> bytes:
        """The secret itself. Callers answer for where it goes."""
        return self._value

    def redacted(self) -> str:
        """At most four leading printable ASCII characters, then an ellipsis."""
        head = self._value[:4] if len(self._value) >= 16 else b""
        return "".join(chr(byte) if 0x20 < byte < 0x7F else "?" for byte in head) + "****"

    def __repr__(self) -> str:
        return f"Secret({self.redacted()})"

    __str__ = redacted

    def __format__(self, spec: str) -> str:
        return format(self.redacted(), spec)

    def __len__(self) -> int:
        return len(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._value == other._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> tuple[type[Secret], tuple[bytes]]:
        # Workers hand matches to the main process through a pipe; nothing else pickles a secret.
        return (Secret, (self._value,))


class Pair(msgspec.Struct, frozen=True):
    """Another rule whose match, at most `within` lines away, belongs to the same credential."""

    rule: str
    within: int = 10
    required: bool = False


class Context(msgspec.Struct, frozen=True):
    """Words near a value that say what it is, for values whose own shape does not."""

    words: tuple[str, ...]
    value: str
    edges: str


class Rule(msgspec.Struct, frozen=True):
    """One kind of secret, as the scanner needs it.

    `anchors` are Hyperscan expressions (line-local, at most ANCHOR_WIDTH bytes wide) that every match holds.
    `match` is an expression of the `regex` package; its group `secret` (or all of it) is the secret.
    `reach` is how many bytes on each side of the anchor's end the match may read; without `multiline`, that is
    clipped to the anchor's line, and with `lines` to so many lines as a match has at most, the anchor's being any of
    them. What an `encrypted` rule recognises is good news and never told; `opens` are the rules
    of that kind whose texts this one's secret opens.
    """

    id: str
    name: str
    provider: str
    severity: Severity
    anchors: tuple[str, ...]
    match: str
    confidence: Confidence = "high"
    generic: bool = False
    multiline: bool = False
    lines: int = 0
    reach: int = 1024
    checks: tuple[str, ...] = ()
    entropy: float = 0.0
    context: Context | None = None
    pairs: tuple[Pair, ...] = ()
    paths: tuple[str, ...] = ()
    disabled: bool = False
    theme: bool = False
    encrypted: bool = False
    opens: tuple[str, ...] = ()


class Verification(msgspec.Struct, frozen=True):
    """The request that tells whether a credential is live; sent only when asked for. `{secret}` is filled in."""

    method: str
    url: str
    headers: dict[str, str] = {}
    body: str = ""
    live: tuple[int, ...] = (200,)
    dead: tuple[int, ...] = (401, 403)


class Guidance(msgspec.Struct, frozen=True):
    """What a rule knows beyond detection: what an attacker can do, and how to rotate the credential."""

    rule: str
    provider_name: str
    impact: str
    rotate: tuple[str, ...]
    link: str = ""
    examples: tuple[str, ...] = ()
    counterexamples: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    verify: Verification | None = None


class Candidate(msgspec.Struct, frozen=True):
    """A place where an anchor of rule number `rule` fired: the anchor's last byte is at `end` - 1."""

    rule: int
    end: int


class Match(msgspec.Struct, frozen=True):
    """A confirmed candidate: the secret's exact span in its text, and why it is believed."""

    rule: str
    secret: Secret
    start: int
    end: int
    confidence: Confidence
    reasons: tuple[str, ...] = ()
    name: str = ""
    expired: str = ""
    parts: tuple[Part, ...] = ()
    score: float = 0.0
    """The judgement of a generic kind, in [0, 1], before its path is known; 0 where no judgement was taken."""


class Part(msgspec.Struct, frozen=True):
    """Another half of a multi-part credential (a key id beside its secret)."""

    rule: str
    secret: Secret
    start: int
    end: int


HeldReason = Literal[
    "refuted",
    "placeholder",
    "unlikely",
    "known-example",
    "allowed",
    "excluded",
    "overlapped",
    "rule-off",
    "timeout",
    "encrypted",
]


class Held(msgspec.Struct, frozen=True):
    """A match that is not shown, and why. `detail` is the check, allowance or setting that decided."""

    reason: HeldReason
    rule: str
    detail: str = ""
    justification: str = ""
    secret: Secret | None = None
    start: int = 0
    end: int = 0


class CommitInfo(msgspec.Struct, frozen=True):
    """The head of a commit. `time` is seconds since 1970 (committer's), `offset` the author's minutes from UTC."""

    id: str
    author: str
    email: str
    time: int
    offset: int
    subject: str


class Event(msgspec.Struct, frozen=True):
    """A commit that brought a secret in, or took it out, and the paths and lines where it did."""

    commit: CommitInfo
    places: tuple[Place, ...] = ()


class Place(msgspec.Struct, frozen=True):
    """One spot of a secret. `path` is what a person reads: bytes that are not UTF-8 are escaped as \\xNN.

    `source` says what the text is: a blob at a path, a commit message, a tag, a ref name, the configuration …
    """

    path: str
    line: int
    column: int
    end_line: int
    end_column: int
    source: str = "blob"
    object: str = ""
    excerpt: tuple[Excerpt, ...] = ()


class Excerpt(msgspec.Struct, frozen=True):
    """One line of a place's surroundings, every secret in it masked. `hit` lines hold (part of) the secret."""

    line: int
    text: str
    hit: bool


class Provenance(msgspec.Struct, frozen=True):
    """A finding's life in a repository, as set algebra over the commits that hold it.

    `pushed` is None where the repository has no remote-tracking ref to tell by. `exposed` is in seconds: from the first
    introduction to the last removal, or to `until` (the sweep's clock) while a ref still holds it. Of a range,
    `in_head` and `refs` speak of its end.
    """

    introduced: tuple[Event, ...] = ()
    removed: tuple[Event, ...] = ()
    in_head: bool = False
    refs: tuple[str, ...] = ()
    ref_count: int = 0
    pushed: bool | None = None
    commits: int = 0
    exposed: int | None = None
    unreachable: bool = False


class Advice(msgspec.Struct, frozen=True):
    """What to do about one finding, in order."""

    situation: str
    steps: tuple[str, ...]
    link: str = ""


class Finding(msgspec.Struct, frozen=True):
    """One secret (rule + value) in one target, with every place that is worth showing."""

    fingerprint: str
    rule: str
    rule_name: str
    provider: str
    severity: Severity
    confidence: Confidence
    secret: Secret
    places: tuple[Place, ...]
    occurrences: int
    reasons: tuple[str, ...] = ()
    name: str = ""
    expired: str = ""
    parts: tuple[tuple[str, Secret], ...] = ()
    provenance: Provenance | None = None
    advice: Advice | None = None


class Suppressed(msgspec.Struct, frozen=True):
    """A finding that is held back, kept for the reports that can show it as suppressed (SARIF, JSON)."""

    rule: str
    reason: HeldReason
    detail: str
    justification: str
    fingerprint: str
    secret: Secret
    place: Place | None = None


class Skipped(msgspec.Struct, frozen=True):
    """Something that was not scanned, and why. `incomplete` tells a fault from a wish of the user's."""

    what: str
    reason: str
    bytes: int = 0
    incomplete: bool = True


class Coverage(msgspec.Struct, frozen=True):
    """What was looked at and what was not; every report carries it. `stale` is how many of the notes tell of allowances
    that fail the run, because they ran out or fit nothing and the settings say that this must not be.
    `encrypted` counts texts by how they are encrypted: the good news."""

    objects: dict[str, int] = {}
    bytes: int = 0
    scanned_bytes: int = 0
    skipped: tuple[Skipped, ...] = ()
    held: dict[str, int] = {}
    notes: tuple[str, ...] = ()
    stale: int = 0
    encrypted: dict[str, int] = {}

    @property
    def complete(self) -> bool:
        """True when nothing was left out against the user's wish."""
        return not any(item.incomplete for item in self.skipped)


class Result(msgspec.Struct, frozen=True):
    """One run over one target: what reports are made from."""

    target: str
    kind: Literal["sweep", "scan", "staged", "range"]
    version: str
    rules: int
    findings: tuple[Finding, ...] = ()
    suppressed: tuple[Suppressed, ...] = ()
    coverage: Coverage = Coverage()
    guidance: dict[str, Guidance] = {}
    head: str = ""
    remote: str = ""
