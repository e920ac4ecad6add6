"""Results made for the page: as large as needed, or with something hostile in every field that a repository fills."""

from __future__ import annotations

from leakguard.model import (
    SEVERITIES,
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
    came = CommitInfo(
        f"{number:040x}",
        f"Ada {number % 40}{text}",
        f"ada{number % 40}@{DOMAINS[number % 3]}{text}",
        first,
        60,
        f"Change number {number}{text}",
    )
    went = CommitInfo(f"{number + (1 << 60):040x}", "Grace", "grace@example.org", first + 90 * DAY, 0, "Take it out")
    place = Place(
        f"src/module{number % 300}/settings_{number}.py{text}",
        number % 900 + 1,
        9,
        number % 900 + 1,
        30,
        "blob",
        f"{number:040x}",
        (Excerpt(number % 900 + 1, f'key = "made****"{text}', True), Excerpt(number % 900 + 2, "# end", False)),
    )
    here = number % 3 == 0
    fields: dict[str, object] = {
        "fingerprint": f"{number:032x}",
        "rule": f"made-rule-{number % 8}",
        "rule_name": f"Made key of kind {number % 8}{text}",
        "provider": PROVIDERS[number % 8] + text,
        "severity": SEVERITIES[number % 4],
        "confidence": ("proven", "high", "medium", "low")[number % 5 % 4],
        "secret": secret_of(number),
        "places": (place,) * (number % 3 + 1),
        "occurrences": number % 7 + 1,
        "reasons": (f"the checksum is right{text}",),
        "name": f"API_KEY{text}",
        "provenance": Provenance(
            introduced=(Event(came, (place,)),),
            removed=() if here else (Event(went, (place,)),),
            in_head=here,
            refs=(f"refs/heads/main{text}",) if here else (),
            ref_count=int(here),
            pushed=(True, False, None)[number % 3],
            commits=number % 50 + 1,
            exposed=(number % 4000) * DAY,
        ),
        "advice": Advice(
            "pushed", (f"Rotate it first.{text}", "Keep the new one out."), f"https://example.com/{number % 8}"
        ),
    }
    return Finding(**{**fields, **changes})  # type: ignore[arg-type]


def result(count: int, text: str = "") -> Result:
    """A result of `count` findings."""
    findings = [finding(number, text) for number in range(count)]
    findings.sort(key=lambda item: (SEVERITIES.index(item.severity), item.fingerprint))
    place = Place(f"docs/example.md{text}", 3, 1, 3, 9)
    return Result(
        target=f"/srv/repository{text}",
        kind="sweep",
        version="1.2.3",
        rules=1388,
        findings=tuple(findings),
        suppressed=(
            Suppressed(
                "made-rule-1", "allowed", f"the baseline{text}", f"a test{text}", "f" * 32, secret_of(-1), place
            ),
        ),
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
