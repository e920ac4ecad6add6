"""Results made for the page: as large as needed, or with something hostile in every field that a repository fills.

They are the samples of the reports, varied by number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from leakguard.model import (
    CONFIDENCES,
    SEVERITIES,
    Advice,
    Coverage,
    Event,
    Excerpt,
    Guidance,
    Provenance,
    Secret,
    Skipped,
    Suppressed,
)
from tests.report import samples

if TYPE_CHECKING:
    from leakguard.model import Finding, Result

DAY = 86_400
START = 1_500_000_000
PROVIDERS = ("Amazon Web Services", "GitHub", "Slack", "Stripe", "Assignments", "Private keys", "npm", "Google Cloud")
DOMAINS = ("example.com", "example.org", "users.noreply.example.net")

ATTACKS = (
    '</script><script>window.pwned=1</script><img src=x onerror="window.pwned=1">',
    "<!--<script>-->{{ 7*7 }}{% raw %}",
    "\x1b[31mred\x1b]0;title\x07",
    "\u202egnp.exe\u202c\u2066\u2028\u2029",
    "javascript:window.pwned=1//\"'`&amp;&lt;",
    "\udcff\x00\x7f",
)
HOSTILE = " ".join(ATTACKS)


def secret_of(number: int) -> Secret:
    """A value that no rule knows."""
    return Secret(b"made-up-value-%08d-not-a-credential" % number)


def finding(number: int, text: str = "", **changes: object) -> Finding:
    """Finding `number`; `text` is in every field that a repository fills."""
    first = START + (number * 37 % 2000) * DAY
    came = msgspec.structs.replace(
        samples.commit(number, f"Change number {number}{text}", f"Ada {number % 40}{text}"),
        email=f"ada{number % 40}@{DOMAINS[number % 3]}{text}",
        time=first,
        offset=60,
    )
    went = msgspec.structs.replace(samples.commit(number + (1 << 60), "Take it out", "Grace"), time=first + 90 * DAY)
    line = number % 900 + 1
    place = msgspec.structs.replace(
        samples.place(f"src/module{number % 300}/settings_{number}.py{text}", line, oid=f"{number:040x}"),
        excerpt=(Excerpt(line, f'key = "made****"{text}', True), Excerpt(line + 1, "# end", False)),
    )
    here = number % 3 == 0
    life = Provenance(
        introduced=(Event(came, (place,)),),
        removed=() if here else (Event(went, (place,)),),
        in_head=here,
        refs=(f"refs/heads/main{text}",) if here else (),
        ref_count=int(here),
        pushed=(True, False, None)[number % 3],
        commits=number % 50 + 1,
        exposed=(number % 4000) * DAY,
    )
    made = msgspec.structs.replace(
        samples.finding("a", *(place,) * (number % 3 + 1), fingerprint=f"{number:032x}"),
        rule=f"made-rule-{number % 8}",
        rule_name=f"Made key of kind {number % 8}{text}",
        provider=PROVIDERS[number % 8] + text,
        severity=SEVERITIES[number % 4],
        confidence=CONFIDENCES[number % 5 % 4],
        secret=secret_of(number),
        occurrences=number % 7 + 1,
        reasons=(f"the checksum is right{text}",),
        name=f"API_KEY{text}",
        parts=(),
        provenance=life,
        advice=Advice(
            "pushed", (f"Rotate it first.{text}", "Keep the new one out."), f"https://example.com/{number % 8}"
        ),
    )
    return msgspec.structs.replace(made, **changes)


def result(count: int, text: str = "") -> Result:
    """A result of `count` findings."""
    findings = [finding(number, text) for number in range(count)]
    findings.sort(key=lambda item: (SEVERITIES.index(item.severity), item.fingerprint))
    allowed = Suppressed(
        "made-rule-1",
        "allowed",
        f"the baseline{text}",
        f"a test{text}",
        "f" * 32,
        secret_of(-1),
        samples.place(f"docs/example.md{text}", 3),
    )
    return msgspec.structs.replace(
        samples.sample(),
        target=f"/srv/repository{text}",
        rules=1388,
        findings=tuple(findings),
        suppressed=(allowed,),
        coverage=Coverage(
            objects={"blob": 12_345, "commit": 678},
            bytes=9_876_543,
            skipped=(Skipped(f"blob 1234{text}", f"cannot be read{text}"),),
            held={"placeholder": 21, "allowed": 1},
            notes=(f"a shallow clone{text}",),
        ),
        guidance={
            f"made-rule-{number}": Guidance(
                f"made-rule-{number}", PROVIDERS[number], f"Opens a door.{text}", ("Rotate",)
            )
            for number in range(8)
        },
        head="c" * 40,
        remote=f"https://example.com/repository.git{text}",
    )
