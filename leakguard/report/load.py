"""A saved result (JSON or JSON lines) back into values, so that any report can be made of it later.

The file may be anybody's: it is checked against the types, and every text in it is made inert once more.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from leakguard.assemble import finding_order
from leakguard.diff import Comparison
from leakguard.errors import UsageError
from leakguard.excerpt import escape
from leakguard.model import Result, Secret
from leakguard.report.json import SCHEMA
from leakguard.report.jsonl import gather
from leakguard.report.saved import SavedSecret

if TYPE_CHECKING:
    from collections.abc import Mapping

T = TypeVar("T", list[Any], dict[str, Any])

_ESCAPE = re.compile(rb'\\[^"/\\]')

_STREAM = b'{"type":'

_NAME, _, _VERSION = SCHEMA.partition("/")


class _Wire(msgspec.Struct):
    """A secret as JSON holds it."""

    redacted: str
    length: int
    characters: int = -1
    value: str = ""


def load(data: bytes, name: str) -> list[Result]:
    """The results that `data` holds. UsageError, in one sentence that begins with `name`, where it holds none."""
    document = _document(data, name)
    _check_schema(document, name)
    found = document.get("results")
    if not isinstance(found, list):
        raise UsageError(f"{name} has no list of results; make it anew with --format json.")
    clean = _is_inert(data)
    try:
        results = [_result(item if clean else _inert(item), f"results[{number}]") for number, item in enumerate(found)]
    except (msgspec.ValidationError, RecursionError) as problem:
        raise UsageError(f"{name} is damaged: {escape(str(problem))}; make it anew with --format json.") from None
    return [_ordered(result) for result in results] if data.startswith(_STREAM) else results


def _ordered(result: Result) -> Result:
    """A stream told its findings as they came. A comparison's have an order of their own, and come at once."""
    if isinstance(result, Comparison):
        return result
    return msgspec.structs.replace(result, findings=tuple(sorted(result.findings, key=finding_order)))


def _document(data: bytes, name: str) -> Any:
    """The JSON document, or what the lines of a stream amount to."""
    try:
        if data.startswith(_STREAM):
            return gather(msgspec.json.Decoder().decode_lines(data))
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise UsageError(f"{name} is not JSON, or not all of it is there; make it anew with --format json.") from None
    except ValueError as problem:
        raise UsageError(f"{name} {problem}; make it anew with --format jsonl.") from None


def _check_schema(document: Any, name: str) -> None:
    schema = document.get("schema") if isinstance(document, dict) else None
    if not isinstance(schema, str) or not schema.startswith(f"{_NAME}/"):
        raise UsageError(f"{name} is no saved result of leakguard; make one with --format json --output {name}.")
    if schema != SCHEMA:
        raise UsageError(
            f"{name} has the schema {escape(schema)!r} and this leakguard reads {SCHEMA!r}; "
            "use the leakguard that wrote it, or sweep again."
        )


def _result(plain: Any, place: str) -> Result:
    if not isinstance(plain, dict):
        raise msgspec.ValidationError(f"Expected `object` - at `$.{place}`")
    for finding in (item for key in ("findings", "fixed") for item in _of(list, plain.get(key))):
        parts = _of(dict, finding).get("parts")
        if isinstance(parts, list):
            finding["parts"] = [_pair(part) for part in parts]
    for rule, guidance in _of(dict, plain.get("guidance")).items():
        _of(dict, guidance)["rule"] = rule
    kind = Comparison if "compared_with" in plain else Result
    try:
        return msgspec.convert(plain, kind, dec_hook=_secret)
    except msgspec.ValidationError as problem:
        text = str(problem)
        told = text.replace("`$", f"`$.{place}") if "`$" in text else f"{text} - at `$.{place}`"
        raise msgspec.ValidationError(told) from None


def _of(kind: type[T], value: Any) -> T:
    """`value`, or an empty one where it is of another type: the conversion says what is wrong with it."""
    return value if isinstance(value, kind) else kind()


def _pair(part: Any) -> Any:
    return [part.get("rule"), part.get("secret")] if isinstance(part, dict) else part


def _secret(kind: type, plain: Any) -> Any:
    if kind is not Secret:
        raise NotImplementedError(kind)
    try:
        wire = msgspec.convert(plain, _Wire)
    except msgspec.ValidationError as problem:
        # A plain ValueError: msgspec adds where it happened to those only.
        raise ValueError(str(problem).split(" - at")[0]) from None
    length = max(wire.length, 0)
    return SavedSecret(
        wire.redacted,
        length,
        length if wire.characters < 0 else wire.characters,
        wire.value.encode("utf-8", "surrogatepass") or None,
    )


def _is_inert(data: bytes) -> bool:
    """Whether no text in the document can need an escape: saves most files a look at every single one."""
    return not _ESCAPE.search(data) and data.decode("utf-8").replace("\n", "").isprintable()


def _inert(value: Any) -> Any:
    """Every text escaped, save the secrets' own values: they are shown only where that was asked for."""
    if isinstance(value, str):
        return escape(value)
    if isinstance(value, list):
        return [_inert(item) for item in value]
    if isinstance(value, dict):
        return {escape(key): item if key == "value" else _inert(item) for key, item in _texts(value).items()}
    return value


def _texts(value: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(key): item for key, item in value.items()}
