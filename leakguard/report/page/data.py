"""The findings as the page's script takes them: one JSON document in a block that no browser runs.

Commits and sentences that many findings share are written once, and numbered. Fields that say nothing are left out.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from leakguard.diff import Comparison, change_note, change_of
from leakguard.excerpt import escape
from leakguard.report.page.charts import span
from leakguard.report.phrases import life_facts
from leakguard.report.saved import is_known
from leakguard.store.baseline import SCHEMA as BASELINE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leakguard.model import CommitInfo, Event, Finding, Place, Provenance, Result, Secret
    from leakguard.report.page.mask import Mask

SCHEMA = "leakguard-page/1"
_PLACES, _QUOTED, _EVENTS = 25, 6, 12
_ESCAPE = re.compile(r"\\(u[0-9a-f]{4}|.)")
_PLAIN = {'"', "\\", "/"}
_INERT = {ord("<"): "\\u003c", ord(">"): "\\u003e", ord("&"): "\\u0026"}


def encode(plain: dict[str, Any]) -> str:
    """JSON that HTML cannot mistake for markup: ASCII only, without `<`, `>` and `&`, and without what a screen or a
    terminal would take for a command."""
    text = _dump(plain)
    return (text if _is_shown(text) else _dump(_shown(plain))).translate(_INERT)


def _dump(plain: Any) -> str:
    return json.dumps(plain, ensure_ascii=True, separators=(",", ":"))


def _is_shown(text: str) -> bool:
    """Whether no text in a JSON document needs an escape: saves most pages a look at every single one."""
    escapes = set(_ESCAPE.findall(text))
    return text.isprintable() and all(
        len(code) > 1 and chr(int(code[1:], 16)).isprintable() for code in escapes - _PLAIN
    )


def _shown(plain: Any) -> Any:
    if isinstance(plain, str):
        return escape(plain)
    if isinstance(plain, list):
        return [_shown(item) for item in plain]
    if isinstance(plain, dict):
        return {name: _shown(item) for name, item in plain.items()}
    return plain


def document(results: Sequence[Result], mask: Mask, *, show_secrets: bool) -> dict[str, Any]:
    """All findings of all results, those that a comparison calls fixed last."""
    return _Document(mask, show_secrets).of(results)


class _Document:
    def __init__(self, mask: Mask, show: bool) -> None:
        self.mask, self.show = mask, show
        self.commits: dict[CommitInfo, int] = {}
        self.sentences: dict[str, int] = {}
        self.rules: dict[str, dict[str, Any]] = {}

    def of(self, results: Sequence[Result]) -> dict[str, Any]:
        findings = []
        for number, result in enumerate(results):
            self.rules |= {
                rule: _filled({"impact": item.impact, "link": item.link, "also": item.also})
                for rule, item in sorted(result.guidance.items())
            }
            fixed = result.fixed if isinstance(result, Comparison) else ()
            findings += [self.finding(number, item) for item in (*result.findings, *fixed)]
        return {
            "schema": SCHEMA,
            "baseline": BASELINE,
            "targets": [self.path(result.target) for result in results],
            "findings": findings,
            "commits": [self.commit(item) for item in self.commits],
            "sentences": list(self.sentences),
            "rules": self.rules,
        }

    def path(self, text: str) -> str:
        return self.mask.path(text)

    def text(self, text: str) -> str:
        return self.mask.text(text)

    def sentence(self, text: str) -> int:
        return self.sentences.setdefault(text, len(self.sentences))

    def finding(self, target: int, item: Finding) -> dict[str, Any]:
        advice = item.advice
        told = {
            "id": item.fingerprint,
            "target": target,
            "rule": item.rule,
            "kind": item.rule_name,
            "provider": item.provider,
            "severity": item.severity,
            "confidence": item.confidence,
            "secret": self.secret(item.secret),
            "length": len(item.secret),
            "name": self.text(item.name),
            "expired": item.expired,
            "parts": [[rule, self.secret(secret)] for rule, secret in item.parts],
            "places": [self.place(place, at < _QUOTED) for at, place in enumerate(item.places[:_PLACES])],
            "placeCount": len(item.places),
            "occurrences": item.occurrences,
            "reasons": [self.sentence(self.text(reason)) for reason in item.reasons],
            "steps": [self.sentence(self.path(step)) for step in advice.steps] if advice else [],
            "link": advice.link if advice else "",
            "situation": advice.situation if advice else "",
            "change": change_of(item) or "",
            "changeNote": self.path(change_note(item)),
        }
        return _filled(told | (self.life(item.provenance) if item.provenance else {}))

    def secret(self, secret: Secret) -> str:
        if self.show and is_known(secret):
            return secret.reveal().decode("utf-8", "backslashreplace")
        return str(secret)

    def place(self, place: Place, quoted: bool) -> dict[str, Any]:
        excerpt = [[line.line, self.text(line.text), int(line.hit)] for line in place.excerpt] if quoted else []
        return _filled(
            {
                "path": self.path(place.path),
                "line": place.line,
                "source": "" if place.source in ("blob", "file") else place.source,
                "object": place.object,
                "excerpt": excerpt,
            }
        )

    def life(self, life: Provenance) -> dict[str, Any]:
        return {
            "history": 1,
            "head": int(life.in_head),
            "alive": int(life.in_head or life.ref_count > 0),
            "pushed": {True: "yes", False: "no", None: "unknown"}[life.pushed],
            "exposed": life.exposed,
            "span": "" if life.exposed is None else span(life.exposed),
            "since": life.introduced[0].commit.time if life.introduced else None,
            "life": [self.path(fact) for fact in life_facts(life)],
            "in": [self.event(event) for event in life.introduced[:_EVENTS]],
            "inCount": len(life.introduced),
            "out": [self.event(event) for event in life.removed[:_EVENTS]],
            "outCount": len(life.removed),
            "commits": life.commits,
        }

    def event(self, event: Event) -> list[Any]:
        """The commit's number and where in it."""
        at = event.places[0] if event.places else None
        number = self.commits.setdefault(event.commit, len(self.commits))
        return [number, f"{self.path(at.path)}:{at.line}"] if at else [number]

    def commit(self, commit: CommitInfo) -> list[Any]:
        names = (commit.author, commit.email, commit.subject)
        return [commit.id, commit.time, commit.offset, *map(self.text, names)]


def _filled(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields that say something; 0 says something."""
    return {name: value for name, value in fields.items() if value not in ("", [], (), None)}
