"""Feeds random and mutated deltas, trees, indexes, packs and zlib streams to a compiled kernel built with sanitizers.

Run by ``make kernel-asan``. The sanitizers end the process on the first report. Beside that, the results are
held against the twin in plain Python every so often, and memory must not grow. All inputs are handed over in
buffers of exactly their length, so that one byte too far is a report.
"""

from __future__ import annotations

import argparse
import importlib.machinery
import importlib.util
import random
import resource
import struct
import sys
import time
import zlib
from array import array
from itertools import accumulate
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from leakguard.git import kernel_py
from leakguard.git.kernel_error import KernelError
from leakguard.git.kernel_py.edges import EdgeWriter
from tests.git.deflate import random_block

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

LIMIT = 1 << 20
MOST_GROWTH = 128 << 20
"""Of memory, after a tenth of all. The sanitizer keeps what was freed: 50 MB where streams are made and no kernel is
asked. Whatever leaks a kilobyte a time comes to more."""
TWIN_EVERY = 16


def load_extension(folder: Path) -> ModuleType:
    """The kernel that was built into a folder, after a look that it does hold sanitizers."""
    [path] = [path for path in folder.rglob("_kernel*") if path.suffix in (".so", ".pyd", ".dylib")]
    if b"__asan_report_load" not in path.read_bytes() or b"__ubsan_handle" not in path.read_bytes():
        raise SystemExit(f"{path} was built without sanitizers")
    name = "leakguard.git._kernel"
    loader = importlib.machinery.ExtensionFileLoader(name, str(path))
    spec = importlib.util.spec_from_loader(name, loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def exact(data: bytes) -> array[int]:
    """A buffer that ends where its memory does; bytes objects have a zero byte after their end."""
    return array("B", data)


def outcome(function: Callable[..., Any], *arguments: Any) -> Any:
    try:
        return function(*arguments)
    except KernelError as error:
        return str(error)


class Fuzz:
    def __init__(self, dice: random.Random) -> None:
        self.dice = dice

    def blob(self) -> bytes:
        size = self.dice.choice([0, 1, 5, 60, 200, 1000, 3000])
        data = bytearray(self.dice.randbytes(size))
        for _ in range(size // self.dice.choice([8, 40, 1000])):
            data[self.dice.randrange(size)] = 10
        return bytes(data)

    def mutate(self, data: bytes) -> bytes:
        out = bytearray(data)
        for _ in range(self.dice.choice([0, 0, 1, 1, 2, 5])):
            if out:
                out[self.dice.randrange(len(out))] = self.dice.choice(
                    [0, 1, 0x7F, 0x80, 0xFF, self.dice.randrange(256)]
                )
        if self.dice.random() < 0.1:
            del out[self.dice.randint(0, len(out)) :]
        if self.dice.random() < 0.02:
            out += self.dice.randbytes(5)
        return bytes(out)

    def varint(self, number: int) -> bytes:
        out = bytearray()
        while number > 127:
            out.append(number & 127 | 128)
            number >>= 7
        return bytes(out) + bytes([number])

    def copy(self, offset: int, size: int) -> bytes:
        opcode, operands = 0x80, bytearray()
        for number, byte in enumerate(offset.to_bytes(4, "little") + size.to_bytes(3, "little")):
            if byte or self.dice.random() < 0.1:
                opcode |= 1 << number
                operands.append(byte)
        return bytes([opcode]) + operands

    def delta(self, base_len: int) -> bytes:
        body, done, offset = bytearray(), 0, 0
        for _ in range(self.dice.randint(0, 8)):
            if base_len and self.dice.random() < 0.7:
                offset = self.dice.choice([0, offset, self.dice.randrange(base_len)]) % base_len
                size = self.dice.choice([base_len - offset, self.dice.randint(1, base_len - offset)])
                size += self.dice.random() < 0.01  # One byte too far, perhaps.
                body += self.copy(offset, size)
                offset += size
            else:
                size = self.dice.choice([1, 3, 127])
                body += bytes([size]) + self.dice.randbytes(size)
            done += size
        return self.varint(base_len) + self.varint(done) + bytes(body)

    def deltas(self, compiled: ModuleType, with_twin: bool) -> None:
        base = self.blob()
        delta = self.dice.randbytes(30) if self.dice.random() < 0.05 else self.mutate(self.delta(len(base)))
        margin = self.dice.choice([1, 7, 64, 512, 1 << 20])
        depth = self.dice.choice([1, 2, 2, 2, 3, 0])
        last = self.dice.random() < 0.3
        made = [
            self.edit(kernel, base, delta, margin, depth, last)
            for kernel in ((compiled, kernel_py) if with_twin else (compiled,))
        ]
        assert made[0] == made[-1]

    def edit(self, kernel: ModuleType, base: bytes, delta: bytes, margin: int, depth: int, last: bool) -> list[Any]:
        """What a chain says of `delta`. Its base was made by a delta as well, so that it ends where its memory does."""
        chain = kernel.Chain(LIMIT, margin)
        chain.root(b"")
        pieces = [base[at : at + 127] for at in range(0, len(base), 127)]
        whole = self.varint(0) + self.varint(len(base)) + b"".join(bytes([len(piece)]) + piece for piece in pieces)
        chain.edit(1, exact(whole), False)
        made = [outcome(chain.edit, depth, exact(delta), last), chain.size, chain.unusual]
        made += [outcome(chain.dirty), chain.rows(), outcome(chain.remember, [(len(base) // 2, b"")])]
        made += [outcome(chain.edit, depth, exact(delta), last), outcome(chain.dirty), chain.rows()]
        return made + [outcome(chain.content, at) for at in range(-1, 4)]

    def tree(self) -> bytes:
        entries = []
        for _ in range(self.dice.randint(0, 12)):
            mode = self.dice.choice([b"40000", b"100644", b"160000", b"120000", b"1", b"7777777"])
            name = self.dice.randbytes(self.dice.randint(1, 9)).replace(b"\0", b"\n")
            entries.append(mode + b" " + name + b"\0" + self.oid())
        return b"".join(entries)

    def oid(self) -> bytes:
        return bytes([self.dice.randrange(4)]) * 20

    def trees(self, compiled: ModuleType, with_twin: bool) -> None:
        oids = b"".join(self.oid() for _ in range(self.dice.randint(0, 20)))
        data = self.mutate(self.tree())
        base = self.tree() + data[: self.dice.randint(0, len(data))] + self.tree()
        delta = self.mutate(self.delta(len(base)))
        names = self.dice.choice([None, frozenset([b"a", self.dice.randbytes(3), b""])])
        commit = self.mutate(self.commit())
        results = []
        for kernel in (compiled, kernel_py) if with_twin else (compiled,):
            table, rows = kernel.OidTable(exact(oids), 20), bytearray()
            results.append(
                [
                    outcome(kernel.parse_tree, exact(data), 20),
                    outcome(kernel.tree_leads, exact(data), table),
                    *self.read(kernel, table, base, delta, names),
                    outcome(kernel.append_commit, exact(commit), 3, table, rows),
                    rows,
                    table.find(exact(self.oid())) if not with_twin else table.find(exact(oids[:20] or bytes(20))),
                ]
            )
        assert results[0] == results[-1]

    def read(
        self, kernel: ModuleType, table: Any, base: bytes, delta: bytes, names: frozenset[bytes] | None
    ) -> list[Any]:
        """What a reader says of a tree and of one that is made of it."""
        chain = kernel.Chain(LIMIT, 8)
        reader = kernel.TreeReader(chain, table, table, names, 2)
        chain.root(base)
        said = [outcome(reader.read, 0, 1), outcome(chain.edit, 1, exact(delta), True), outcome(reader.read, 1, 2)]
        return [*said, outcome(reader.read, 0, 3), reader.take()]

    def walks(self, compiled: ModuleType, with_twin: bool) -> None:
        """A walk over objects that were packed right, or not, by a table that may lie."""
        stored, kinds, depths, kind = [], [], [], 3
        for _ in range(self.dice.randint(0, 8)):
            depth = self.dice.randint(0, depths[-1] + 1) if depths else 0
            kind = kind if depth else self.dice.choice([1, 2, 3, 3, 4])
            whole = self.dice.choice([self.blob, self.tree, self.commit])
            stored.append(self.delta(self.dice.choice([0, 200])) if depth else self.mutate(whole()))
            depths.append(depth)
            kinds.append(kind)
        pieces = [
            self.mutate(zlib.compress(data)) if self.dice.random() < 0.1 else zlib.compress(data) for data in stored
        ]
        ends = list(accumulate(map(len, pieces)))
        lies = bool(stored) and self.dice.random() < 0.2
        columns = {
            "order": array("i", range(len(stored))),
            "depths": array("i", depths),
            "last_child": bytes(self.dice.randrange(2) for _ in stored),
            "types": bytes(kinds),
            "offsets": array("q", [0, *ends]),
            "heads": bytes(self.dice.choice([0, 0, 0, 0, 255]) if lies else 0 for _ in stored),
            "sizes": array("q", map(len, stored)),
        }
        if lies:
            column = columns[self.dice.choice(["order", "depths", "offsets", "sizes"])]
            assert isinstance(column, array)
            column[self.dice.randrange(len(column))] = self.dice.choice([-1, 0, 5, 9, 1 << 30])
        table = SimpleNamespace(**{name: bytes(column) for name, column in columns.items()})
        texts = self.dice.random() < 0.6
        told = [
            self.walk(kernel, table, b"".join(pieces), texts)
            for kernel in ((compiled, kernel_py) if with_twin and not lies else (compiled,))
        ]
        assert told[0] == told[-1]

    def walk(self, kernel: ModuleType, table: Any, pack: bytes, texts: bool) -> list[Any]:
        """What a walk tells, and what its reader has then."""

        def inflate(number: int) -> bytes:
            offsets = memoryview(table.offsets).cast("q")
            try:
                return zlib.decompress(pack[offsets[number] : offsets[number + 1]])
            except (zlib.error, IndexError):
                raise ValueError("does not inflate") from None

        chain, oids = kernel.Chain(LIMIT, 8), kernel.OidTable(b"".join(bytes([at]) * 20 for at in range(6)), 20)
        reader = kernel.TreeReader(chain, oids, kernel.OidTable(b"", 20), None, 2, True)
        if texts:
            reader = kernel.TextReader(chain, oids, 900, self.finds)
        walk = kernel.Walk(reader, exact(pack), table, 0, 99, 0, zlib.decompress, inflate, list, bytearray())
        told: list[Any] = []
        try:
            for at in walk:
                told += [at, walk.problem, chain.base_kept]
                if at[2] >= 0 and at[0] % 3 == 0:
                    chain.keep(at)
        except ValueError as error:
            told.append(str(error))
        return [*told, *((reader.take_commits(), reader.take_messages(), reader.scanned) if texts else reader.take())]

    def stream(self) -> bytes:
        """A zlib stream, mostly a right one, of any compressor."""
        if self.dice.random() < 0.3:
            return random_block(self.dice, self.dice.choice([9, 99, 999, 4096])).stream()
        level, strategy, window = self.dice.randint(0, 9), self.dice.randint(0, 4), self.dice.choice([15] * 9 + [9])
        packer = zlib.compressobj(level, zlib.DEFLATED, window, self.dice.randint(1, 9), strategy)
        pieces = [self.dice.choice([self.blob, self.tree, self.commit])() for _ in range(self.dice.randint(1, 3))]
        flush = self.dice.choice([zlib.Z_NO_FLUSH, zlib.Z_SYNC_FLUSH, zlib.Z_FULL_FLUSH])
        return b"".join(packer.compress(piece) + packer.flush(flush) for piece in pieces) + packer.flush()

    def inflates(self, compiled: ModuleType) -> None:
        """What a walk makes of a stream without help is what zlib makes of it; of a right one it needs no help."""
        right = self.stream()
        stream, whole = self.mutate(right), zlib.decompress(right)
        size = len(whole) + (self.dice.choice([-1, 1, 300]) if self.dice.random() < 0.1 else 0)
        after = self.dice.choice([20] * 9 + [0, 19])
        asked: list[object] = []

        def ask(*arguments: object) -> bytes:
            asked.append(arguments)
            raise ValueError("asked")

        columns = {"order": array("i", [0]), "depths": array("i", [0]), "last_child": b"\0", "types": b"\3"}
        columns |= {"offsets": array("q", [0, len(stream)]), "heads": b"\0", "sizes": array("q", [size])}
        table = SimpleNamespace(**{name: bytes(column) for name, column in columns.items()})
        chain = compiled.Chain(LIMIT, 8)
        reader = compiled.TextReader(chain, compiled.OidTable(bytes(20), 20), 900, lambda _new: [])
        compiled.use_newer(self.dice.random() < 0.5)
        for _ in compiled.Walk(reader, exact(stream + bytes(after)), table, 0, 1, 0, ask, ask, list, bytearray()):
            pass
        if not asked:
            assert chain.content(0) == zlib.decompress(stream)
        elif stream == right and size == len(whole) and after == 20:
            assert stream[0] != 0x78

    @staticmethod
    def finds(new: bytes) -> list[tuple[int, bytes]]:
        """What a scan gives."""
        return [(len(new) // 2, new)] if len(new) % 3 else []

    def commit(self) -> bytes:
        parents = b"".join(b"parent " + self.oid().hex().encode() + b"\n" for _ in range(self.dice.randint(0, 3)))
        stamp = self.dice.choice([b"A <a> 12 +0000", b"A <a> 12345678901234567 -01", b"", b"12 +", b"> 1 +1", b"1 +1"])
        tree = b"tree " + self.oid().hex().encode() + b"\n"
        return tree + parents + b"author A\ncommitter " + stamp + b"\n" * self.dice.randint(0, 2)

    def graphs(self, compiled: ModuleType) -> None:
        total, width = self.dice.randint(0, 12), self.dice.choice([8] * 9 + [16, 7])
        writer = EdgeWriter()
        for _ in range(self.dice.randint(0, 20)):
            writer.add(
                self.dice.randint(0, max(total - 1, 0)),
                [abs(at) for at in self.numbers(self.dice.randint(1, 4), total)],
            )
        sets = b"".join(self.dice.choice([bytes(8), self.dice.randbytes(8)]) for _ in range(self.dice.randint(0, 4)))
        arguments = (
            exact(self.mutate(bytes(writer.rows)) if self.dice.random() < 0.3 else bytes(writer.rows)),
            self.numbers(2 * self.dice.randint(0, 4), min(total, 5)),
            exact(sets),
            width,
            total,
        )
        found = outcome(compiled.reach, *arguments)
        assert found == outcome(kernel_py.reach, *arguments)
        if isinstance(found, tuple):
            self.histories(compiled, total, width, *found)

    def histories(self, compiled: ModuleType, total: int, width: int, classes: bytes, sets: bytes) -> None:
        """Commits whose trees have these sets; rows that may lie."""
        rows = array("q")
        for _ in range(self.dice.randint(0, 8)):
            parents = self.numbers(self.dice.randint(0, 3), total + 1)
            rows.extend(
                (self.dice.randint(0, max(total - 1, 0)), self.dice.randint(-1, total), 5, len(parents), *parents)
            )
        if rows and self.dice.random() < 0.2:
            rows[self.dice.randrange(len(rows))] = self.dice.choice([-3, -1, 1, 9, 1 << 30, 1 << 40, -(1 << 63)])
        wrong = array("i", memoryview(classes).cast("i"))
        if wrong and self.dice.random() < 0.1:
            wrong[self.dice.randrange(len(wrong))] = self.dice.choice([-1, 1 << 30])
        bits = [exact(self.dice.randbytes(total // 8 + (self.dice.random() < 0.95))) for _ in range(2)]
        tips = self.numbers(3, total + 1)
        said = []
        for kernel in (compiled, kernel_py):
            said.append([outcome(kernel.members, wrong, exact(sets), width)])
            graph = outcome(kernel.CommitGraph, rows, total)
            if isinstance(graph, str):
                said[-1].append(graph)
                continue
            said[-1] += [len(graph), graph.find(1), graph.ancestors(tips), graph.edges()]
            said[-1].append(outcome(graph.lives, wrong, exact(sets), *bits, width))
        assert said[0] == said[1]

    def cuts(self, compiled: ModuleType) -> None:
        total, count = self.dice.randint(0, 12), self.dice.randint(0, 12)
        columns = [
            self.numbers(count, total),
            self.numbers(count + (self.dice.random() < 0.05), 3),
            array("q", (self.dice.randint(0, 1 << 40) for _ in range(total + (self.dice.random() < 0.95)))),
        ]
        limits = self.dice.randint(-1, 5), self.dice.randint(-1, 1 << 41)
        assert outcome(compiled.families, *columns, *limits) == outcome(kernel_py.families, *columns, *limits)

    def numbers(self, count: int, total: int) -> array[int]:
        most = total - (self.dice.random() < 0.98)
        return array("i", (self.dice.randint(-(self.dice.random() < 0.01), max(most, 0)) for _ in range(count)))

    def pack(self) -> tuple[bytes, bytes]:
        count = self.dice.randint(0, 12)
        oids = sorted(self.dice.randbytes(20) for _ in range(count))
        pack, offsets = bytearray(b"PACK" + struct.pack(">II", 2, count)), []
        for number in range(count):
            offsets.append(len(pack))
            kind = self.dice.choice([1, 3, 6, 6, 7, 5])
            pack.append(kind << 4 | self.dice.randrange(16))
            if kind == 6:
                pack.append(len(pack) - 1 - offsets[self.dice.randint(0, number)])
            if kind == 7:
                pack += self.dice.choice(oids)
            pack += self.dice.randbytes(self.dice.randint(0, 3))
        self.dice.shuffle(offsets)
        fanout = [sum(oid[0] <= byte for oid in oids) for byte in range(256)]
        index = b"\xfftOc\0\0\0\2" + struct.pack(">256I", *fanout) + b"".join(oids) + bytes(4 * count)
        long_offsets: list[int] = []
        for number in range(count):
            if self.dice.random() < 0.1:
                long_offsets.append(offsets[number])
                offsets[number] = 1 << 31 | len(long_offsets) - (self.dice.random() < 0.8)
        index += struct.pack(f">{count}I", *offsets) + struct.pack(f">{len(long_offsets)}Q", *long_offsets)
        return index + bytes(40), bytes(pack) + bytes(20)

    def packs(self, compiled: ModuleType, with_twin: bool) -> None:
        idx, pack = self.pack()
        if self.dice.random() < 0.5:
            # Most of an index is its fanout, where any change is refused alike: rather hit what follows.
            idx = idx[:1032] + self.mutate(idx[1032:])
        elif self.dice.random() < 0.2:
            idx = self.mutate(idx)
        pack = self.mutate(pack)
        hash_len = self.dice.choice([20] * 9 + [32])
        made = outcome(compiled.pack_table, exact(idx), exact(pack), hash_len)
        if with_twin:
            twin = outcome(kernel_py.pack_table, idx, pack, hash_len)
            if isinstance(twin, kernel_py.PackTable):
                twin = tuple(vars(twin).values())
            assert made == twin


def peak_memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def run(compiled: ModuleType, count: int, seed: int) -> None:
    fuzz = Fuzz(random.Random(seed))
    begun, warm = time.monotonic(), 0
    for number in range(count):
        with_twin = number % TWIN_EVERY == 0
        fuzz.deltas(compiled, with_twin)
        if number % 5 == 0:
            fuzz.trees(compiled, with_twin)
            fuzz.graphs(compiled)
            fuzz.cuts(compiled)
            fuzz.walks(compiled, with_twin)
            fuzz.inflates(compiled)
        if number % 10 == 0:
            fuzz.packs(compiled, number % 40 == 0)
        if number == count // 10:
            warm = peak_memory()
    growth = peak_memory() - warm
    print(f"{count} deltas, {count // 5} trees, graphs, walks and streams, {count // 10} packs", end="")
    print(f" in {time.monotonic() - begun:.0f} s")
    print(f"memory grew by {growth >> 20} MiB")
    if growth > MOST_GROWTH:
        raise SystemExit("something leaks")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--extension", type=Path, required=True, help="the folder the kernel was built into")
    parser.add_argument("--count", type=int, default=1_000_000, help="how many deltas")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    run(load_extension(options.extension), options.count, options.seed)


if __name__ == "__main__":
    main()
