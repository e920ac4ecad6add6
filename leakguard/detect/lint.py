"""The lint of rules' texts: what can be told to be wrong without running the rule."""

from __future__ import annotations

import re
from collections import defaultdict
from hashlib import blake2b
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from leakguard.model import Guidance, Rule, Verification

    Item = tuple[Rule, Guidance]

LEAST_EXAMPLES = 2
BOILERPLATE = 5
"""How many providers may share one impact or one list of steps before it says nothing of any of them."""

_HOST = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+")
_REGISTRIES = frozenset(
    [
        "d306d65d5c80",
        "993bd25de670",
        "9069344b3baf",
        "2910baed8d7a",
        "8e3b599a1872",
        "086035f80d1f",
        "0eeffd7aa44a",
        "acca464ab715",
        "fc1880883aaf",
        "f953028cc105",
        "2689e88c6db8",
        "b39f5c660a5c",
        "26384aa80ca2",
        "75016bd57d2e",
        "2d6512c7c072",
        "c90e62573615",
        "6768d7d8c017",
        "4966027dfe99",
    ]
)
"""The first bytes of the digests of package registries' host names: rules are read by people who mirror them."""


class Complaint(msgspec.Struct, frozen=True):
    """What is wrong with one field of one rule."""

    rule: str
    field: str
    problem: str

    def __str__(self) -> str:
        return f"{self.rule}: {self.field}: {self.problem}"


def lint_rule(rule: Rule, guidance: Guidance) -> list[Complaint]:
    """What is wrong with one rule by itself."""
    return [Complaint(rule.id, field, problem) for field, problem in _problems(rule, guidance)]


def _problems(rule: Rule, guidance: Guidance) -> Iterator[tuple[str, str]]:
    for field in ("examples", "counterexamples"):
        if len(getattr(guidance, field)) < LEAST_EXAMPLES:
            yield field, f"has fewer than {LEAST_EXAMPLES}"
    if not (rule.generic or rule.theme) and not rule.id.startswith(rule.provider):
        yield "id", f"does not begin with the provider's id, {rule.provider}"
    yield from _guidance_problems(rule, guidance)
    if guidance.verify:
        yield from _verify_problems(guidance.verify)


def _guidance_problems(rule: Rule, guidance: Guidance) -> Iterator[tuple[str, str]]:
    if not rule.disabled:
        for field in ("impact", "rotate"):
            if not getattr(guidance, field) and not (rule.encrypted and field == "rotate"):
                yield field, "is missing"
        if not guidance.link and not (rule.generic or rule.theme):
            yield "link", "is missing"
    if guidance.link and not guidance.link.startswith("https://"):
        yield "link", "is no https address"
    for field, text in _texts(guidance):
        host = next(filter(_is_registry, _HOST.findall(text.lower())), None)
        if host:
            yield field, f"names the host of a package registry ({host}); say it in words"


def _texts(guidance: Guidance) -> Iterator[tuple[str, str]]:
    yield "impact", guidance.impact
    yield "link", guidance.link
    yield from (("rotate", step) for step in guidance.rotate)
    yield from (("examples", example) for example in (*guidance.examples, *guidance.counterexamples))
    if guidance.verify:
        yield "verify", guidance.verify.url


def _is_registry(host: str) -> bool:
    return blake2b(host.encode(), digest_size=6).hexdigest() in _REGISTRIES


def _verify_problems(verify: Verification) -> Iterator[tuple[str, str]]:
    text = " ".join((verify.url, verify.body, *verify.headers.values()))
    if "{secret}" not in text:
        yield "verify", "holds no {secret} to fill in"
    if not verify.url.startswith(("https://", "{secret}")):
        yield "verify", "asks an address that is not https"
    if verify.method not in ("GET", "HEAD", "POST"):
        yield "verify", f"{verify.method} may change something; a request that only asks is GET, HEAD or POST"
    if not verify.live or set(verify.live) & set(verify.dead):
        yield "verify", "live must name statuses, and none that dead names"
    if not all(100 <= status < 600 for status in (*verify.live, *verify.dead)):
        yield "verify", "names what is no HTTP status"


def lint_together(items: Sequence[Item], only: Iterable[str]) -> list[Complaint]:
    """What is wrong with rules in each other's company: two that are one, sentences that fit everything."""
    chosen = set(only)
    found: list[Complaint] = []
    for name, groups in (
        ("match", _grouped((rule.id, (rule.anchors, rule.match, rule.checks, rule.paths)) for rule, _ in items)),
        ("name", _grouped((rule.id, rule.name.lower()) for rule, _ in items)),
    ):
        for ids in groups:
            found.extend(
                Complaint(rule, name, f"is the same as that of {ids[0]}") for rule in ids[1:] if rule in chosen
            )
    for field in ("impact", "rotate"):
        for ids in _grouped((rule.id, getattr(known, field)) for rule, known in items if getattr(known, field)):
            providers = {rule.provider for rule, _ in items if rule.id in ids}
            if len(providers) > BOILERPLATE:
                text = f"is word for word the same for {len(providers)} providers; say what is so of this one"
                found.extend(Complaint(rule, field, text) for rule in ids if rule in chosen)
    return found


def _grouped(pairs: Iterable[tuple[str, object]]) -> list[list[str]]:
    groups: defaultdict[object, list[str]] = defaultdict(list)
    for rule, key in pairs:
        groups[key].append(rule)
    return [ids for ids in groups.values() if len(ids) > 1]
