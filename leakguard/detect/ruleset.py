"""The set of rules that a run uses, loaded from the user's cache folder where it was compiled before.

A cached set is keyed by the rule files (name, size, time of change), by leakguard's, msgspec's and Hyperscan's versions
and by the processor; it is checked by a checksum, and rebuilt in silence when it is stale, foreign or broken.
"""

from __future__ import annotations

import contextlib
import mmap
import os
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from isal import isal_zlib

from leakguard import __version__
from leakguard.detect.kept import keep, use_kept
from leakguard.detect.lazy import LazyMapping, LazySequence
from leakguard.detect.rules import patterns_folder, read_rules, rule_files
from leakguard.errors import RuleError
from leakguard.model import Guidance, Rule

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import regex

_FORMAT = 6
_CHECK = 4
"""Bytes of the checksum that a cached set begins with."""


class _Stored(msgspec.Struct, array_like=True):
    """A compiled set. Its parts are views of the mapped cache file, so that what is not asked for is not read."""

    rules: memoryview
    guidance: memoryview
    database: memoryview
    digest: str
    standard: tuple[int, ...]
    expressions: memoryview
    engine: str
    own: memoryview
    ids: tuple[str, ...]
    beginnings: dict[str, list[tuple[str, str]]]


class RuleSet:
    """Rules in a fixed order (their numbers are their places), their anchors' database, and their guidance.

    Rules are decoded when they are first asked for: a text in which no anchor fires needs none of them.
    """

    def __init__(self, stored: _Stored) -> None:
        self.database: bytes | memoryview = stored.database
        self.digest = stored.digest
        self.standard = frozenset(stored.standard)
        """The numbers of the rules that are on where nobody chose."""
        self.beginnings = stored.beginnings
        """What their tokens begin with, as `Beginnings` knows it."""
        self.numbers = {name: number for number, name in enumerate(stored.ids)}
        """Each rule's number by its id."""
        self._rules = stored.rules
        self._guidance = stored.guidance
        self._kept, self._engine = stored.expressions, stored.engine

    def __getstate__(self) -> dict[str, object]:
        # Workers that are started rather than forked get the set through a pipe, which takes no views.
        return {name: bytes(item) if isinstance(item, memoryview) else item for name, item in vars(self).items()}

    @cached_property
    def rules(self) -> Sequence[Rule]:
        """All rules, by number."""
        return LazySequence(self._rules, Rule)

    @cached_property
    def by_id(self) -> Mapping[str, Rule]:
        """All rules, by id."""
        return LazyMapping(self.numbers, self.rules)

    @cached_property
    def _expressions(self) -> tuple[bytes, ...]:
        from leakguard.detect.expressions import ENGINE

        if self._engine != ENGINE:
            return (b"",) * len(self.rules)
        return msgspec.msgpack.decode(self._kept, type=tuple[bytes, ...])

    def expression(self, number: int) -> regex.Pattern[bytes]:
        """A rule's compiled expression: as it was kept, or compiled anew where another `regex` kept it."""
        from leakguard.detect.expressions import compile_expression, restore_expression

        kept = self._expressions[number]
        return restore_expression(kept) if kept else compile_expression(self.rules[number].match)

    def guidance(self) -> Mapping[str, Guidance]:
        """Every rule's guidance by rule id."""
        return LazyMapping(self.numbers, LazySequence(self._guidance, Guidance))


def load_ruleset(
    cache: Path | None,
    extra: Sequence[Path] = (),
    folder: Path | None = None,
    before_compiling: Callable[[], None] | None = None,
) -> RuleSet:
    """All built-in rules and those of `extra` files. `cache` is the folder to keep the compiled set in, or None. What
    takes seconds is announced by `before_compiling`.

    RuleError for a rule that cannot be used. A cache folder that cannot be read or written is no error.
    """
    builtin = folder or patterns_folder()
    place = cache / f"rules-{_key(builtin, extra)}.bin" if cache else None
    stored = _read_cache(place) if place else None
    if stored is not None:
        use_kept(stored.own)
        return RuleSet(stored)
    files = [*rule_files(builtin), *extra]
    if not files:
        raise RuleError(str(builtin), "-", "file", "no rule file was found; reinstall leakguard")
    if before_compiling:
        before_compiling()
    stored = build_ruleset(read_rules(files))
    if place:
        _write_cache(place, stored)
    return RuleSet(stored)


def build_ruleset(rules: Sequence[tuple[Rule, Guidance]]) -> _Stored:
    """Check what only the whole set can show, and compile the anchors."""
    from leakguard.detect.anchors import compile_database, measure
    from leakguard.detect.beginnings import find_beginnings
    from leakguard.detect.checks import find_check
    from leakguard.detect.expressions import ENGINE, compile_expression, keep_expression

    anchors: list[tuple[int, str]] = []
    ids = {rule.id for rule, _ in rules}
    for number, (rule, _) in enumerate(rules):
        file = f"{rule.provider}.toml"
        for check in rule.checks:
            try:
                find_check(check)
            except KeyError:
                raise RuleError(
                    file, rule.id, "checks", f"no check is called {check!r}; see leakguard rules checks"
                ) from None
        for pair in rule.pairs:
            if pair.rule not in ids:
                raise RuleError(file, rule.id, "pairs", f"no rule is called {pair.rule!r}")
        for other in rule.opens:
            if other not in ids:
                raise RuleError(file, rule.id, "opens", f"no rule is called {other!r}")
        for anchor in rule.anchors:
            try:
                measure(anchor)
            except ValueError as problem:
                raise RuleError(file, rule.id, "anchor", str(problem)) from None
            anchors.append((number, anchor))
    try:
        database = compile_database(anchors)
    except ValueError as problem:
        raise RuleError("patterns", "-", "anchor", str(problem)) from None
    encoded = msgspec.msgpack.encode(tuple(rule for rule, _ in rules))
    expressions = [keep_expression(compile_expression(rule.match)) for rule, _ in rules]
    compile_expression.cache_clear()  # they are large, and restored when they are asked for
    return _Stored(
        rules=memoryview(encoded),
        guidance=memoryview(msgspec.msgpack.encode(tuple(guidance for _, guidance in rules))),
        database=memoryview(database),
        digest=blake2b(encoded + __version__.encode(), digest_size=16).hexdigest(),
        standard=tuple(number for number, (rule, _) in enumerate(rules) if not rule.disabled),
        expressions=memoryview(msgspec.msgpack.encode(expressions)),
        engine=ENGINE,
        own=memoryview(_keep_own(rules)),
        ids=tuple(rule.id for rule, _ in rules),
        beginnings=find_beginnings(rule for rule, _ in rules),
    )


def _keep_own(rules: Sequence[tuple[Rule, Guidance]]) -> bytes:
    """What the expressions of leakguard's own code compile to that these rules can lead to."""
    from leakguard.detect import allowances, matching  # noqa: F401 - what they import asks for expressions
    from leakguard.detect.starts import find_starts

    for rule, _ in rules:
        if rule.generic:
            find_starts(rule.match)
    return keep()


def _key(folder: Path, extra: Sequence[Path]) -> str:
    from leakguard.detect.anchors import platform_key

    state = blake2b(f"{_FORMAT}|{__version__}|{msgspec.__version__}|{platform_key()}".encode(), digest_size=12)
    with contextlib.suppress(FileNotFoundError), os.scandir(folder) as entries:
        found = sorted((entry.name, entry.stat()) for entry in entries if entry.name.endswith(".toml"))
        state.update(f"|{folder}".encode("utf-8", "surrogateescape"))
        state.update(
            "".join(f"|{name}|{stat.st_size}|{stat.st_mtime_ns}" for name, stat in found).encode("utf-8", "replace")
        )
    for path in extra:
        try:
            stat = path.stat()
        except OSError as problem:
            raise RuleError(path.name, "-", "file", f"cannot be read ({problem.strerror}); check the path") from None
        state.update(f"|{path}|{stat.st_size}|{stat.st_mtime_ns}".encode("utf-8", "surrogateescape"))
    return state.hexdigest()


def _read_cache(place: Path) -> _Stored | None:
    try:
        with place.open("rb") as file:
            content = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    except (OSError, ValueError):
        return None
    body = content[_CHECK:]
    if isal_zlib.crc32(body).to_bytes(_CHECK, "big") != content[:_CHECK]:
        return None
    try:
        return msgspec.msgpack.decode(body, type=_Stored)
    except msgspec.DecodeError:
        return None


def _write_cache(place: Path, stored: _Stored) -> None:
    """Atomically, because two runs may do it at once; older sets of the same folder are left to the next cleaning."""
    import tempfile

    body = msgspec.msgpack.encode(stored)
    with contextlib.suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=place.parent, prefix="rules-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(isal_zlib.crc32(body).to_bytes(_CHECK, "big") + body)
            Path(name).replace(place)
        except OSError:
            Path(name).unlink(missing_ok=True)
