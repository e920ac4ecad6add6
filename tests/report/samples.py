"""Results as fixed values, and what a hostile repository may write into them."""

from __future__ import annotations

import msgspec

from leakguard.detect.template import expand
from leakguard.model import (
    Advice,
    CommitInfo,
    Coverage,
    Event,
    Excerpt,
    Finding,
    Guidance,
    Place,
    Provenance,
    Result,
    Secret,
    Skipped,
    Suppressed,
)

OURS = ("text", "json", "jsonl", "sarif", "gitlab", "junit", "csv", "markdown", "comment", "github")
NEVER = ("sarif", "junit", "markdown", "comment", "github")
"""Formats that hold no secret even where secrets are asked for."""

HOSTILE = (
    "`|``</summary><script>alert(1)</script>",
    '=HYPERLINK("http://evil.example")',
    "@SUM(1)",
    "%0A::error::x",
    "a,b:c=d;e%2C",
    "[x](http://evil.example) ![y](http://evil.example/p.png) @team #1 www.evil.example",
    "\\|\\`<!-- -->]]>&amp;&#64;",
    "-->\\",
    "Zoë/日本語.txt",
)


def token(seed: str) -> bytes:
    """A made-up token with a right checksum."""
    return expand("ghp_{start}{alnum:30}{crc32-base62}", seed).encode()


def commit(number: int, subject: str = "Add settings", author: str = "Ada") -> CommitInfo:
    return CommitInfo(f"{number:040x}", author, "ada@example.com", 1_600_000_000 + number * 86_400, 0, subject)


def place(
    path: str = "app.py", line: int = 2, text: str = "TOKEN = '{}'", source: str = "blob", oid: str = ""
) -> Place:
    shown = text.format("ghp_****")
    column = text.index("{") + 1
    above = (Excerpt(line - 1, "import os", False),) if line > 1 else ()
    around = (*above, Excerpt(line, shown, True))
    return Place(path, line, column, line, column + 40, source, oid, around)


def finding(seed: str = "a", *places: Place, fingerprint: str = "", in_head: bool = True) -> Finding:
    spots = places or (place(),)
    life = Provenance(
        introduced=(Event(commit(1), spots[:1]),),
        removed=() if in_head else (Event(commit(5, "Remove it"), spots[:1]),),
        in_head=in_head,
        refs=("refs/heads/main",) if in_head else (),
        ref_count=int(in_head),
        pushed=True,
        commits=3,
        exposed=4 * 86_400,
    )
    advice = Advice(
        "pushed", ("It was pushed. Rotate it first.", "Delete it in the settings."), "https://example.com/t"
    )
    return Finding(
        fingerprint=fingerprint or "0" * 31 + seed[:1],
        rule="github-pat-classic",
        rule_name="GitHub personal access token",
        provider="GitHub",
        severity="critical",
        confidence="proven",
        secret=Secret(token(seed)),
        places=spots,
        occurrences=len(spots),
        reasons=("its checksum is right",),
        parts=(("github-user", Secret(b"example-user-name")),),
        provenance=life,
        advice=advice,
    )


def sample() -> Result:
    """One result with something of everything."""
    oid = f"{77:040x}"
    message = place(f"commit {oid[:12]}", 3, "oops {}", "commit", oid)
    outside = place("ref names", 2, "refs/heads/{}", "repository")
    plain = msgspec.structs.replace(
        finding("d", place("settings/dev.env", 7, "PW={}", "file")),
        rule="generic-password",
        rule_name="Password in an assignment",
        severity="medium",
        confidence="medium",
        secret=Secret(b"hunter-two"),
        parts=(),
        provenance=None,
        advice=Advice("file", ("Take it out of settings/dev.env:7.",)),
    )
    return Result(
        target="/srv/app",
        kind="sweep",
        version="1.2.3",
        rules=7,
        findings=(
            finding("a", place(), place("src/Zoë.py", 9, "é = '{}'")),
            finding("b", place("old.py", 4), in_head=False),
            finding("c", message, outside),
            plain,
        ),
        suppressed=(
            Suppressed(
                "github-pat-classic",
                "allowed",
                "a comment beside it",
                "revoked in May",
                "e" * 32,
                Secret(token("e")),
                place("docs/a.md", 1),
            ),
            Suppressed("aws-key", "refuted", "checksum", "", "f" * 32, Secret(token("f"))),
        ),
        coverage=Coverage(
            objects={"blob": 12, "commit": 5, "tree": 1},
            bytes=123_456,
            scanned_bytes=4_567,
            skipped=(
                Skipped("blob 00ff", "is damaged"),
                Skipped("big.bin", "is 9 bytes, over the limit of 8", 9, incomplete=False),
            ),
            held={"allowed": 1, "placeholder": 3, "refuted": 1},
            encrypted={"SOPS": 2},
            notes=("the clone is shallow: older commits are not here",),
        ),
        guidance={
            "github-pat-classic": Guidance(
                "github-pat-classic",
                "GitHub",
                "Acts as its owner.",
                ("Delete it.", "Make a new one."),
                "https://example.com/t",
            )
        },
        head=f"{9:040x}",
        remote="git@example.com:ada/app.git",
    )


def hostile() -> Result:
    """What a repository may put into every text that reaches a report."""
    findings = tuple(
        msgspec.structs.replace(
            finding(
                seed,
                msgspec.structs.replace(place(text), excerpt=(Excerpt(2, text, True),)),
                fingerprint=f"{number:032x}",
            ),
            name=text,
            provenance=Provenance(
                introduced=(Event(commit(1, text, text), (place(text),)),), refs=(f"refs/heads/{text}",), ref_count=1
            ),
            advice=Advice("file", (f"Take it out of {text}:2.",)),
        )
        for number, (seed, text) in enumerate(zip("abcdefghijk", HOSTILE, strict=False))
    )
    held = Suppressed("x", "allowed", HOSTILE[0], HOSTILE[5], "9" * 32, Secret(token("z")), place(HOSTILE[1]))
    return msgspec.structs.replace(
        sample(),
        target=HOSTILE[0],
        findings=findings,
        suppressed=(held,),
        coverage=Coverage(skipped=tuple(Skipped(text, text) for text in HOSTILE), notes=HOSTILE),
    )
